"""A small community with people who need a human, as the streams would hold it, times counted back from ``now``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from shared.contracts import member_events as events
from shared.contracts import touch_facts
from shared.delivery import Delivered
from tests.projections import making

LENA = events.Member(id="u3", name="Lena Fischer", handle="lena")
TOMAS = events.Member(id="u4", name="Tomás Rey", handle="tomas")
PRIYA = events.Member(id="u5", name="Priya Nair", handle="priya")
UNBROKEN = "https://chat.example.org/" + "keycard" * 30


@dataclass(frozen=True, kw_only=True)
class World:
    members: list[Delivered]
    now: datetime
    needs: list[Delivered]
    facts: list[Delivered]
    question: Any
    welcome: Any
    held: Any
    claimed: Any
    about_mira: Any


def world(now: datetime) -> World:
    hour = timedelta(hours=1)
    members, needs, facts = making.MemberEvents(), making.touches(), making.facts()
    members.adopt(making.care_policy())

    def post(member: events.Member, hours: float, message: str, text: str, **more: Any) -> None:
        fields = {
            "conversation": f"c-{message}",
            "channel": "help",
            "url": f"https://chat.example.org/{message}",
            **more,
        }
        data = events.Posted(member=member, message=message, text=text, **fields)
        members.add(data, at=now - hours * hour, event_id=f"post:{message}:1")

    members.add(events.Joined(member=making.ADA), at=now - 90 * 24 * hour, event_id="join:u1")
    post(making.ADA, 2000, "m0", "Hello! I bind books, mostly at night.", channel="introductions")
    post(making.ADA, 300, "m00", "The new guillotine in the workshop is wonderful.", channel="workshop")
    reacted = events.Reacted(member=making.ADA, conversation="c-9", message="m-9", reaction="🎉")
    members.add(reacted, at=now - 260 * hour)
    question = (
        "Does anybody know where the large press went?\n\nI have twelve books that must dry under it until Friday."
    )
    post(making.ADA, 6.2, "m1", question)
    members.add(events.Joined(member=making.BO), at=now - 26 * hour, event_id="join:u2")
    post(LENA, 9, "m2", f"My key card stopped working. Whom do I ask? <script>alert('boo')</script> {UNBROKEN}")
    post(TOMAS, 30, "m3", "Is the Thursday dinner still on?", channel="dinners")
    post(TOMAS, 3, "m4", "Something only the hosts may read.", channel="hosts", audience="private")
    members.add(events.Joined(member=PRIYA), at=now - 12 * hour, event_id="join:u5")
    post(making.MIRA, 20, "m5", "Could somebody look at my own question?")

    alone = making.need(about="c-m1", since=now - 6.2 * hour, evidence=["post:m1:1"])
    fading = making.reason(
        alone,
        reason="fading",
        since=now - 5 * 24 * hour,
        values={"days_since": 12.0},
        thresholds={"silent_days": 9.0},
        baseline={"days_between": 2.5},
        importance=1.0,
        why="routine, because of fading",
    )
    asked = making.reason(alone, difference="an answer within 4 h")
    question_need = replace(
        alone,
        policy_version="v-2",
        reasons=(asked, fading),
        importance=2.5,
        why="soon, because of unanswered; also fading",
    )
    welcome = making.need(
        making.BO,
        "welcome",
        about="m-u2",
        since=now - 26 * hour,
        evidence=["join:u2"],
        care_load=1,
        segment="newcomers",
    )
    held = making.need(
        LENA, about="c-m2", since=now - 9 * hour, evidence=["post:m2:1"], values={"found_at": "12-27 58-63"}
    )
    claimed = making.need(
        TOMAS,
        about="c-m3",
        since=now - 30 * hour,
        evidence=["post:m3:1", "post:m4:1"],
        values={"working_hours": 4.5, "found_at": "10-33"},
    )
    raised = making.need(PRIYA, "welcome", about="m-u5", since=now - 12 * hour, evidence=["join:u5"], care_load=1)
    about_mira = making.need(making.MIRA, about="c-m5", since=now - 20 * hour, evidence=["post:m5:1"])
    for need in (question_need, welcome, held, claimed, raised, about_mira):
        needs.add(need)
    to_mira = (
        making.verdict("mira", "within working hours, and carries the least: 3 of 20", chosen=True),
        making.verdict("jonas", "within working hours, but carries more: 11 of 20", chosen=False),
    )
    to_jonas = (
        making.verdict("mira", "it is about herself", chosen=False),
        making.verdict("jonas", "the only one within working hours", chosen=True),
    )
    nobody = (
        making.verdict("mira", "at the limit of 10 touches", chosen=False),
        making.verdict("jonas", "outside working hours until Monday, 09:00", chosen=False),
    )
    assigned, hold = touch_facts.TouchAssigned, touch_facts.TouchHeld
    for fact in (
        making.fact(assigned, question_need.touch, 1, now - hour, responder="mira", care_load=2, why=to_mira),
        making.fact(assigned, welcome.touch, 1, now - 2 * hour, responder="jonas", care_load=1, why=to_jonas),
        making.fact(hold, held.touch, 1, now - 4 * hour, hold="over-limit", why=nobody),
        making.fact(assigned, claimed.touch, 1, now - 20 * hour, responder="mira", care_load=2, why=to_mira),
        making.fact(touch_facts.TouchClaimed, claimed.touch, 2, now - 2 * hour, responder="mira"),
        making.fact(hold, about_mira.touch, 1, now - hour, hold="outside-hours", why=to_jonas[:1]),
    ):
        facts.add(fact)
    return World(
        now=now,
        members=members.messages,
        needs=needs.messages,
        facts=facts.messages,
        question=question_need,
        welcome=welcome,
        held=held,
        claimed=claimed,
        about_mira=about_mira,
    )

"""Weeks of two communities, drawn from a seed: all that triage folds, late, twice and in the wrong order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared.contracts import member_events as said
from shared.contracts import policy, policy_rules
from shared.contracts.cloudevents import MemberEvent, encode_member_event, type_name
from shared.contracts.policy import Identity
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    ImportBegan,
    ImportEnded,
    PolicyAdopted,
    TagGiven,
    TagTaken,
    TeamTold,
    TouchAsked,
)
from shared.delivery import Message

MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
_WEEKDAYS: tuple[policy.Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
_TEXTS = ("How do I reset it?", "Thanks, that helped.", "It works now", "Does anybody know a better way?", "Hello all")


def care_policy(within_hours: float) -> policy.Policy:
    return policy.Policy(
        organisation="acme",
        communities=("acme", "other"),
        hours=policy.Hours(timezone="Europe/Berlin", days=dict.fromkeys(_WEEKDAYS, ("09:00-17:00",))),
        responders=(
            policy.Responder(
                name="mira", display_name="Mira", identities=(policy.Identity(platform="discord", id="mira"),)
            ),
        ),
        segments=(
            policy.Segment(name="helpers", roles=("helpers",)),
            policy.Segment(name="new", member_for_less_than_days=30),
        ),
        rules=policy_rules.Rules(unanswered=policy_rules.UnansweredRule(within_hours=within_hours)),
    )


class History:
    """Draws messages; ``stored`` never goes back, what they tell of is anywhere in the days before."""

    def __init__(self, seed: int, count: int) -> None:
        self._random = random.Random(seed)
        self._stored = MONDAY
        self._number = 0
        self.messages: list[Message] = []
        for community in ("acme", "other"):
            self._adopt(community, 4.0, "v1")
        while len(self.messages) < count:
            self._step()
        for _ in range(20):  # so that deadlines are pending at the end
            self._say("acme", self._stored)

    def _step(self) -> None:
        draw = self._random.random
        jump = draw()
        hours = 30 * draw() if jump < 0.06 else 2 * draw() if jump < 0.5 else 0.01 * draw()
        self._stored += timedelta(hours=hours)
        community = "acme" if draw() < 0.7 else "other"
        kind = draw()
        if kind < 0.01:
            self._adopt(community, self._random.choice([2.0, 4.0, 9.5]), f"v{self._number}")
        elif kind < 0.03:
            self._import(community)
        elif kind < 0.10 and self.messages:
            self._append(self._random.choice(self.messages).body)
        elif kind < 0.12:
            self._append(self._random.choice([b"{", b"\xff", msgspec.json.encode({"type": "com.example.sang"})]))
        elif kind < 0.15:
            self._tell(community)
        else:
            self._say(community, self._happened(draw()))

    def _tell(self, community: str) -> None:
        """Let the team tell something of a member of whom something may be open."""
        choose = self._random.choice
        name = choose(["u1", "u2", f"u{self._random.randrange(5 + self._number // 6)}"])
        of: dict[str, Any] = {"member": Identity(platform="discord", id=name), "responder": "mira"}
        later = self._stored + timedelta(days=self._random.randrange(1, 9))
        told: list[TeamTold] = [
            TouchAsked(community=community, **of, why="So.", urgency=choose(["urgent", "soon"])),
            CareLogged(community=community, **of, way="call"),
            ContactDeclined(community=community, **of, until=choose([None, later])),
            ContactAllowed(community=community, **of),
            FollowUpPromised(community=community, **of, day=later.date()),
            TagGiven(community=community, **of, tag=choose(["a", "b"])),
            TagTaken(community=community, **of, tag=choose(["a", "b"])),
        ]
        self._fact(community, choose(told))

    def _happened(self, how: float) -> datetime:
        if how < 0.7:
            return self._stored - timedelta(seconds=self._random.randrange(30))
        return self._stored - timedelta(hours=self._random.random() * (6 if how < 0.95 else 24 * 40))

    def _import(self, community: str) -> None:
        run = f"import-{self._number}"
        self._fact(community, ImportBegan(community=community, import_id=run))
        for _ in range(self._random.randrange(1, 25)):
            self._stored += timedelta(seconds=1)
            self._say(community, self._stored - timedelta(hours=self._random.random() * 24 * 30))
            if self._random.random() < 0.3:
                self._stored += timedelta(hours=1)
                self._say("other" if community == "acme" else "acme", self._stored)
        if self._random.random() < 0.8:  # else it lapses
            self._fact(community, ImportEnded(community=community, import_id=run))

    def _say(self, community: str, happened: datetime) -> None:
        choose = self._random.choice
        name = choose(["mira", *(f"u{number}" for number in range(5 + self._number // 6))])
        member = said.Member(id=name, roles=("helpers",) if name == "u3" else (), bot=name == "u4")
        talk, message = (
            f"c-{self._random.randrange(3 + self._number // 5)}",
            f"m-{self._random.randrange(1 + self._number)}",
        )
        data: Any = choose(
            [
                said.Posted(
                    member=member,
                    conversation=talk,
                    message=f"m-{self._number}",
                    text=choose(_TEXTS),
                    mentions=(choose(["u1", "u2"]),),
                ),
                said.Posted(member=member, conversation=talk, message=f"m-{self._number}", text=choose(_TEXTS)),
                said.Posted(member=member, conversation=talk, message=f"m-{self._number}", text=choose(_TEXTS)),
                said.Joined(member=member),
                said.Edited(member=member, conversation=talk, message=message, text=choose(_TEXTS)),
                said.Deleted(member=member, conversation=talk, message=message),
                said.Solved(member=member, conversation=talk),
                said.Updated(member=member, tags=(choose(["a", "b"]),)),
                said.Left(member=member),
            ]
        )
        self._event(community, "discord", data, happened)

    def _adopt(self, community: str, within_hours: float, version: str) -> None:
        adopted = PolicyAdopted(community=community, version=version, policy=care_policy(within_hours))
        self._fact(community, adopted)

    def _fact(self, community: str, data: Any) -> None:
        self._event(community, "warmline", data, self._stored)

    def _event(self, community: str, platform: str, data: Any, happened: datetime) -> None:
        event = MemberEvent(
            id=f"e:{self._number}",
            source=f"/{platform}/x",
            type=type_name(data),
            time=happened.replace(microsecond=0),
            organisation="acme",
            community=community,
            platform=platform,
            data=data,
        )
        self._append(encode_member_event(event))

    def _append(self, body: bytes) -> None:
        self._number += 1
        self._stored += timedelta(microseconds=self._random.randrange(1, 5_000_000))
        # Now and then a server's clock is set back.
        stored = self._stored - timedelta(minutes=3) if self._random.random() < 0.02 else self._stored
        self.messages.append(
            Message(
                stream=MEMBER_EVENTS, seq=self._number, stored=stored, subject="p.0.member", headers=None, body=body
            )
        )

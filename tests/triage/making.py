"""People, moments and circumstances for the specifications of triage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from services.triage.conversation_facts import LookAtQuestion, NotePost
from services.triage.member_facts import LookAtWelcome, NoteMember
from services.triage.needs import Circumstances
from services.triage.voices import AnsweredBy, Post
from shared.contracts.needs_touch import Evidence, MemberRef

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LONG_AGO = MONDAY - timedelta(days=400)


def at(hours: float) -> datetime:
    """Return so many hours after Monday, nine o'clock."""
    return MONDAY + timedelta(hours=hours)


def who(name: str) -> MemberRef:
    return MemberRef(key=f"m-{name}", platform="discord", id=name)


ADA, BEA, CLEO, MIRA, JONAS = (who(name) for name in ("ada", "bea", "cleo", "mira", "jonas"))


def seen_at(hours: float, event: str = "") -> Evidence:
    return Evidence(source="/discord/guild", event=event or f"event:{hours}", time=at(hours))


def circumstances(hours: float, **changes: Any) -> Circumstances:
    """Return what the shell finds out ``hours`` after Monday, nine o'clock, with the deadline just passed."""
    basis = Circumstances(
        at=at(hours),
        due=at(hours),
        enabled=True,
        about="stream",
        segment="everyone",
        care_load=2,
        policy_version="v1",
        forget_after=timedelta(days=14),
        thresholds={"within_hours": 8.0},
    )
    return replace(basis, **changes)


def post(
    member: MemberRef, hours: float, *, asks: bool = False, team: bool = False, by: AnsweredBy = "anyone"
) -> NotePost:
    """Return a post in the conversation; an answer to it would be due after four hours."""
    return NotePost(
        conversation="c-51",
        post=Post(member=member, evidence=seen_at(hours), message=f"m-{hours}", asks=asks, team=team),
        due=at(hours + 4),
        answered_by=by,
    )


def look_at_question(hours: float, *, by: AnsweredBy = "anyone", team: bool = False, **changes: Any) -> LookAtQuestion:
    seen = circumstances(hours, **{"thresholds": {"within_hours": 4.0, "answered_by": by}, **changes})
    return LookAtQuestion(seen=seen, answered_by=by, team=team)


def note(member: MemberRef, hours: float, **changes: Any) -> NoteMember:
    """Return a sign of life; a welcome would be due after eight hours."""
    basis = NoteMember(
        member=member,
        evidence=seen_at(hours),
        joined=False,
        roles=None,
        tags=None,
        bot=False,
        team=False,
        welcome_due=at(hours + 8),
    )
    return replace(basis, **changes)


def look_at_welcome(hours: float, *, team: bool = False, known_since: datetime = LONG_AGO, **changes: Any) -> Any:
    return LookAtWelcome(
        seen=circumstances(hours, **changes), team=team, known_since=known_since, settling_in=timedelta(days=7)
    )

"""How an occasion is judged when its time has come: what any reason looks at, and what each says for itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from services.triage.difference import within
from services.triage.member_facts import Elsewhere
from services.triage.member_state import MemberState
from services.triage.needs import Circumstances
from services.triage.occasions import Occasion
from services.triage.rhythm import Days
from shared.contracts.needs_touch import MemberRef, Scalar


class LookAtOccasion(Struct, frozen=True, kw_only=True, gc=False):
    """An occasion's deadline fired. ``rule`` and ``team`` are by the policy that holds now.

    ``known_since`` is the time of the community's first known event, and ``heard`` are the days on which anybody of
    the member's platform was heard of. ``opener`` opened the conversation that the occasion tells of.
    ``elsewhere`` is of somebody who is linked: judged is the person. ``unread`` where the member opted out of the
    reading of tone, on which the occasion rests.
    """

    name: str
    seen: Circumstances
    rule: Any
    team: bool
    known_since: datetime
    heard: Days = ()
    opener: MemberRef | None = None
    elsewhere: Elsewhere | None = None
    unread: bool = False


class Judgement(Struct, frozen=True, kw_only=True, gc=False):
    """What a reason says: what may stand against a touch, and whether it does; and what a touch would rest on.

    ``thresholds`` are what it was held against beside those of the rule, ``baseline`` is what is usual for the member.
    ``since`` is when the need began, where that is not the event.
    """

    against: dict[str, bool]
    values: dict[str, Scalar]
    thresholds: dict[str, Scalar] = {}
    baseline: dict[str, Scalar] = {}
    difference: str | None = None
    since: datetime | None = None
    conversation: str | None = None


def turned_to(state: MemberState, since: datetime) -> bool:
    """Tell whether somebody of the team has turned to the member since then."""
    return state.contact is not None and state.contact.time >= since


def a_word_in_time(look: LookAtOccasion, occasion: Occasion) -> str:
    """Return what would have made the difference where somebody is to be turned to within hours of an event."""
    word, due = "a word of the team", look.seen.due
    return within(word, due - occasion.evidence.time) if due is not None else word


def days_between(earlier: datetime, later: datetime) -> float:
    """Return how many days lie between, to a tenth."""
    return round((later - earlier) / timedelta(days=1), 1)

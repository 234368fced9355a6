"""What the reading of tone leaves of a member and of a conversation, and what its deciders can be asked.

No fact holds a text: a sign is a score and the places in the text of its event.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from services.triage.needs import Circumstances
from services.triage.tone.signs import Sign
from shared.contracts.names import Reason
from shared.contracts.needs_touch import Evidence, MemberRef

# What happened


class ToneOptedOut(Struct, frozen=True, kw_only=True, gc=False):
    """From ``at`` on nothing that the member writes is read for its tone."""

    at: datetime


class ToneOptedIn(Struct, frozen=True, kw_only=True, gc=False):
    """From ``at`` on what the member writes is read again."""

    at: datetime


class FrustrationHeard(Struct, frozen=True, kw_only=True, gc=False):
    """The member was at the end of their patience; how surely is told by ``score``.

    ``instead_of`` is what the same message said before it was edited.
    """

    evidence: Evidence
    score: float
    instead_of: tuple[Evidence, ...] = ()


class HeatFelt(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody was insulted in the conversation, by ``member``; how surely by ``score``; ``instead_of`` as above."""

    member: MemberRef
    evidence: Evidence
    score: float
    instead_of: tuple[Evidence, ...] = ()


class SignGone(Struct, frozen=True, kw_only=True, gc=False):
    """What spoke for a need of that reason does so no more: its message was deleted, or edited."""

    reason: Reason
    evidence: Evidence


class TalkHeard(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody wrote at ``at``, soon after an insult."""

    at: datetime


class DayNoted(Struct, frozen=True, kw_only=True, gc=False):
    """What the first text of a member's day was like: its own words, and how surely it is ill-humoured, from 0 to 1."""

    evidence: Evidence
    words: int
    ill: float


# What is asked


class NoteDay(Struct, frozen=True, kw_only=True, gc=False):
    """The member writes on a day of which nothing was noted, or something later; ``shown_from`` as in ``NoteSign``."""

    seen: Circumstances
    member: MemberRef
    noted: DayNoted
    shown_from: float | None


class OptOutOfTone(Struct, frozen=True, kw_only=True, gc=False):
    """The member wants nothing read for its tone, or takes that back."""

    opted_out: bool
    at: datetime


class NoteSign(Struct, frozen=True, kw_only=True, gc=False):
    """What a member wrote shows ``sign``.

    ``shown_from`` is the least that the community's budget shows, when that showed this sign; None when it did not.
    ``score`` is what was held against it. ``adds`` tells whether it may join what somebody is asked for already: not
    where that was met, or its writer left, after it was written. ``instead_of`` is what the same message showed of the
    kind before it was edited: it is no further one.
    """

    seen: Circumstances
    member: MemberRef
    conversation: str | None
    evidence: Evidence
    sign: Sign
    score: float
    shown_from: float | None
    reader: str
    within: timedelta = timedelta(0)
    adds: bool = True
    instead_of: tuple[Evidence, ...] = ()


class LoseSigns(Struct, frozen=True, kw_only=True, gc=False):
    """``evidence`` was of one message, which was deleted, or shows it no more, as ``because`` says; it is ``at``."""

    reason: Reason
    evidence: tuple[Evidence, ...]
    how: Literal["deleted", "edited"]
    because: Evidence
    at: datetime


class NoteTalk(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody wrote in the conversation."""

    at: datetime
    within: timedelta

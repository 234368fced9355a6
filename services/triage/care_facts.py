"""What can happen to the touch about a member, and what its decider can be asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from services.triage.contact import ContactDeclined
from services.triage.importance import Weights
from services.triage.needs import NeedGone
from shared.contracts.needs_touch import MemberRef, NeedsTouchRevised, TouchReason
from shared.contracts.touch_facts import Outcome

# What happened, beside what leaves


class NeedRevised(Struct, frozen=True, kw_only=True, gc=False):
    """One reason of the touch is gone, and others stand."""

    revision: NeedsTouchRevised


class ReasonRests(Struct, frozen=True, kw_only=True, gc=False):
    """A need was found and joins nothing: one like it was settled not long ago, or the member wants no contact."""

    reason: str
    about: str
    why: str
    at: datetime


class CountedGone(Struct, frozen=True, kw_only=True, gc=False):
    """A reason of the touch is gone that was told no more."""

    reason: str
    about: str


class ReasonClosed(Struct, frozen=True, kw_only=True, gc=False):
    """A reason of a settled touch, and the stream in which it still stood; None where it had ended before.

    ``member`` is there where it is of another identity, linked to the stream's own.
    """

    reason: str
    about: str | None = None
    member: MemberRef | None = None


class TouchClosed(Struct, frozen=True, kw_only=True, gc=False):
    """The touch was settled, at ``at``, for these reasons."""

    touch: str
    outcome: Outcome
    at: datetime
    reasons: tuple[ReasonClosed, ...]


class ReasonSettled(Struct, frozen=True, kw_only=True, gc=False):
    """A touch of another identity, linked at that time, was settled for this reason of the member's."""

    reason: str
    at: datetime


# What is asked


class TakeNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Ask a human for what was found. ``stream`` is the care stream that takes it; the rest is the policy's word.

    ``settled`` is when a touch for that reason was settled last of another identity of the same person. ``moved_at`` is
    when a need that had been told before came here from the touch of another one: it does not rest. ``declined`` is
    that the person asked not to be contacted.
    """

    need: TouchReason
    stream: str
    organisation: str
    community: str
    weights: Weights
    cool_down: timedelta
    settled: datetime | None = None
    moved_at: datetime | None = None
    declined: ContactDeclined | None = None


class DropNeed(Struct, frozen=True, kw_only=True, gc=False):
    """A need is over; ``instead`` is the one that is told in its place, weighed."""

    gone: NeedGone
    instead: TouchReason | None = None


class CloseTouch(Struct, frozen=True, kw_only=True, gc=False):
    """The touch of ``stream`` was settled by somebody who knew its reasons up to ``need_revision``.

    That is None when nobody said so.
    """

    stream: str
    touch: str
    outcome: Outcome
    need_revision: int | None
    at: datetime


class NoteSettled(Struct, frozen=True, kw_only=True, gc=False):
    """A touch of another identity of the same person was settled for a reason of the member's."""

    reason: str
    at: datetime

"""What can happen to the touch about a member, and what its decider can be asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from services.triage.importance import Weights
from services.triage.needs import NeedGone
from shared.contracts.needs_touch import NeedsTouchRevised, TouchReason
from shared.contracts.touch_facts import Outcome

# What happened, beside what leaves


class NeedRevised(Struct, frozen=True, kw_only=True, gc=False):
    """One reason of the touch is gone, and others stand."""

    revision: NeedsTouchRevised


class ReasonRests(Struct, frozen=True, kw_only=True, gc=False):
    """A need was found and joins nothing: a touch for the same reason was settled not long ago."""

    reason: str
    about: str
    why: str
    at: datetime


class CountedGone(Struct, frozen=True, kw_only=True, gc=False):
    """A reason of the touch is gone that was told no more."""

    reason: str
    about: str


class ReasonClosed(Struct, frozen=True, kw_only=True, gc=False):
    """A reason of a settled touch, and the stream in which it still stood; None where it had ended before."""

    reason: str
    about: str | None = None


class TouchClosed(Struct, frozen=True, kw_only=True, gc=False):
    """The touch was settled, at ``at``, for these reasons."""

    touch: str
    outcome: Outcome
    at: datetime
    reasons: tuple[ReasonClosed, ...]


# What is asked


class TakeNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Ask a human for what was found. ``stream`` is the member's care stream; the rest is the policy's word."""

    need: TouchReason
    stream: str
    organisation: str
    community: str
    weights: Weights
    cool_down: timedelta


class DropNeed(Struct, frozen=True, kw_only=True, gc=False):
    """A need is over; ``instead`` is the one that is told in its place, weighed."""

    gone: NeedGone
    instead: TouchReason | None = None


class CloseTouch(Struct, frozen=True, kw_only=True, gc=False):
    """The touch was settled by somebody who knew its reasons up to ``need_revision``; None when nobody said so."""

    touch: str
    outcome: Outcome
    need_revision: int | None
    at: datetime

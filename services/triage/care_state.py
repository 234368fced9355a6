"""The open touch about a member, what is left of the last ones, and how it follows from what happened."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.care_facts import CountedGone, NeedRevised, ReasonRests, ReasonSettled, TouchClosed
from services.triage.needs import NeedMet, NeedRaised, NeedWithdrawn
from shared.contracts.needs_touch import MemberRef, NeedsTouch, TouchReason

_ENDINGS_KEPT: Final = 4


class Settled(Struct, frozen=True, kw_only=True, gc=False):
    """When a touch for the reason was settled last."""

    reason: str
    at: datetime


class EndedTouch(Struct, frozen=True, kw_only=True, gc=False):
    """A touch whose last cause is gone, and the reasons that it had then: by name, and as told, without evidence."""

    touch: str
    reasons: tuple[str, ...]
    told: tuple[TouchReason, ...] = ()


class Counted(Struct, frozen=True, kw_only=True, gc=False):
    """A reason of the open touch that is told no more, as others of its kind say the same.

    ``member`` is there where it is of another identity, linked to the stream's own.
    """

    reason: str
    about: str
    revision: int
    member: MemberRef | None = None


class CareState(Struct, frozen=True, kw_only=True, gc=False):
    """The open touch as it was published last, how many there were, and what was settled when.

    ``endings`` are the newest that ended without being settled, the last at the end: whoever has one in their hands may
    settle it yet, and the settling of one that was met comes after its end. ``ended`` is the one that an earlier build
    kept. ``counted`` are the reasons of the open touch that are told no more, the longest untold first.
    """

    touch: NeedsTouch | None = None
    touches: int = 0
    ended: EndedTouch | None = None
    settled: tuple[Settled, ...] = ()
    endings: tuple[EndedTouch, ...] = ()
    counted: tuple[Counted, ...] = ()

    def holds(self, reason: str, about: str) -> bool:
        """Tell whether the open touch is, among others, about that need."""
        return (reason, about) in self.pairs

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The needs of the open touch, those that are told last: each by its reason and the stream that found it."""
        told = tuple((one.reason, one.about) for one in self.touch.reasons) if self.touch is not None else ()
        return (*((one.reason, one.about) for one in self.counted), *told)


def settled_for(state: CareState, touch: str, need_revision: int | None) -> tuple[TouchReason, ...]:
    """Return the touch's reasons that whoever settled it knew: up to ``need_revision``, where one is said."""
    if state.touch is not None and state.touch.touch == touch:
        reasons = state.touch.reasons
    else:
        reasons = next((one.told for one in state.endings if one.touch == touch), ())
    return tuple(one for one in reasons if need_revision is None or one.revision <= need_revision)


def last_settled(reason: str, state: CareState, elsewhere: datetime | None = None) -> datetime | None:
    """Return when a touch for ``reason`` was settled last, here or ``elsewhere``."""
    here = next((one.at for one in state.settled if one.reason == reason), None)
    return max((at for at in (here, elsewhere) if at is not None), default=None)


def another(stream: str, member: MemberRef) -> MemberRef | None:
    """Return ``member`` where the care stream is of another identity; None where it is their own."""
    return member if stream.rpartition(":")[2] != member.key else None


def counted_with(state: CareState, told: tuple[TouchReason, ...]) -> tuple[Counted, ...]:
    """Return the reasons that stand beside those that are ``told`` now, the longest untold first."""
    pairs = {(one.reason, one.about) for one in told}
    before = [(one, another(state.touch.about, one.member)) for one in state.touch.reasons] if state.touch else []
    untold = (
        Counted(reason=one.reason, about=one.about, revision=one.revision, member=member) for one, member in before
    )
    return tuple(one for one in (*state.counted, *untold) if (one.reason, one.about) not in pairs)


def evolve(state: CareState, event: Any) -> CareState:
    """Return the state after ``event``."""
    touch = state.touch
    match event:
        case NeedRaised():
            new = touch is None or touch.touch != event.need.touch
            counted = counted_with(state, event.need.reasons)
            return replace(state, touch=event.need, touches=state.touches + new, counted=counted)
        case NeedRevised(revision=revision):
            again = {(one.reason, one.about) for one in revision.remains.reasons}
            return replace(_uncounted(state, again), touch=revision.remains)
        case CountedGone() | ReasonRests():
            return _uncounted(state, {(event.reason, event.about)})
        case NeedWithdrawn() | NeedMet() if touch is not None and touch.touch == event.end.touch:
            reasons = tuple(dict.fromkeys(one.reason for one in touch.reasons))
            told = tuple(replace(one, evidence=()) for one in touch.reasons)
            ended = EndedTouch(touch=touch.touch, reasons=reasons, told=told)
            return replace(state, touch=None, endings=(*state.endings, ended)[-_ENDINGS_KEPT:], counted=())
        case TouchClosed():
            return _closed(state, event)
        case ReasonSettled():
            return replace(state, settled=_settled(state, event.at, (event.reason,)))
        case _:
            return state


def _uncounted(state: CareState, pairs: AbstractSet[tuple[str, str | None]]) -> CareState:
    return replace(state, counted=tuple(one for one in state.counted if (one.reason, one.about) not in pairs))


def _closed(state: CareState, event: TouchClosed) -> CareState:
    state = _uncounted(state, {(one.reason, one.about) for one in event.reasons})
    open_still = state.touch is not None and state.touch.touch != event.touch
    return replace(
        state,
        touch=state.touch if open_still else None,
        ended=state.ended if state.ended is not None and state.ended.touch != event.touch else None,
        settled=_settled(state, event.at, (one.reason for one in event.reasons if one.member is None)),
        endings=tuple(one for one in state.endings if one.touch != event.touch),
    )


def _settled(state: CareState, at: datetime, reasons: Iterable[str]) -> tuple[Settled, ...]:
    settled = {one.reason: one for one in state.settled}
    settled.update((reason, Settled(reason=reason, at=at)) for reason in reasons)
    return tuple(settled.values())

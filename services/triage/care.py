"""The touch about one member: whatever the reasons, and whichever streams find them, one human is asked once.

A need that is found raises a touch, or joins the one that is open. One that goes leaves the others; the last to go ends
the touch. After a touch was settled, its reasons rest for as long as the policy says.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.care_facts import (
    CloseTouch,
    CountedGone,
    DropNeed,
    NeedRevised,
    ReasonClosed,
    ReasonRests,
    TakeNeed,
    TouchClosed,
)
from services.triage.importance import by_importance, weighed
from services.triage.needs import NeedGone, NeedMet, NeedRaised, NeedWithdrawn
from services.triage.touch_building import end_of, told_with, touch_of
from shared.contracts.names import touch_id
from shared.contracts.needs_touch import (
    NeedsTouch,
    NeedsTouchRevised,
    TouchReason,
)
from shared.decider import Decider

_ENDINGS_KEPT: Final = 4
_MOST_COUNTED: Final = 200


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
    """A reason of the open touch that is told no more, as others of its kind say the same."""

    reason: str
    about: str
    revision: int


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


def settled_for(state: CareState, touch: str, need_revision: int | None) -> tuple[TouchReason, ...]:
    """Return the touch's reasons that whoever settled it knew: up to ``need_revision``, where one is said."""
    if state.touch is not None and state.touch.touch == touch:
        reasons = state.touch.reasons
    else:
        reasons = next((one.told for one in state.endings if one.touch == touch), ())
    return tuple(one for one in reasons if need_revision is None or one.revision <= need_revision)


def decide(command: Any, state: CareState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case TakeNeed():
            return _take(command, state)
        case DropNeed():
            return _drop(command, state)
        case CloseTouch():
            return _close(command, state)
        case _:
            return ()


def _take(command: TakeNeed, state: CareState) -> tuple[Any, ...]:
    need = command.need
    settled = next((one.at for one in state.settled if one.reason == need.reason), None)
    cools = bool(command.cool_down) and need.urgency != "urgent"
    if settled is not None and cools and need.at < settled + command.cool_down:
        why = f"settled {settled.date()}, and rests for {command.cool_down / timedelta(days=1):g} days"
        return (ReasonRests(reason=need.reason, about=need.about, why=why, at=need.at),)
    touch, standing = state.touch, _others(state.touch, need.reason, need.about)
    revision = touch.revision + 1 if touch is not None else 1
    joining = weighed(need, command.weights, revision)
    told = told_with(standing, joining)
    counted = _counted(state, told)
    untold = sum(one.reason == need.reason for one in counted)
    if untold:
        joining = replace(joining, values={**joining.values, "more_of_it": untold})
    raised = touch_of(
        (*told[:-1], joining),
        joining,
        touch=touch.touch if touch is not None else _next_touch(command.community, command.stream, state),
        revision=revision,
        organisation=command.organisation,
        community=command.community,
        about=command.stream,
        raised_at=need.at,
    )
    return (NeedRaised(need=raised), *_beyond(counted, need.at))


def _beyond(counted: tuple[Counted, ...], at: datetime) -> tuple[ReasonRests, ...]:
    why = f"{_MOST_COUNTED} newer ones stand beside those of the touch"
    return tuple(ReasonRests(reason=one.reason, about=one.about, why=why, at=at) for one in counted[:-_MOST_COUNTED])


def _counted(state: CareState, told: tuple[TouchReason, ...]) -> tuple[Counted, ...]:
    """Return the reasons that stand beside those that are ``told`` now, the longest untold first."""
    pairs = {(one.reason, one.about) for one in told}
    before = state.touch.reasons if state.touch is not None else ()
    untold = (Counted(reason=one.reason, about=one.about, revision=one.revision) for one in before)
    return tuple(one for one in (*state.counted, *untold) if (one.reason, one.about) not in pairs)


def next_told(state: CareState, gone: NeedGone) -> Counted | None:
    """Return the reason that is told in the place of the one that is ``gone``; None where none waits for that."""
    touch = state.touch
    if touch is None or not any((one.reason, one.about) == (gone.reason, gone.about) for one in touch.reasons):
        return None
    return next((one for one in reversed(state.counted) if one.reason == gone.reason), None)


def _drop(command: DropNeed, state: CareState) -> tuple[Any, ...]:
    gone = command.gone
    if gone.earlier is not None:
        return (end_of(gone.earlier, gone),)
    touch = state.touch
    if any((one.reason, one.about) == (gone.reason, gone.about) for one in state.counted):
        return (CountedGone(reason=gone.reason, about=gone.about),)
    if touch is None or not any((one.reason, one.about) == (gone.reason, gone.about) for one in touch.reasons):
        return ()
    revision = touch.revision + 1
    standing = _others(touch, gone.reason, gone.about)
    if command.instead is not None:
        standing = (*standing, replace(command.instead, revision=revision))
    if not standing:
        return (end_of(touch, gone),)
    remains = touch_of(
        standing,
        by_importance(standing)[0],
        touch=touch.touch,
        revision=revision,
        organisation=touch.organisation,
        community=touch.community,
        about=touch.about,
        raised_at=touch.raised_at,
    )
    revised = NeedsTouchRevised(
        touch=touch.touch,
        revision=revision,
        organisation=touch.organisation,
        community=touch.community,
        segment=touch.segment,
        reason=gone.reason,
        about=touch.about,
        at=gone.at,
        cause=gone.cause,
        by=gone.by,
        evidence=gone.evidence,
        remains=remains,
    )
    return (NeedRevised(revision=revised),)


def _close(command: CloseTouch, state: CareState) -> tuple[Any, ...]:
    touch = state.touch
    if touch is None or touch.touch != command.touch:
        endings = (*state.endings, state.ended) if state.ended else state.endings
        ended = next((one for one in endings if one.touch == command.touch), None)
        if ended is None:
            return ()
        reasons = tuple(ReasonClosed(reason=reason) for reason in ended.reasons)
        return (TouchClosed(touch=command.touch, outcome=command.outcome, at=command.at, reasons=reasons),)
    known = settled_for(state, touch.touch, command.need_revision)
    unknown = [one for one in touch.reasons if one not in known]
    seen = command.need_revision if unknown and command.need_revision is not None else touch.revision
    closed = TouchClosed(
        touch=touch.touch,
        outcome=command.outcome,
        at=command.at,
        reasons=(
            *(ReasonClosed(reason=one.reason, about=one.about) for one in known),
            *(ReasonClosed(reason=one.reason, about=one.about) for one in state.counted if one.revision <= seen),
        ),
    )
    if not unknown:
        return (closed,)
    # They joined while it was being settled, and nobody has seen them.
    again = by_importance([replace(one, revision=1) for one in unknown])
    raised = touch_of(
        again,
        again[0],
        touch=_next_touch(touch.community, touch.about, state),
        revision=1,
        organisation=touch.organisation,
        community=touch.community,
        about=touch.about,
        raised_at=command.at,
    )
    return (closed, NeedRaised(need=raised))


def _others(touch: NeedsTouch | None, reason: str, about: str) -> tuple[TouchReason, ...]:
    if touch is None:
        return ()
    return tuple(one for one in touch.reasons if (one.reason, one.about) != (reason, about))


def _next_touch(community: str, stream: str, state: CareState) -> str:
    return touch_id(community, stream, state.touches + 1)


def evolve(state: CareState, event: Any) -> CareState:
    """Return the state after ``event``."""
    touch = state.touch
    match event:
        case NeedRaised():
            new = touch is None or touch.touch != event.need.touch
            counted = _counted(state, event.need.reasons)
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
        case _:
            return state


def _uncounted(state: CareState, pairs: AbstractSet[tuple[str, str | None]]) -> CareState:
    return replace(state, counted=tuple(one for one in state.counted if (one.reason, one.about) not in pairs))


def _closed(state: CareState, event: TouchClosed) -> CareState:
    state = _uncounted(state, {(one.reason, one.about) for one in event.reasons})
    settled = {one.reason: one for one in state.settled}
    settled.update((one.reason, Settled(reason=one.reason, at=event.at)) for one in event.reasons)
    open_still = state.touch is not None and state.touch.touch != event.touch
    return replace(
        state,
        touch=state.touch if open_still else None,
        ended=state.ended if state.ended is not None and state.ended.touch != event.touch else None,
        settled=tuple(settled.values()),
        endings=tuple(one for one in state.endings if one.touch != event.touch),
    )


CARE: Final[Decider[CareState]] = Decider(
    category="care",
    initial=CareState(),
    decide=decide,
    evolve=evolve,
    events=(NeedRaised, NeedRevised, NeedWithdrawn, NeedMet, ReasonRests, CountedGone, TouchClosed),
)

"""The touch about one member: whatever the reasons, and whichever streams find them, one human is asked once.

A need that is found raises a touch, or joins the one that is open. One that goes leaves the others; the last to go ends
the touch. After a touch was settled, its reasons rest for as long as the policy says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from services.triage.care_facts import (
    CloseTouch,
    CountedGone,
    DropNeed,
    NeedRevised,
    NoteSettled,
    ReasonClosed,
    ReasonRests,
    ReasonSettled,
    TakeNeed,
    TouchClosed,
)
from services.triage.care_state import CareState, Counted, another, counted_with, evolve, last_settled, settled_for
from services.triage.contact import against, marked
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

_MOST_COUNTED: Final = 24
"""Beside those that are told: each is written anew whenever the touch changes."""


def decide(command: Any, state: CareState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case TakeNeed():
            return _take(command, state)
        case DropNeed():
            return _drop(command, state)
        case CloseTouch():
            return _close(command, state)
        case NoteSettled():
            return (ReasonSettled(reason=command.reason, at=command.at),)
        case _:
            return ()


def _take(command: TakeNeed, state: CareState) -> tuple[Any, ...]:
    unwanted = against(command.need, command.declined)
    if unwanted is not None:
        return (ReasonRests(reason=command.need.reason, about=command.need.about, why=unwanted, at=command.need.at),)
    need = marked(command.need, command.declined)
    settled = last_settled(need.reason, state, command.settled)
    more_of_it = state.holds(need.reason, need.about)
    cools = bool(command.cool_down) and need.urgency != "urgent" and command.moved_at is None and not more_of_it
    if settled is not None and cools and need.at < settled + command.cool_down:
        why = f"settled {settled.date()}, and rests for {command.cool_down / timedelta(days=1):g} days"
        return (ReasonRests(reason=need.reason, about=need.about, why=why, at=need.at),)
    touch, standing = state.touch, _others(state.touch, need.reason, need.about)
    revision = touch.revision + 1 if touch is not None else 1
    joining = weighed(need, command.weights, revision)
    told = told_with(standing, joining)
    counted = counted_with(state, told)
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
        raised_at=command.moved_at or need.at,
    )
    return (NeedRaised(need=raised), *_beyond(counted, raised.raised_at))


def _beyond(counted: tuple[Counted, ...], at: datetime) -> tuple[ReasonRests, ...]:
    why = f"{_MOST_COUNTED} newer ones stand beside those of the touch"
    return tuple(ReasonRests(reason=one.reason, about=one.about, why=why, at=at) for one in counted[:-_MOST_COUNTED])


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
        told = dict.fromkeys((one.reason, another(command.stream, one.member)) for one in ended.told)
        reasons = tuple(
            ReasonClosed(reason=reason, member=member)
            for reason, member in told or dict.fromkeys((reason, None) for reason in ended.reasons)
        )
        return (TouchClosed(touch=command.touch, outcome=command.outcome, at=command.at, reasons=reasons),)
    known = settled_for(state, touch.touch, command.need_revision)
    unknown = [one for one in touch.reasons if one not in known]
    seen = command.need_revision if unknown and command.need_revision is not None else touch.revision
    closed = TouchClosed(
        touch=touch.touch,
        outcome=command.outcome,
        at=command.at,
        reasons=(
            *(
                ReasonClosed(reason=one.reason, about=one.about, member=another(touch.about, one.member))
                for one in known
            ),
            *(
                ReasonClosed(reason=one.reason, about=one.about, member=one.member)
                for one in state.counted
                if one.revision <= seen
            ),
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


CARE: Final[Decider[CareState]] = Decider(
    category="care",
    initial=CareState(),
    decide=decide,
    evolve=evolve,
    events=(NeedRaised, NeedRevised, NeedWithdrawn, NeedMet, ReasonRests, CountedGone, TouchClosed, ReasonSettled),
)

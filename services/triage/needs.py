"""Needs: why a member needs a human, as the streams that notice it hold each until it ends.

A stream holds at most one need of each reason. What it finds and what ends becomes the member's touch in ``care``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.names import Reason, Urgency
from shared.contracts.needs_touch import (
    Evidence,
    MemberRef,
    NeedsTouch,
    NeedsTouchMet,
    NeedsTouchWithdrawn,
    Scalar,
    TouchReason,
)
from shared.contracts.touch_facts import Outcome

URGENCY: Final[dict[Reason, Urgency]] = {
    "welcome": "routine",
    "unanswered": "soon",
    "fading": "routine",
    "returning": "routine",
    "milestone": "routine",
    "low-survey": "soon",
    "moderated": "soon",
    "farewell": "soon",
    "check-in": "routine",
    "follow-up": "routine",
    "distress": "soon",
    "heated": "soon",
    "frustration": "routine",
    "thanks": "routine",
    "by-hand": "soon",
    "ritual": "routine",
    "out-of-character": "routine",
}
"""How soon a human should show up, by reason, where the rule says nothing else."""


# What happens in the stream that found a need


class NeedFound(Struct, frozen=True, kw_only=True, gc=False):
    """A rule looked, and somebody needs a human; or it found more of what it had found."""

    need: TouchReason


class NeedGone(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The need is over: met by somebody of the team, ``by``, or else the cause is gone.

    ``earlier`` is the touch that an earlier build had raised for this need alone.
    """

    reason: str
    about: str
    member: MemberRef
    at: datetime
    cause: str
    evidence: tuple[Evidence, ...] = ()
    by: MemberRef | None = None
    earlier: NeedsTouch | None = None


class NeedPassed(Struct, frozen=True, kw_only=True, gc=False):
    """What was found is told to nobody; ``why`` says what stood against it."""

    reason: str
    why: str
    at: datetime


class NeedClosed(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The touch was settled: whatever happens now is a new matter. Without ``reason``, it was of one need alone."""

    touch: str
    outcome: Outcome
    reason: str | None = None


# What leaves, as TOUCHES has it


class NeedRaised(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody needs a human: a touch is raised, or a reason joins it."""

    need: NeedsTouch


class NeedWithdrawn(Struct, frozen=True, kw_only=True, gc=False):
    """The last cause went away without the team."""

    end: NeedsTouchWithdrawn


class NeedMet(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team met the last need on the platform."""

    end: NeedsTouchMet


NEED_EVENTS: Final = (NeedFound, NeedGone, NeedPassed, NeedClosed, NeedRaised, NeedWithdrawn, NeedMet)
"""What a stream that finds needs records of them; the last three were recorded there by earlier builds."""


# What is asked


class CloseNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Take note that the touch was settled to which the need of that reason belonged."""

    touch: str
    outcome: Outcome
    reason: str | None = None


class PassNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Take note that what was found is told to nobody."""

    reason: str
    why: str
    at: datetime


class EndNeed(Struct, frozen=True, kw_only=True, gc=False):
    """The need of that reason about ``member`` is over: met by ``by`` of the team, or else the cause is gone."""

    reason: str
    member: MemberRef
    at: datetime
    cause: str
    evidence: tuple[Evidence, ...]
    by: MemberRef | None = None


class Circumstances(Struct, frozen=True, kw_only=True, gc=False):
    """What the shell found out for a rule: as of when it is looked at, and the policy's word on it.

    ``due`` is the rule's deadline by the policy that holds now; None when the team has no hours at all.
    """

    at: datetime
    due: datetime | None
    enabled: bool
    about: str
    segment: str
    care_load: int
    policy_version: str
    forget_after: timedelta
    thresholds: dict[str, Scalar]


def raised(
    seen: Circumstances,
    reason: Reason,
    member: MemberRef,
    evidence: tuple[Evidence, ...],
    values: dict[str, Scalar],
    *,
    conversation: str | None = None,
    urgency: Urgency | None = None,
    strength: float = 1.0,
    baseline: dict[str, Scalar] | None = None,
    difference: str | None = None,
    since: datetime | None = None,
) -> NeedFound:
    """Return the need as it was found; ``evidence`` begins with the event at which it began, if not at ``since``.

    ``difference`` completes "it would have been needless with …". Another of the same reason takes its place.
    """
    return NeedFound(
        need=TouchReason(
            reason=reason,
            about=seen.about,
            member=member,
            segment=seen.segment,
            conversation=conversation,
            since=since or evidence[0].time,
            at=seen.at,
            urgency=urgency or URGENCY[reason],
            care_load=seen.care_load,
            strength=strength,
            evidence=evidence,
            rule=f"{reason}.v1",
            policy_version=seen.policy_version,
            values=values,
            thresholds=seen.thresholds,
            baseline=baseline or {},
            difference=difference,
        )
    )


def withdrawn(
    need: TouchReason | NeedsTouch, at: datetime, cause: str, evidence: tuple[Evidence, ...] = ()
) -> NeedGone:
    """Return the end of ``need`` without the team."""
    return _gone(need, at, cause, evidence, None)


def met(
    need: TouchReason | NeedsTouch, at: datetime, cause: str, by: MemberRef, evidence: tuple[Evidence, ...]
) -> NeedGone:
    """Return the end of ``need`` by somebody of the team."""
    return _gone(need, at, cause, evidence, by)


def _gone(
    need: TouchReason | NeedsTouch, at: datetime, cause: str, evidence: tuple[Evidence, ...], by: MemberRef | None
) -> NeedGone:
    return NeedGone(
        reason=need.reason,
        about=need.about,
        member=need.member,
        at=at,
        cause=cause,
        evidence=evidence,
        by=by,
        earlier=need if isinstance(need, NeedsTouch) else None,
    )


class HoldsNeeds(Struct, frozen=True, kw_only=True, gc=False):
    """What the state of a stream that finds needs begins with: those that stand.

    ``need`` is what an earlier build had raised by itself, the only one it could.
    """

    needs: tuple[TouchReason, ...] = ()
    need: NeedsTouch | None = None


S = TypeVar("S", bound=HoldsNeeds)


def standing(state: HoldsNeeds) -> tuple[TouchReason | NeedsTouch, ...]:
    """Return all needs of the stream that stand."""
    return state.needs if state.need is None else (*state.needs, state.need)


def standing_for(state: HoldsNeeds, reason: Reason) -> TouchReason | NeedsTouch | None:
    """Return the stream's need of that reason, if it stands."""
    for need in standing(state):
        if need.reason == reason:
            return need
    return None


def is_crisis(need: TouchReason) -> bool:
    """Tell whether it rests on crisis wording: then only a human says that it is over."""
    return bool(need.values.get("crisis"))


def decide(command: CloseNeed | PassNeed | EndNeed, state: HoldsNeeds) -> tuple[Any, ...]:
    """Return what follows when the touch of a need was settled, or the need is told to nobody, or is over."""
    if isinstance(command, EndNeed):
        ending = [need for need in state.needs if (need.reason, need.member) == (command.reason, command.member)]
        return tuple(_gone(need, command.at, command.cause, command.evidence, command.by) for need in ending)
    if isinstance(command, CloseNeed) and command.reason is None:
        known = state.need is not None and state.need.touch == command.touch
    else:
        known = any(need.reason == command.reason for need in state.needs)
    if not known:
        return ()
    if isinstance(command, CloseNeed):
        return (NeedClosed(touch=command.touch, outcome=command.outcome, reason=command.reason),)
    return (NeedPassed(reason=command.reason, why=command.why, at=command.at),)


def evolve(state: S, event: Any) -> S:
    """Return the state after one of NEED_EVENTS."""
    match event:
        case NeedFound(need=need):
            return replace(state, needs=(*_without(state, need.reason), need))
        case NeedRaised(need=need):
            return replace(state, need=need)
        case NeedGone(earlier=None) | NeedPassed():
            return replace(state, needs=_without(state, event.reason))
        case NeedClosed(reason=str() as reason):
            return replace(state, needs=_without(state, reason))
        case _:
            return replace(state, need=None)


def _without(state: HoldsNeeds, reason: str) -> tuple[TouchReason, ...]:
    return tuple(need for need in state.needs if need.reason != reason)

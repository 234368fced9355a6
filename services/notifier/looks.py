"""When a touch is looked at again on which somebody is yet to act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import LOOK_AGAIN, Past, candidates, find, next_working_moment
from services.notifier.capacity import Candidate
from services.notifier.patience import alarm_at, look_at
from services.notifier.streams import policy_stream, touch_stream
from services.notifier.touch_commands import ArrangeLooks
from services.notifier.touch_state import NotTaken, TouchState
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Policy
from shared.workspace import Workspace

_SOON: Final = timedelta(seconds=1)
_NOBODY_TO_TELL: Final = timedelta(hours=8)


def arrange_looks(need: NeedsTouch, now: datetime, work: Workspace) -> None:
    """Set when the touch is looked at again by the policy as it is now; nothing where somebody has it in hand."""
    stream = touch_stream(need.touch)
    touch: TouchState = work.state(stream)
    policy: Policy | None = work.state(policy_stream(need.organisation)).policy
    if policy is None:
        looks = ArrangeLooks(look_due=None, alarm_due=now + LOOK_AGAIN)
    else:
        looks = ArrangeLooks(look_due=_look_at(policy, need, touch, now), alarm_due=_alarm_at(policy, need, touch, now))
    work.decide(stream, looks)


def others(policy: Policy, need: NeedsTouch, touch: TouchState, now: datetime) -> tuple[Candidate, ...]:
    """Return the policy's responders as they stand for taking the touch over: who was asked for it is not again.

    Empty when it has been passed on as often as it may be.
    """
    if touch.responder is None or len(touch.not_taken) >= policy.escalation.pass_on_at_most:
        return ()
    past: tuple[Past, ...] = (*touch.past, NotTaken(responder=touch.responder, at=now))
    return candidates(policy, need, now, past, ever=True)


def _look_at(policy: Policy, need: NeedsTouch, touch: TouchState, now: datetime) -> datetime | None:
    if touch.status != "assigned":
        return None
    if touch.watch.overdue_since is None:
        return look_at(policy, need, touch)
    moments = [_free_at(policy, one, now) for one in others(policy, need, touch, now)]
    return min((moment for moment in moments if moment is not None), default=None)


def _alarm_at(policy: Policy, need: NeedsTouch, touch: TouchState, now: datetime) -> datetime | None:
    due = alarm_at(policy, need, touch)
    if due is None and touch.watch.escalated_at is not None:
        # There is nobody to be told; a later policy may name somebody.
        arranged = touch.watch.alarm_due
        due = arranged if arranged is not None and arranged > now else now + _NOBODY_TO_TELL
    return due


def _free_at(policy: Policy, candidate: Candidate, now: datetime) -> datetime | None:
    """Return when the candidate may be free to take a touch over, None where they never are."""
    responder = find(policy, candidate.responder)
    if responder is None or candidate.hold in {"not-taken", "no-responder"}:
        return None
    if candidate.hold in {"outside-hours", "on-leave"}:
        return max(next_working_moment(policy, responder, now), now + _SOON)
    return now + LOOK_AGAIN

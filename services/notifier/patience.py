"""How long a touch may stay unclaimed by the policy, and whom to tell when it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import find, is_about
from services.notifier.touch_state import URGENT, TouchState
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Hours, Patience, Policy
from shared.contracts.touch_facts import ReminderTo
from shared.working_hours import WorkingHours

_LEAST: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told of an escalation; ``responder`` is empty for an address. ``hours`` are None where all count."""

    to: ReminderTo
    responder: str | None
    hours: Hours | None


def patience_for(policy: Policy, need: NeedsTouch) -> Patience:
    """Return how long a touch of this urgency may stay unclaimed; what is not known counts as routine."""
    match need.urgency:
        case "urgent":
            return policy.escalation.urgent
        case "soon":
            return policy.escalation.soon
        case _:
            return policy.escalation.routine


def asks_for_reminder(policy: Policy, touch: TouchState) -> bool:
    """Tell whether the responder is still to be reminded before their time is over."""
    return touch.watch.reminded_at is None and policy.escalation.remind_at_share < 1


def look_at(policy: Policy, need: NeedsTouch, touch: TouchState) -> datetime:
    """Return when the responder who was given the touch is to be reminded, or when their time is over.

    The time left after a reminder counts from it: a reminder that comes late leaves time to act on it. Leave does not
    stop the time, so that a touch does not sleep until its responder is back. Where the policy asks for no reminder,
    one came because the touch has grown urgent: all of the time begins with it.
    """
    watch, share = touch.watch, policy.escalation.remind_at_share
    responder = find(policy, touch.responder or "")
    hours = (responder.hours if responder else None) or policy.hours
    within = patience_for(policy, need).acknowledge_within_hours
    asked_at = watch.asked_at or need.raised_at
    if asks_for_reminder(policy, touch):
        return _after(_counting(need, hours), asked_at, within * share)
    if watch.reminded_at is None:
        return _after(_counting(need, hours), asked_at, within)
    left = within * (1 - share) if share < 1 else within
    return _after(_counting(need, hours), watch.reminded_at, left)


def alarm_at(policy: Policy, need: NeedsTouch, touch: TouchState) -> datetime | None:
    """Return when the touch escalates unless somebody takes it, or is told of again; None when nothing waits so."""
    watch, patience = touch.watch, patience_for(policy, need)
    if touch.status == "claimed" and not touch.presses:
        return None
    if watch.escalated_at is not None:
        told = told_of(policy, need, touch)
        since = watch.told_at or watch.escalated_at
        return _after(told.hours, since, patience.remind_again_after_hours) if told else None
    if touch.presses and watch.reminded_at is not None:
        return _after(_counting(need, policy.hours), watch.reminded_at, patience.acknowledge_within_hours)
    since_when = (watch.held_since or need.raised_at) if touch.status == "held" else watch.overdue_since
    if since_when is None:
        return None
    return _after(_counting(need, policy.hours), since_when, patience.held_at_most_hours)


def told_of(policy: Policy, need: NeedsTouch, touch: TouchState) -> Told | None:
    """Return who is told that the touch has escalated: the emergency contact, else whoever has it and is overdue.

    Nobody is told of a touch about themselves.
    """
    contact = policy.escalation.emergency_contact
    responder = find(policy, contact.responder) if contact and contact.responder else None
    if responder is not None and not is_about(responder, need.member):
        return Told(to="emergency-contact", responder=responder.name, hours=responder.hours or policy.hours)
    if contact is not None and contact.email and contact.email_verified:
        return Told(to="emergency-contact", responder=None, hours=_counting(need, policy.hours))
    holder = find(policy, touch.responder or "")
    if holder is not None and touch.status in {"assigned", "claimed"} and touch.watch.overdue_since is not None:
        return Told(to="responder", responder=holder.name, hours=holder.hours or policy.hours)
    return None


def _counting(need: NeedsTouch, hours: Hours) -> Hours | None:
    return None if need.urgency == URGENT else hours


def _after(hours: Hours | None, since: datetime, amount: float) -> datetime:
    due = WorkingHours.of(hours).add(since, amount) if hours is not None else None
    return max(due or since + timedelta(hours=amount), since + _LEAST)

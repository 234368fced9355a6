"""Whom a notice is for, when they may be written to, and whether it is still true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.notifier.availability import LOOK_AGAIN, find, next_working_moment, within_hours
from services.notifier.patience import told_of
from services.notifier.touch_state import TouchState
from shared.contracts.policy import Hours, Policy, Responder
from shared.working_hours import WorkingHours

NoticeKind = Literal["assignment", "reminder", "escalation", "escalation-reminder"]
ABOUT_ESCALATION: Final = ("escalation", "escalation-reminder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody to be written to; ``email`` only where they have confirmed it. ``open_at`` is when they next may be."""

    name: str
    email: str | None
    open_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a notice was made for: the touch's fact ``revision``, and the responder whom it named."""

    kind: NoticeKind
    responder: str | None
    revision: int

    def holds(self, touch: TouchState) -> bool:
        """Tell whether it is still so, and the newest that its recipient is to hear."""
        watch = touch.watch
        if self.kind in ABOUT_ESCALATION:
            return watch.escalated_at is not None and self.revision == watch.told_revision
        if touch.responder != self.responder:
            return False
        if touch.status == "claimed":
            return touch.presses and self.revision == watch.reminded_revision
        return touch.status == "assigned" and self.revision == max(touch.seen_from, watch.reminded_revision)

    def recipient(self, policy: Policy, touch: TouchState, now: datetime) -> Recipient | None:
        """Return whom the policy names for it now, None where it is nobody."""
        if self.kind not in ABOUT_ESCALATION:
            return _person(policy, find(policy, self.responder or ""), now)
        told = told_of(policy, touch.need, touch) if touch.need else None
        contact = policy.escalation.emergency_contact
        if told is None or told.to != "emergency-contact" or contact is None:
            return None
        if told.responder is not None:
            return _person(policy, find(policy, told.responder), now)
        return Recipient(name="emergency-contact", email=contact.email, open_at=_opening(told.hours, now))


def _person(policy: Policy, responder: Responder | None, now: datetime) -> Recipient | None:
    if responder is None:
        return None
    open_at = now if within_hours(policy, responder, now) else next_working_moment(policy, responder, now)
    return Recipient(name=responder.name, email=responder.email if responder.email_verified else None, open_at=open_at)


def _opening(hours: Hours | None, now: datetime) -> datetime:
    if hours is None:
        return now
    return WorkingHours.of(hours).next_opening(now) or now + LOOK_AGAIN

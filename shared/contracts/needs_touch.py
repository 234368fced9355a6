"""needs-touch: what triage publishes on TOUCHES. It carries evidence by id and never a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.contracts.names import Label, Name

Scalar = str | int | float | bool | None

EARLIER_PER_CARE_LOAD: Final = timedelta(hours=1)
"""Oldest and heaviest first: each point of care load counts as so much longer a wait."""


class MemberRef(Struct, frozen=True, kw_only=True, gc=False):
    """Who it is about: the opaque key, and the identity on the platform."""

    key: Label
    platform: Name
    id: Label


class Evidence(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One member event that speaks for the touch; ``traceparent`` where somebody records the event's trace."""

    source: Label
    event: Label
    time: datetime
    traceparent: str | None = None


def trace_of(evidence: Sequence[Evidence]) -> str | None:
    """Return the ``traceparent`` of the newest event whose trace is recorded; None where none is."""
    return next((one.traceparent for one in reversed(evidence) if one.traceparent is not None), None)


class NeedsTouch(Struct, frozen=True, kw_only=True, gc=False):
    """A human contact is needed.

    ``revision`` starts at 1 and grows with each reason that joins; ``about`` is the triage stream that raised it;
    ``since`` is when the need began (event time) and ``raised_at`` when the rule's deadline passed. ``values`` are what
    was measured and ``thresholds`` what they were held against.
    """

    touch: Label
    revision: int
    organisation: Name
    community: Name
    segment: Name
    reason: Name
    urgency: Name
    care_load: int
    member: MemberRef
    about: Label
    conversation: Label | None = None
    since: datetime
    raised_at: datetime
    evidence: tuple[Evidence, ...]
    rule: Label
    policy_version: Label
    values: dict[str, Scalar]
    thresholds: dict[str, Scalar]


class NeedsTouchEnded(Struct, frozen=True, kw_only=True, gc=False):
    """What every end of a need holds: the touch as it was routed, when, why, and the event that shows it."""

    touch: Label
    revision: int
    organisation: Name
    community: Name
    segment: Name
    reason: Name
    about: Label
    at: datetime
    cause: Label
    evidence: tuple[Evidence, ...] = ()


class NeedsTouchWithdrawn(NeedsTouchEnded, frozen=True, kw_only=True, gc=False):
    """The cause is gone without the team: a peer answered, the question was solved, the member left."""


class NeedsTouchMet(NeedsTouchEnded, frozen=True, kw_only=True, gc=False):
    """Somebody of the team met the need on the platform; ``by`` is that person."""

    by: MemberRef


NeedsTouchEvent = NeedsTouch | NeedsTouchWithdrawn | NeedsTouchMet

NEEDS_TOUCH_TYPES: Final[dict[str, type[NeedsTouchEvent]]] = {
    "warmline.needs-touch.raised.v1": NeedsTouch,
    "warmline.needs-touch.withdrawn.v1": NeedsTouchWithdrawn,
    "warmline.needs-touch.met.v1": NeedsTouchMet,
}
"""CloudEvents ``type`` to the form of ``data``."""

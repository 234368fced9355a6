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

EARLIER_PER_IMPORTANCE: Final = timedelta(hours=4)
"""Each point of importance counts as so much longer a wait, too; since all wait on, nothing starves."""


CONTRADICTED_BY: Final = "contradicted_by"
"""What ``values`` of a ``low-survey`` call the sign in its comment, where they rest on that and not on the score."""


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


class TouchReason(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One reason of a touch, with all that it rests on; it stands since ``revision`` of the touch.

    ``about`` is the triage stream that found it, ``since`` when the need began (event time), ``at`` when the rule
    looked. ``values`` are what was measured, ``thresholds`` what they were held against, ``baseline`` what is usual for
    this member, and ``difference`` what would have made it needless. ``strength`` is 1 for what the rule just asks for;
    ``importance`` is urgency times segment times strength by the policy's weights, and ``why`` says so in words.
    Of a follow-up that somebody promised, ``promised_by`` in ``values`` is the responder, to be asked before others.
    """

    reason: Name
    about: Label
    member: MemberRef
    segment: Name
    conversation: Label | None = None
    since: datetime
    at: datetime
    urgency: Name
    care_load: int
    strength: float = 1.0
    evidence: tuple[Evidence, ...]
    rule: Label
    policy_version: Label
    values: dict[str, Scalar]
    thresholds: dict[str, Scalar]
    baseline: dict[str, Scalar] = {}
    difference: Label | None = None
    revision: int = 0
    importance: float = 0.0
    why: Label | None = None

    @property
    def promised_by(self) -> str | None:
        """The responder who said that they come back to the member, if one did."""
        by = self.values.get("promised_by")
        return by if isinstance(by, str) else None


class NeedsTouch(Struct, frozen=True, kw_only=True, gc=False):
    """A human contact is needed.

    ``revision`` starts at 1 and grows with each reason that joins or goes; ``about`` is the triage stream that raised
    it. ``reason``, ``rule``, ``policy_version``, ``segment``, ``values`` and ``thresholds`` are of the reason that this
    revision adds, and ``raised_at`` is when its rule looked. The rest is of the touch with all its ``reasons``, the
    most important first: ``since`` is when the earliest need began (event time), ``urgency`` the gravest, ``care_load``
    that of the heaviest and one more for each other, ``evidence`` that of all, up to 64. Of one kind eight reasons are
    told; ``more_of_it`` in ``values`` says how many more stand.
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
    reasons: tuple[TouchReason, ...] = ()
    importance: float = 0.0
    why: Label | None = None

    @property
    def leading(self) -> str:
        """The most important reason."""
        return self.reasons[0].reason if self.reasons else self.reason

    @property
    def promised_by(self) -> str | None:
        """The responder who promised it, by the most important reason that somebody did."""
        return next((one.promised_by for one in self.reasons if one.promised_by is not None), None)

    @property
    def ranked_from(self) -> datetime:
        """Since when it counts as waiting: oldest, heaviest and most important first."""
        return self.since - self.care_load * EARLIER_PER_CARE_LOAD - self.importance * EARLIER_PER_IMPORTANCE


class NeedsTouchRevised(Struct, frozen=True, kw_only=True, gc=False):
    """One reason is gone while others stand: ``remains`` is the touch without it, in the same revision.

    ``by`` is whoever of the team met it on the platform; without, the cause went away by itself.
    """

    touch: Label
    revision: int
    organisation: Name
    community: Name
    segment: Name
    reason: Name
    about: Label
    at: datetime
    cause: Label
    by: MemberRef | None = None
    evidence: tuple[Evidence, ...] = ()
    remains: NeedsTouch


class NeedsTouchEnded(Struct, frozen=True, kw_only=True, gc=False):
    """What every end of a touch holds: its last reason, when, why, and the event that shows it."""

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


NeedsTouchEvent = NeedsTouch | NeedsTouchRevised | NeedsTouchWithdrawn | NeedsTouchMet

NEEDS_TOUCH_TYPES: Final[dict[str, type[NeedsTouchEvent]]] = {
    "warmline.needs-touch.raised.v1": NeedsTouch,
    "warmline.needs-touch.revised.v1": NeedsTouchRevised,
    "warmline.needs-touch.withdrawn.v1": NeedsTouchWithdrawn,
    "warmline.needs-touch.met.v1": NeedsTouchMet,
}
"""CloudEvents ``type`` to the form of ``data``."""

"""What the API answers and the desk shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.projections.queue.queries import State
from shared.contracts.needs_touch import Scalar
from shared.contracts.policy import Playbook
from shared.contracts.touch_facts import EscalationCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member: ``key`` stands for them in paths, ``name`` is what to call them."""

    key: str
    name: str
    handle: str | None
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Person):
    """One identity of a member; ``platform_id`` is the platform's own id for it, ``known`` tells if it did anything."""

    platform_id: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderName:
    """A responder: ``name`` as the policy has it, ``display_name`` for people."""

    name: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationItem:
    """Nobody has claimed the touch, and there is nobody left to ask: since when, and why."""

    at: datetime
    cause: EscalationCause


@dataclass(frozen=True, slots=True, kw_only=True)
class NoContactItem:
    """A member asked not to be contacted: before ``until``, or until somebody says otherwise. Who told it, and when.

    ``member`` is the key of the identity of which it was told.
    """

    member: str
    until: datetime | None
    time: datetime
    responder: ResponderName


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One touch. ``since`` is when the earliest need began; ``revision`` is what a command must have seen.

    ``reason`` is the most important of its ``reasons``, which stand in that order. ``said`` is how the text of the
    first evidence begins, None where there is none or the viewer may not read it. ``escalated`` is there from the
    moment it escalates until somebody claims it, ``no_contact`` while the member asks not to be contacted.
    """

    id: str
    revision: int
    organisation: str
    community: str
    segment: str
    reason: str
    reasons: list[str]
    urgency: str
    importance: float
    care_load: int
    state: State
    member: Person
    said: str | None
    conversation: str | None
    since: datetime
    raised_at: datetime
    changed_at: datetime | None
    responder: ResponderName | None
    hold: str | None
    outcome: str | None
    escalated: EscalationItem | None
    no_contact: NoContactItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """Touches, urgent ones first, then oldest and heaviest; ``next`` is the cursor of the page after this one."""

    items: list[QueueItem]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryItem:
    """One member event. ``text`` is the newest text; None if there is none, it was deleted, or it is withheld."""

    key: str
    kind: str
    time: datetime
    community: str
    platform: str
    member: Person
    conversation: str | None
    message: str | None
    reply_to: str | None
    channel: str | None
    audience: str | None
    text: str | None
    withheld: bool
    url: str | None
    edited_at: datetime | None
    deleted_at: datetime | None
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Member events, newest first."""

    items: list[HistoryItem]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHandItem:
    """What somebody of the team told of a member: ``text`` in their words, ``detail`` what else there is to it."""

    key: str
    kind: str
    time: datetime
    responder: ResponderName
    text: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkItem:
    """Two identities that are one person: since when, and why, as ``responder`` said or ``rule`` found.

    ``why`` is None for who may not read what the team writes.
    """

    key: str
    member: Identified
    other: Identified
    time: datetime
    responder: ResponderName | None
    rule: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionItem:
    """Two identities that may be one person: by which rule of the policy, and in words what tells so."""

    community: str
    member: Identified
    other: Identified
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """What speaks for a touch: a member event or what the team told; neither, where the history does not hold it.

    ``no_contact`` is there while the member of whom it tells asks not to be contacted.
    """

    source: str
    event: str
    time: datetime
    told: HistoryItem | None
    by_hand: ByHandItem | None
    no_contact: NoContactItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictItem:
    """Why a responder was chosen or passed over."""

    responder: ResponderName
    chosen: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened to a touch; ``origin`` is ``need`` for triage's word and ``fact`` for what followed."""

    at: datetime
    kind: str
    origin: str
    responder: ResponderName | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedEnd:
    """How the need ended on the platform, whatever state the touch is in."""

    kind: str
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonItem:
    """One reason of a touch, and all that it rests on.

    ``values`` are what was measured, ``thresholds`` what they were held against, ``baseline`` what is usual for this
    member, and ``difference`` what would have made it needless. ``why`` says in words what makes it as important as it
    is, and ``evidence`` are the ids of the member events that speak for it. Where ``scores_let_go``, the touch ended so
    long ago that the policy keeps none of the former.
    """

    reason: str
    since: datetime
    at: datetime
    urgency: str
    importance: float
    why: str | None
    conversation: str | None
    rule: str
    policy_version: str
    values: dict[str, Scalar]
    thresholds: dict[str, Scalar]
    baseline: dict[str, Scalar]
    difference: str | None
    evidence: list[str]
    scores_let_go: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchDetail(QueueItem):
    """One touch with its reasons, their evidence, why this human, and what happened to it.

    ``rule``, ``policy_version``, ``values`` and ``thresholds`` are those of the reason that came last, the latter two
    empty once scores were let go. ``decides`` is
    the policy's emergency contact, where that is a responder.
    """

    about: str
    explained: list[ReasonItem]
    rule: str
    policy_version: str
    values: dict[str, Scalar]
    thresholds: dict[str, Scalar]
    evidence: list[EvidenceItem]
    why: list[VerdictItem]
    playbook: Playbook | None
    need_ended: NeedEnd | None
    decides: ResponderName | None
    timeline: list[TimelineEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to filter open touches by, and how many there are in each state and with each responder.

    ``escalated`` counts those that have escalated, as nobody acts on them.
    """

    communities: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    responders: list[ResponderName] = field(default_factory=list)
    by_state: dict[str, int] = field(default_factory=dict)
    by_responder: dict[str, int] = field(default_factory=dict)
    escalated: int = 0

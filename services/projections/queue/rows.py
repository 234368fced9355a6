"""What one message of TOUCHES or TOUCH_FACTS becomes in the read model: pure, from a contract to plain values."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from shared.contracts import touch_facts as facts
from shared.contracts.cloudevents import type_name
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEnded, NeedsTouchEvent, NeedsTouchRevised
from shared.contracts.subjects import kind_of

URGENT: Final = "urgent"
"""Touches of this urgency come before all others; the rest come oldest and heaviest first."""

JOINED: Final = "joined"
"""What the timeline calls a needs-touch that adds a reason to a touch."""

STANDINGS: Final[dict[type[facts.TouchFact], str]] = {
    facts.TouchAssigned: "assigned",
    facts.TouchHeld: "held",
    facts.TouchClaimed: "claimed",
    facts.TouchReleased: "raised",
    facts.TouchPassedOn: "raised",
    facts.TouchSettled: "settled",
    facts.TouchWithdrawn: "withdrawn",
}
"""Where a touch stands after a fact. One given back or passed on waits to be routed again; no other fact moves it."""

_SHOWN: Final = ("reason", "hold", "outcome", "cause", "note", "to")
"""What the timeline tells of a message, where it says so."""

_encode: Final = msgspec.json.Encoder().encode
_WITH_NOBODY: Final = (facts.TouchReleased, facts.TouchPassedOn)
_ENDS_ESCALATION: Final = (facts.TouchClaimed, facts.TouchSettled, facts.TouchWithdrawn)


class TimelineRow(NamedTuple):
    """One message about a touch; ``detail`` is JSON of what a reader of the timeline wants to know."""

    touch: str
    origin: str
    revision: int
    kind: str
    seq: int
    at: datetime
    responder: str | None
    detail: str


class NeedRow(NamedTuple):
    """What the newest needs-touch of a touch says."""

    touch: str
    need_revision: int
    organisation: str
    community: str
    segment: str
    reason: str
    urgency: str
    care_load: int
    member_key: str
    member_platform: str
    member_id: str
    about: str
    conversation: str | None
    since: datetime
    raised_at: datetime
    rank: int
    ranked_from: datetime
    evidence: str
    rule: str
    policy_version: str
    measured: str
    thresholds: str
    explained: str


class EndRow(NamedTuple):
    """How the need ended."""

    touch: str
    ended_revision: int
    ended_kind: str
    ended_at: datetime
    ended_cause: str


class StandingRow(NamedTuple):
    """Where the newest touch fact that moved the touch has left it."""

    touch: str
    standing_revision: int
    standing: str
    responder: str | None
    hold: str | None
    outcome: str | None
    changed_at: datetime


class EscalationRow(NamedTuple):
    """Since when and why the touch waits for anybody to claim it; nothing once somebody has."""

    touch: str
    escalation_revision: int
    escalated_at: datetime | None
    escalation_cause: str | None


class WhyRow(NamedTuple):
    """Why the newest routing chose as it did."""

    touch: str
    why_revision: int
    why: str


class FactRow(NamedTuple):
    """The newest touch fact of a touch, whatever it says."""

    touch: str
    fact_revision: int


def timeline_row(event: NeedsTouchEvent | facts.TouchFact, seq: int) -> TimelineRow:
    """Return the timeline's row of any message about a touch."""
    kind = kind_of(type_name(event))
    if isinstance(event, NeedsTouch):
        at, origin = event.raised_at, "need"
        kind = kind if event.revision == 1 else JOINED
    else:
        at, origin = event.at, "fact" if isinstance(event, facts.TouchFact) else "need"
    detail = {name: value for name in _shown(type(event)) if (value := getattr(event, name)) is not None}
    return TimelineRow(
        touch=event.touch,
        origin=origin,
        revision=event.revision,
        kind=kind,
        seq=seq,
        at=at,
        responder=getattr(event, "responder", None),
        detail=_json(detail),
    )


def need_row(need: NeedsTouch) -> NeedRow:
    """Return the columns that a needs-touch fills."""
    return NeedRow(
        touch=need.touch,
        need_revision=need.revision,
        organisation=need.organisation,
        community=need.community,
        segment=need.segment,
        reason=need.leading,
        urgency=need.urgency,
        care_load=need.care_load,
        member_key=need.member.key,
        member_platform=need.member.platform,
        member_id=need.member.id,
        about=need.about,
        conversation=need.conversation,
        since=need.since,
        raised_at=need.raised_at,
        rank=0 if need.urgency == URGENT else 1,
        ranked_from=need.ranked_from,
        evidence=_json(need.evidence),
        rule=need.rule,
        policy_version=need.policy_version,
        measured=_json(need.values),
        thresholds=_json(need.thresholds),
        explained=_json({"importance": need.importance, "why": need.why, "reasons": need.reasons}),
    )


def revised_row(revised: NeedsTouchRevised) -> NeedRow:
    """Return the columns that a touch fills which has lost a reason."""
    return need_row(revised.remains)


def end_row(ended: NeedsTouchEnded) -> EndRow:
    """Return the columns that the end of a need fills."""
    return EndRow(
        touch=ended.touch,
        ended_revision=ended.revision,
        ended_kind=kind_of(type_name(ended)),
        ended_at=ended.at,
        ended_cause=ended.cause,
    )


def standing_row(fact: facts.TouchFact) -> StandingRow | None:
    """Return the columns that a fact fills; None for one that moves nothing."""
    standing = STANDINGS.get(type(fact))
    if standing is None:
        return None
    return StandingRow(
        touch=fact.touch,
        standing_revision=fact.revision,
        standing=standing,
        responder=None if isinstance(fact, _WITH_NOBODY) else getattr(fact, "responder", None),
        hold=getattr(fact, "hold", None),
        outcome=getattr(fact, "outcome", None),
        changed_at=fact.at,
    )


def escalation_row(fact: facts.TouchFact) -> EscalationRow | None:
    """Return the columns of a fact that begins or ends an escalation; None for any other."""
    if isinstance(fact, facts.TouchEscalated):
        at, cause = fact.at, fact.cause
    elif isinstance(fact, _ENDS_ESCALATION):
        at, cause = None, None
    else:
        return None
    return EscalationRow(touch=fact.touch, escalation_revision=fact.revision, escalated_at=at, escalation_cause=cause)


def why_row(fact: facts.TouchFact) -> WhyRow | None:
    """Return the verdicts of a routing; None for any other fact."""
    if not isinstance(fact, facts.TouchAssigned | facts.TouchHeld):
        return None
    return WhyRow(touch=fact.touch, why_revision=fact.revision, why=_json(fact.why))


def fact_row(fact: facts.TouchFact) -> FactRow:
    """Return the columns that every fact fills."""
    return FactRow(touch=fact.touch, fact_revision=fact.revision)


@cache
def _shown(form: type[Any]) -> tuple[str, ...]:
    return tuple(name for name in _SHOWN if name in form.__struct_fields__)


def _json(value: Any) -> str:
    return _encode(value).decode()

"""Whether somebody is shown a sign: where its alert budget has room, and nobody is asked about the member already."""

from __future__ import annotations

from services.triage.alerts import AlertGiven, WeighScore
from services.triage.care_state import last_settled
from services.triage.needs import standing_for
from services.triage.needs_elsewhere import needless
from services.triage.situation import Situation
from services.triage.stream_ids import alerts_stream, care_stream
from services.triage.tone.signs import AlertKind
from shared.contracts.names import Reason
from shared.contracts.needs_touch import MemberRef


def shown_from(
    now: Situation,
    kind: AlertKind,
    reason: Reason,
    *,
    about: str,
    member: MemberRef,
    segment: str,
    score: float,
    per_thousand: float,
) -> float | None:
    """Return the least that the budget shows, where it shows ``score`` and somebody is to be asked yet.

    ``about`` is the stream that would find the need.
    """
    asked = standing_for(now.work.state(about), reason) is not None or _rests(now, member, reason, segment)
    if asked or needless(now.work.state(now.of(member)), reason, now.event.time):
        return None
    weigh = WeighScore(kind=kind, score=score, per_thousand=per_thousand)
    events = now.work.decide(alerts_stream(now.event.community), weigh)
    return next((event.threshold for event in events if isinstance(event, AlertGiven)), None)


def _rests(now: Situation, member: MemberRef, reason: Reason, segment: str) -> bool:
    """Tell whether a touch for it was settled so lately that none would be raised: what is not shown has no budget."""
    people = (member, *now.others(member))
    cares = now.work.states([care_stream(now.event.community, one) for one in people])
    settled = max((at for care in cares if (at := last_settled(reason, care)) is not None), default=None)
    return settled is not None and now.stored < settled + now.reading.rest_of(reason, segment)

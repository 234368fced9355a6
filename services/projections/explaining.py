"""Why somebody needs a human: the reasons of a touch as the queue holds them, for people and programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from services.projections.queue.queries import TouchRow
from services.projections.queue.scores import TOLD_ON
from services.projections.resources import ReasonItem
from shared.contracts.names import OF_TONE
from shared.contracts.needs_touch import CONTRADICTED_BY, TouchReason


def explained(row: TouchRow, *, at: datetime, scores_kept_days: float) -> list[ReasonItem]:
    """Return the reasons of a touch, the most important first; what was raised without any has the one that it is.

    What was measured of tone is not told ``at`` a time so many days after the touch ended.
    """
    items = [_item(msgspec.convert(one, TouchReason)) for one in row.explained["reasons"]] or [_alone(row)]
    ended = _ended(row)
    if ended is None or at < ended + timedelta(days=scores_kept_days):
        return items
    return [_without_scores(one) if _is_of_tone(one) else one for one in items]


def _ended(row: TouchRow) -> datetime | None:
    return (row.changed_at or row.ended_at) if row.state in {"settled", "withdrawn"} else None


def _is_of_tone(one: ReasonItem) -> bool:
    return one.reason in OF_TONE or CONTRADICTED_BY in one.values


def _without_scores(one: ReasonItem) -> ReasonItem:
    """``why`` goes, too: it says how much stronger than its threshold the sign was."""
    values = {name: value for name, value in one.values.items() if name in TOLD_ON}
    return replace(one, why=None, values=values, thresholds={}, baseline={}, difference=None, scores_let_go=True)


def _item(one: TouchReason) -> ReasonItem:
    return ReasonItem(
        reason=one.reason,
        since=one.since,
        at=one.at,
        urgency=one.urgency,
        importance=one.importance,
        why=one.why,
        conversation=one.conversation,
        rule=one.rule,
        policy_version=one.policy_version,
        values=one.values,
        thresholds=one.thresholds,
        baseline=one.baseline,
        difference=one.difference,
        evidence=[shown.event for shown in one.evidence],
    )


def _alone(row: TouchRow) -> ReasonItem:
    return ReasonItem(
        reason=row.reason,
        since=row.since,
        at=row.raised_at,
        urgency=row.urgency,
        importance=row.explained["importance"],
        why=row.explained["why"],
        conversation=row.conversation,
        rule=row.rule,
        policy_version=row.policy_version,
        values=row.measured,
        thresholds=row.thresholds,
        baseline={},
        difference=None,
        evidence=[each["event"] for each in row.evidence],
    )

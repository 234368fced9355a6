"""Why somebody needs a human: the reasons of a touch as the queue holds them, for people and programs."""

from __future__ import annotations

import msgspec

from services.projections.queue.queries import TouchRow
from services.projections.resources import ReasonItem
from shared.contracts.needs_touch import TouchReason


def explained(row: TouchRow) -> list[ReasonItem]:
    """Return the reasons of a touch, the most important first; what was raised without any has the one that it is."""
    found = [_item(msgspec.convert(one, TouchReason)) for one in row.explained["reasons"]]
    return found or [_alone(row)]


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

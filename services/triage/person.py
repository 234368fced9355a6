"""What the identities of one person tell together: a grouping for one look, of which no identity keeps anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.triage.member_facts import Elsewhere
from services.triage.member_state import MemberState
from services.triage.needs import standing
from services.triage.rhythm import DAYS_KEPT, Days
from shared.contracts.needs_touch import Evidence


def elsewhere(others: Sequence[MemberState]) -> Elsewhere | None:
    """Return what ``others``, the other identities of somebody, tell together; None where there are none."""
    if not others:
        return None
    last_active = _latest(one.last_active for one in others)
    return Elsewhere(
        first=_earliest(one.first for one in others),
        active_days=_days(day for one in others for day in one.active_days),
        last_active=last_active,
        platform=next((one.member.platform for one in others if one.member and one.last_active is last_active), ""),
        contact=_latest(one.contact for one in others),
        needs=tuple(sorted({need.reason for one in others for need in standing(one)})),
    )


def together(state: MemberState, others: Elsewhere | None) -> MemberState:
    """Return the member as one person with ``others``: their days, since when they are there, and who turned to them.

    When something is due stays the identity's own, as do roles, tags and needs.
    """
    if others is None:
        return state
    return replace(
        state,
        first=_earliest((state.first, others.first)),
        active_days=_days((*state.active_days, *others.active_days)),
        last_active=_latest((state.last_active, others.last_active)),
        contact=_latest((state.contact, others.contact)),
    )


def _days(days: Iterable[int]) -> Days:
    return tuple(sorted(set(days)))[-DAYS_KEPT:]


def _earliest(known: Iterable[Evidence | None]) -> Evidence | None:
    return min((one for one in known if one is not None), key=_place, default=None)


def _latest(known: Iterable[Evidence | None]) -> Evidence | None:
    return max((one for one in known if one is not None), key=_place, default=None)


def _place(evidence: Evidence) -> tuple[datetime, str, str]:
    return (evidence.time, evidence.source, evidence.event)

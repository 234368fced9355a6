"""A touch as it is told: of each kind of reason the most important, with what is needed to judge them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.triage.importance import by_importance, care_load_of, gravest, importance_of, why_of
from services.triage.needs import NeedGone, NeedMet, NeedWithdrawn
from shared.contracts.needs_touch import Evidence, NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn, TouchReason

MOST_OF_A_KIND: Final = 8
"""So many reasons of one kind are told; more say nothing new, and each telling holds all."""
_MOST_EVIDENCE: Final = 64


def told_with(standing: Sequence[TouchReason], joining: TouchReason) -> tuple[TouchReason, ...]:
    """Return which reasons are told now: of a kind ``joining`` and the most important, then the newest."""
    same = [one for one in standing if one.reason == joining.reason]
    same.sort(key=lambda one: (one.importance, one.revision), reverse=True)
    kept = same[: MOST_OF_A_KIND - 1]
    return (*(one for one in standing if one.reason != joining.reason or one in kept), joining)


def touch_of(
    reasons: Sequence[TouchReason],
    joining: TouchReason,
    *,
    touch: str,
    revision: int,
    organisation: str,
    community: str,
    about: str,
    raised_at: datetime,
) -> NeedsTouch:
    """Return the touch with its ``reasons``, as the revision tells it that is about ``joining``."""
    ordered = by_importance(reasons)
    leading = ordered[0]
    return NeedsTouch(
        touch=touch,
        revision=revision,
        organisation=organisation,
        community=community,
        segment=joining.segment,
        reason=joining.reason,
        urgency=gravest(ordered),
        care_load=care_load_of(ordered),
        member=leading.member,
        about=about,
        conversation=leading.conversation,
        since=min(one.since for one in ordered),
        raised_at=raised_at,
        evidence=_evidence(ordered),
        rule=joining.rule,
        policy_version=joining.policy_version,
        values=joining.values,
        thresholds=joining.thresholds,
        reasons=ordered,
        importance=importance_of(ordered),
        why=why_of(ordered),
    )


def _evidence(reasons: Sequence[TouchReason]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(one for reason in reasons for one in reason.evidence))[:_MOST_EVIDENCE]


def end_of(touch: NeedsTouch, gone: NeedGone) -> NeedWithdrawn | NeedMet:
    """Return the end of the touch with ``gone``, its last reason."""
    basis: dict[str, Any] = {
        "touch": touch.touch,
        "revision": touch.revision + 1,
        "organisation": touch.organisation,
        "community": touch.community,
        "segment": touch.segment,
        "reason": gone.reason,
        "about": touch.about,
        "at": gone.at,
        "cause": gone.cause,
        "evidence": gone.evidence,
    }
    if gone.by is None:
        return NeedWithdrawn(end=NeedsTouchWithdrawn(**basis))
    return NeedMet(end=NeedsTouchMet(**basis, by=gone.by))

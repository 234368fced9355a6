"""How important a reason is, and a touch with all its reasons: in figures, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.needs_touch import TouchReason

_GRAVEST_FIRST: Final = ("urgent", "soon", "routine")
_SHARE_OF_OTHERS: Final = 0.5
_MOST_CARE_LOAD: Final = 100


class Weights(Struct, frozen=True, kw_only=True, gc=False):
    """What the policy says an urgency is worth, and the segment of the member in question."""

    urgent: float
    soon: float
    routine: float
    segment: float


def weighed(need: TouchReason, weights: Weights, revision: int) -> TouchReason:
    """Return ``need`` as a reason of the touch from ``revision`` on, with its importance: the product."""
    of_urgency = {"urgent": weights.urgent, "soon": weights.soon}.get(need.urgency, weights.routine)
    return replace(
        need,
        revision=revision,
        importance=round(of_urgency * weights.segment * need.strength, 2),
        why=_why(need, weights.segment),
    )


def _why(need: TouchReason, of_segment: float) -> str:
    words = [f"{need.urgency}, because of {need.reason}"]
    if of_segment != 1:
        words.append(f"{need.segment} counts {of_segment:g} times")
    if need.strength != 1:
        words.append(f"{need.strength:g} times as strong as the rule asks for")
    return "; ".join(words)


def by_importance(reasons: Sequence[TouchReason]) -> tuple[TouchReason, ...]:
    """Return ``reasons``, the most important first, then the oldest."""
    return tuple(sorted(reasons, key=lambda one: (-one.importance, one.since, one.reason, one.about)))


def importance_of(reasons: Sequence[TouchReason]) -> float:
    """Return the importance of a touch: that of its most important reason, and half of each other's."""
    most, *others = sorted((one.importance for one in reasons), reverse=True)
    return round(most + _SHARE_OF_OTHERS * sum(others), 2)


def why_of(reasons: Sequence[TouchReason]) -> str | None:
    """Return in words what makes a touch as important as it is, its ``reasons`` being in order."""
    leading, *others = reasons
    also = ", ".join(dict.fromkeys(one.reason for one in others))
    return f"{leading.why}; also {also}" if also else leading.why


def gravest(reasons: Sequence[TouchReason]) -> str:
    """Return the gravest urgency among ``reasons``."""
    found = {one.urgency for one in reasons}
    return next((urgency for urgency in _GRAVEST_FIRST if urgency in found), reasons[0].urgency)


def care_load_of(reasons: Sequence[TouchReason]) -> int:
    """Return what a touch asks of a human: as much as its heaviest reason, and one more for each other."""
    return min(max(one.care_load for one in reasons) + len(reasons) - 1, _MOST_CARE_LOAD)

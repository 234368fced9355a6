"""The rules as they hold in a segment, which may have thresholds of its own. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from shared.contracts.policy_rules import Rules

_SOONEST: Final[Mapping[str, Callable[..., Any]]] = {
    "within_hours": min,
    "every_days": min,
    "min_active_days": min,
    "times_usual_gap": min,
    "at_least_days": min,
    "assumed_gap_days": min,
    "at_most": max,
}
"""Of what a segment may have of its own, by which of several values a rule finds somebody the soonest."""


def rules_in(rules: Rules, segment: str) -> Rules:
    """Return the rules as they hold for the members of ``segment``."""
    return replace(rules, **{each.name: _in(getattr(rules, each.name), segment) for each in fields(rules)})


def rules_to_arm_by(rules: Rules) -> Rules:
    """Return the rules by which a deadline is set before it matters whose it is: no segment's would be sooner.

    Whoever looks at it then goes by the member's segment, and postpones.
    """
    return replace(rules, **{each.name: _soonest(getattr(rules, each.name)) for each in fields(rules)})


def _in(rule: Any, segment: str) -> Any:
    own = next((one for one in _by_segment(rule) if one.segment == segment), None)
    if own is None:
        return rule
    given = {each.name: getattr(own, each.name) for each in fields(own) if each.name != "segment"}
    return replace(rule, **{name: value for name, value in given.items() if value is not None})


def _soonest(rule: Any) -> Any:
    if not _by_segment(rule):
        return rule
    each = [rule, *(_in(rule, one.segment) for one in rule.by_segment)]
    enabled = [one for one in each if one.enabled]
    soonest = {
        name: choose(getattr(one, name) for one in enabled or each)
        for name, choose in _SOONEST.items()
        if hasattr(rule, name)
    }
    return replace(rule, enabled=bool(enabled), **soonest)


def _by_segment(rule: Any) -> tuple[Any, ...]:
    """Return what differs by segment; rules that look at no deadline are the same for all."""
    own: tuple[Any, ...] = getattr(rule, "by_segment", ())
    return own

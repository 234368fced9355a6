"""What a well-formed policy must also be to make sense, as one table of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from shared.policy import condition_checks, hours_checks, name_checks, service_checks, tone_checks
from shared.policy.document import Document, Finding

_RULES: Final[tuple[Callable[[Document], Iterator[Finding]], ...]] = (
    name_checks.communities,
    name_checks.responders,
    name_checks.emergency_contact,
    name_checks.segments,
    name_checks.by_segment,
    name_checks.identities,
    name_checks.integrators,
    name_checks.retention,
    hours_checks.hours,
    hours_checks.free_days,
    hours_checks.leave,
    condition_checks.conditions,
    service_checks.emails,
    service_checks.limits,
    service_checks.emergency_contact,
    service_checks.unserved,
    service_checks.integrators,
    tone_checks.crisis,
)


def check(document: Document) -> Iterator[Finding]:
    """Yield what is wrong or doubtful beyond the form of single fields."""
    for rule in _RULES:
        yield from rule(document)

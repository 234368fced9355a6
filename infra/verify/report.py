"""What the checks found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.table_comparison import Difference


@dataclass(slots=True, kw_only=True)
class Check:
    """One check: how much it compared, what differs, and what else is worth knowing. ``notes`` are no differences."""

    name: str
    compared: int = 0
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many differences there are."""
        return sum(difference.count for difference in self.differences)

    def found(self, differences: Iterable[Difference], where: str = "") -> None:
        """Take differences in; those without any are none. ``where`` is put before what they are."""
        for one in differences:
            if one.count:
                what = f"{where}: {one.what}" if where else one.what
                self.differences.append(Difference(what=what, count=one.count, examples=one.examples))

    def differs(self, what: str, *examples: str) -> None:
        """Take one difference in, told in words."""
        self.found([Difference(what=what, count=1, examples=examples)])


@dataclass(slots=True, kw_only=True)
class Report:
    """All checks, in the order in which they first began."""

    checks: dict[str, Check] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        """How many differences there are in all."""
        return sum(check.count for check in self.checks.values())

    @contextmanager
    def check(self, name: str) -> Iterator[Check]:
        """Begin the check ``name``, or go on with it; its seconds add up."""
        check = self.checks.setdefault(name, Check(name=name))
        began = time.monotonic()
        try:
            yield check
        finally:
            check.seconds += time.monotonic() - began

"""Metrics: what this process measures with, and counters that cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

METER: Final = metrics.get_meter("warmline")
_HOUR: Final = 3600.0
WAITS: Final = (
    *(1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0),
    *(_HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 16 * _HOUR, 24 * _HOUR, 48 * _HOUR, 96 * _HOUR, 168 * _HOUR),
)
"""Bounds, in seconds, of how long people wait for people."""

OTHER: Final = "other"
"""Stands for every value of a label beyond those that are told apart."""


class Tally:
    """A counter that is added to often: an addition is one to a number, which is read when somebody asks.

    ``labels`` name what is counted apart; of the first at most ``most`` values, the rest as ``other``, so that what
    comes from outside cannot make time series without end. The other labels must be bounded by themselves.
    """

    def __init__(self, name: str, unit: str, description: str, labels: Sequence[str], *, most: int = 100) -> None:
        self._labels = tuple(labels)
        self._most = most
        self._first: set[str] = set()
        self._counts: dict[tuple[str, ...], int] = {}
        METER.create_observable_counter(name, [self._observe], unit=unit, description=description)

    def add(self, values: tuple[str, ...], amount: int = 1) -> None:
        """Count ``amount`` of ``values``, one for each label."""
        count = self._counts.get(values)
        if count is None:
            values = self._bounded(values)
            count = self._counts.get(values, 0)
        self._counts[values] = count + amount

    @property
    def counts(self) -> dict[tuple[str, ...], int]:
        """What was counted so far."""
        return dict(self._counts)

    def _bounded(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or values[0] in self._first:
            return values
        if len(self._first) < self._most:
            self._first.add(values[0])
            return values
        return (OTHER, *values[1:])

    def _observe(self, _options: CallbackOptions) -> Iterator[Observation]:
        # Another thread asks; a copy is made at one stroke.
        for values, count in self.counts.items():
            yield Observation(count, dict(zip(self._labels, values, strict=True)))

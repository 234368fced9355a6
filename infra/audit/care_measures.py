"""The auditor's metrics of care: how long touches wait, how they went on, and who is there for them."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from infra.audit.care_look import Waiting
from infra.audit.coverage import STANDINGS, Coverage
from shared.telemetry.metrics import OTHER, WAITS

URGENCIES: Final = ("urgent", "soon", "routine")
UNCLAIMED: Final = ("raised", "held", "assigned")
MOST_ORGANISATIONS: Final = 50


class CareMeasures:
    """Labels are bounded: urgencies, states and holds are words of ours, and of organisations the first 50 are told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"warmline_{name}", meaning, labels, registry=registry)

        self._complete = gauge("care_look_complete", "Whether the last look at care could be made")
        self._open = gauge("touches_open", "Open touches", "urgency", "state")
        self._held = gauge("touches_held", "Touches that nobody could be given, by why", "hold")
        self._oldest = gauge(
            "touch_oldest_unclaimed_seconds",
            "How long ago the oldest touch that nobody has claimed was raised",
            "urgency",
        )
        self._late = gauge("touches_late", "Touches that nobody has claimed in the time promised", "urgency")
        self._standing = gauge(
            "responders", "Responders, by how they stand for a touch now", "organisation", "standing"
        )
        self._gap = gauge(
            "coverage_gap_seconds",
            "For how much of the next 24 hours nobody works, to a quarter of an hour",
            "organisation",
        )
        self._missing = gauge(
            "coverage_missing_seconds",
            "For how much of the organisation's own hours in the next 24 nobody works, to a quarter of an hour",
            "organisation",
        )
        self._step = Histogram(
            "warmline_touch_step_seconds",
            "How long after the event at which the need began a touch was raised, acknowledged, settled",
            ("step", "urgency"),
            buckets=WAITS,
            registry=registry,
        )
        self._promises = Counter(
            "warmline_promises",
            "Touches that were acknowledged within the time that the care policy promises, and those that were not",
            ("urgency", "kept"),
            registry=registry,
        )
        for urgency in URGENCIES:  # a rate needs a beginning
            for kept in ("yes", "no"):
                self._promises.labels(urgency, kept)

    def take_waiting(self, rows: Iterable[Waiting]) -> None:
        """Set how many open touches stand how."""
        held: Count[str] = Count()
        counts: Count[tuple[str, str]] = Count()
        oldest = dict.fromkeys(URGENCIES, 0.0)
        for row in rows:
            counts[row.urgency, row.state] += row.count
            if row.state == "held":
                held[row.hold or "no-responder"] += row.count
            if row.state in UNCLAIMED:
                oldest[row.urgency] = max(oldest.get(row.urgency, 0.0), row.oldest_seconds)
        self._open.clear()
        self._held.clear()
        self._oldest.clear()
        for (urgency, state), count in counts.items():
            self._open.labels(urgency, state).set(count)
        for hold, count in held.items():
            self._held.labels(hold).set(count)
        for urgency, seconds in oldest.items():
            self._oldest.labels(urgency).set(seconds)

    def take_late(self, late: Mapping[str, int]) -> None:
        """Set how many touches are late, by urgency."""
        for urgency in {*URGENCIES, *late}:
            self._late.labels(urgency).set(late.get(urgency, 0))

    def take_people(self, standings: Mapping[str, Count[str]], ahead: Mapping[str, Coverage]) -> None:
        """Set who is there now and in the next 24 hours, by organisation."""
        self._standing.clear()
        self._gap.clear()
        self._missing.clear()
        told: dict[str, Count[str]] = {}
        gap: Count[str] = Count()
        missing: Count[str] = Count()
        for number, organisation in enumerate(sorted(standings)):
            name = organisation if number < MOST_ORGANISATIONS else OTHER
            told.setdefault(name, Count()).update(standings[organisation])
            gap[name] += int(ahead[organisation].gap.total_seconds())
            missing[name] += int(ahead[organisation].missing.total_seconds())
        for name, counts in told.items():
            for standing in STANDINGS:
                self._standing.labels(name, standing).set(counts[standing])
            self._gap.labels(name).set(gap[name])
            self._missing.labels(name).set(missing[name])

    def step(self, step: str, urgency: str, seconds: float, traceparent: str | None) -> None:
        """Count a touch that came to ``step`` so long after the event at which its need began.

        Its recorded trace is kept beside the bucket as an example (OpenMetrics: exemplar).
        """
        example = {"trace_id": traceparent.split("-")[1]} if traceparent else None
        self._step.labels(step, urgency).observe(max(0.0, seconds), exemplar=example)

    def promise(self, urgency: str, *, kept: bool) -> None:
        """Count a promise that was kept or broken."""
        self._promises.labels(urgency, "yes" if kept else "no").inc()

    def take_complete(self, *, complete: bool) -> None:
        """Set whether the look could be made."""
        self._complete.set(complete)

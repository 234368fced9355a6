"""What is measured, and what it must come to: the one place where floors and aims stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.sizing import DISK


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One measure. ``floor`` must be reached, ``aim`` is what the parts should allow."""

    name: str
    row: str
    title: str
    unit: str
    better: Literal["more", "less"]
    floor: float
    aim: float

    def judge(self, value: float) -> Literal["aim", "floor", "missed"]:
        """Return what ``value`` reaches."""
        sign = 1 if self.better == "more" else -1
        if sign * value >= sign * self.aim:
            return "aim"
        return "floor" if sign * value >= sign * self.floor else "missed"


TARGETS: Final = (
    Target(
        name="triage-over-textbook",
        row="triage_throughput",
        title="Triage, one process, over the textbook way",
        unit="times",
        better="more",
        floor=50,
        aim=150,
    ),
    Target(
        name="triage-of-bare-loop",
        row="triage_throughput",
        title="Triage, one process, of the bare loop",
        unit="share",
        better="more",
        floor=0.25,
        aim=0.60,
    ),
    Target(
        name="recorder",
        row="recorder_share",
        title="Event store, of the bare array insert with its position",
        unit="share",
        better="more",
        floor=0.60,
        aim=0.90,
    ),
    Target(
        name="history-projection",
        row="projection_share",
        title="History projection, of the bare upsert",
        unit="share",
        better="more",
        floor=0.40,
        aim=0.75,
    ),
    Target(
        name="queue-projection",
        row="projection_share",
        title="Queue projection, of the bare upsert",
        unit="share",
        better="more",
        floor=0.40,
        aim=0.75,
    ),
    Target(
        name="pipeline",
        row="whole_pipeline",
        title="Whole pipeline on 2 processors, no tone",
        unit="events/s",
        better="more",
        floor=5_000,
        aim=15_000,
    ),
    Target(
        name="pipeline-tone",
        row="whole_pipeline",
        title="Whole pipeline on 2 processors, tone on each text",
        unit="events/s",
        better="more",
        floor=2_500,
        aim=6_000,
    ),
    Target(
        name="pipeline-over-textbook",  # the same demands from one machine to the next: over its 210 events a second
        row="whole_pipeline",
        title="Whole pipeline over the textbook way, no tone",
        unit="times",
        better="more",
        floor=23.8,
        aim=71,
    ),
    Target(
        name="pipeline-tone-over-textbook",
        row="whole_pipeline",
        title="Whole pipeline over the textbook way, tone on each text",
        unit="times",
        better="more",
        floor=11.9,
        aim=28.6,
    ),
    Target(
        name="pipeline-cpu",
        row="whole_pipeline",
        title="Processor time of the whole line for an event, no tone",
        unit="µs",
        better="less",
        floor=200,
        aim=90,
    ),
    Target(
        name="pipeline-cpu-textbook",  # the same demand from one machine to the next: of its 3,160 µs 200, or 90
        row="whole_pipeline",
        title="Processor time of the textbook way over that of the whole line",
        unit="times",
        better="more",
        floor=15.8,
        aim=35.1,
    ),
    Target(
        name="pipeline-fsyncs",
        row="whole_pipeline",
        title="fsyncs for 1,000 events under load",
        unit="",
        better="less",
        floor=50,
        aim=10,
    ),
    Target(
        name="webhooks",
        row="webhooks_http",
        title="Webhooks by HTTP, of the bare ASGI application's",
        unit="share",
        better="more",
        floor=0.60,
        aim=0.75,
    ),
    Target(
        name="import-over-singles",
        row="imports",
        title="Import of history over one request for each event",
        unit="times",
        better="more",
        floor=10,
        aim=30,
    ),
    Target(
        name="triage-processes",
        row="triage_processes",
        title="Two triage processes over one",
        unit="times",
        better="more",
        floor=1.15,
        aim=1.4,
    ),
    Target(
        name="two-processes",
        row="two_processes",
        title="Two processes of each service over one",
        unit="times",
        better="more",
        floor=1.15,
        aim=1.4,
    ),
    Target(
        name="telemetry-cpu",
        row="telemetry",
        title="Processor time for an event with all telemetry, over with none",
        unit="times",
        better="less",
        floor=1.05,
        aim=1.02,
    ),
    Target(
        name="post-median",
        row="post_to_history",
        title="POST to history, idle: median over the bare two hops",
        unit="times",
        better="less",
        floor=2.5,
        aim=1.3,
    ),
    Target(
        name="post-p99",
        row="post_to_history",
        title="POST to history, idle: 99th percentile over the bare two hops",
        unit="times",
        better="less",
        floor=3,
        aim=1.5,
    ),
    Target(
        name="memory",
        row="much_stored",
        title="Memory of the largest service under load",
        unit="MiB",
        better="less",
        floor=286,  # 300 MB
        aim=143,
    ),
    Target(
        name="cost-at-history",
        row="much_stored",
        title="Cost of an event with much stored, over with little",
        unit="times",
        better="less",
        floor=1.2,
        aim=1.05,
    ),
    Target(
        name="queue-page",
        row="pages",
        title="Queue page: the first 50 of the open touches",
        unit="ms",
        better="less",
        floor=20,
        aim=5,
    ),
    Target(
        name="history-page",
        row="pages",
        title="History page of a member with many events",
        unit="ms",
        better="less",
        floor=20,
        aim=5,
    ),
    Target(
        name="cold-start",
        row="much_stored",
        title="Cold start of the whole system with much stored",
        unit="s",
        better="less",
        floor=15,
        aim=5,
    ),
)
"""In the order of the table."""

DETAILS: Final[dict[str, tuple[str, str]]] = {
    "ingest-single": ("Single events by HTTP, of the bare ASGI application's", "share"),
    "ingest-arrays": ("Arrays of 100 by HTTP, of the bare ASGI application's", "share"),
    **{
        f"cpu-{part}": (f"Processor time of {part} for an event", "µs")
        for part in ("ingest", "triage", "notifier", "projections", "auditor", "postgresql", "nats-server")
    },
    "pipeline-cpu-bare": ("Processor time of the whole line over that of the bare loop", "times"),
    "cpu-triage-tone": ("Processor time of triage for an event, tone on each text", "µs"),
    "telemetry-rate": ("Events a second with all telemetry, over with none", "times"),
    "post-median-ms": ("POST to history, median", "ms"),
    "post-p99-ms": ("POST to history, 99th percentile", "ms"),
    "bare-median-ms": ("Bare two hops, median", "ms"),
    "bare-p99-ms": ("Bare two hops, 99th percentile", "ms"),
    "queue-page-p99": ("Queue page, 99th percentile", "ms"),
    "queue-page-later": ("Queue page after twenty others", "ms"),
    "history-page-p99": ("History page, 99th percentile", "ms"),
    "history-page-later": ("History page after twenty others", "ms"),
    **{name: (f"Disk for a million events, {title}", "GB") for name, title in DISK.items()},
    "memory-growth": ("Growth of the service that grew most", "MiB"),
    "memory-ingest": ("Largest memory of ingest", "MiB"),
    "memory-triage": ("Largest memory of triage", "MiB"),
    "memory-notifier": ("Largest memory of notifier", "MiB"),
    "memory-projections": ("Largest memory of projections", "MiB"),
    "memory-growth-ingest": ("Growth of ingest", "MiB"),
    "memory-growth-triage": ("Growth of triage", "MiB"),
    "memory-growth-notifier": ("Growth of notifier", "MiB"),
    "memory-growth-projections": ("Growth of projections", "MiB"),
}
"""Figures that no bound is set for, by name: title and unit."""

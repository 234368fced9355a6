"""What is measured, and what it must come to: the one place where floors and aims stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


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
        name="pipeline-cpu",
        row="cpu_per_event",
        title="Processor time of the whole line for an event",
        unit="µs",
        better="less",
        floor=200,
        aim=90,
    ),
    Target(
        name="pipeline-fsyncs",
        row="fsyncs",
        title="fsyncs for 1,000 events under load",
        unit="",
        better="less",
        floor=50,
        aim=10,
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
        row="memory",
        title="Memory of the largest service under load",
        unit="MiB",
        better="less",
        floor=300,
        aim=150,
    ),
    Target(
        name="memory-growth",
        row="memory",
        title="Growth of its memory over the second half of the run",
        unit="MiB",
        better="less",
        floor=15,
        aim=5,
    ),
    Target(
        name="cost-at-history",
        row="cost_at_history",
        title="Cost of an event with much stored, over with little",
        unit="times",
        better="less",
        floor=1.2,
        aim=1.05,
    ),
    Target(
        name="queue-page",
        row="queue_page",
        title="Queue page: the first 50 of the open touches",
        unit="ms",
        better="less",
        floor=20,
        aim=5,
    ),
    Target(
        name="history-page",
        row="member_history_page",
        title="History page of a member with many events",
        unit="ms",
        better="less",
        floor=20,
        aim=5,
    ),
    Target(
        name="cold-start",
        row="cold_start",
        title="Cold start of the whole system with much stored",
        unit="s",
        better="less",
        floor=15,
        aim=5,
    ),
    Target(
        name="ingest-single",
        row="ingest_http",
        title="Single events by HTTP, of the bare ASGI application",
        unit="share",
        better="more",
        floor=0.25,
        aim=0.60,
    ),
    Target(
        name="ingest-arrays",
        row="ingest_http",
        title="Arrays of 100 by HTTP, of the bare ASGI application",
        unit="share",
        better="more",
        floor=0.25,
        aim=0.60,
    ),
)
"""In the order of the table."""

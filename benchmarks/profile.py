"""Where a service's time goes under load: ``python -m benchmarks.profile triage``, or ``make profile``.

py-spy (https://github.com/benfred/py-spy) samples the process from outside, so what is measured is what runs. Shares
are of the time in which a thread runs Python; what it waits for, the servers above all, is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks import progress
from benchmarks.http_load import connections, post_all
from benchmarks.processes import running_module
from benchmarks.rows.ingest_http import array_requests, ingest
from benchmarks.stage import Database, Stage, stage
from benchmarks.workload import fill_stream

_PROGRESS: Final = {"triage": progress.TRIAGE, "notifier": progress.NOTIFIER, "projections": progress.HISTORY}
_RELAYED: Final = "SELECT max(relayed_seq) FROM triage.shards"
_WARM: Final = 500
_CONNECTIONS: Final = 8
_RATE: Final = 200
_FILL_SECONDS: Final = 20.0
_SHOWN: Final = 30
_EVERYTHING: Final = 0.97
"""What all samples have in common tells nothing."""
_SAMPLE: Final = re.compile(r"^(?P<stack>.*) (?P<count>\d+)$")
_SITE: Final = re.compile(r".*/site-packages/|.*/lib/python3\.\d+/")
_HERE: Final = f"{Path(__file__).parent.parent}/"


@asynccontextmanager
async def _reading(standing: Stage, database: Database, service: str, events: int) -> AsyncIterator[int]:
    """Run a service over streams that are full; give its process once it has read some."""
    await fill_stream(standing.client, events, over=_FILL_SECONDS)
    if service == "notifier":
        async with running_module("services.triage.main", database.env, standing.data / "triage.log"):
            await database.reach(progress.TRIAGE, events)
            await database.reach(_RELAYED, events // 20)
    async with running_module(f"services.{service}.main", database.env, standing.data / "profiled.log") as process:
        await database.reach(_PROGRESS[service], _WARM)
        yield process.pid


@asynccontextmanager
async def _posted_to(standing: Stage, database: Database, events: int) -> AsyncIterator[int]:
    """Run ingest and post arrays to it; give its process."""

    async def post(url: str) -> None:
        async with connections(url, _CONNECTIONS) as opened:
            await post_all(opened, array_requests(events), 3600)

    async with ingest(standing, database, bare=False) as (url, pid):
        posting = asyncio.create_task(post(url))
        yield pid
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


async def _profile(service: str, seconds: int, events: int, say: Callable[[str], None]) -> None:
    say("Starting servers and making events")
    async with stage() as standing, standing.database() as database:
        at_work = (
            _posted_to(standing, database, events)
            if service == "ingest"
            else _reading(standing, database, service, events)
        )
        async with at_work as pid:
            say(f"Sampling {service} for {seconds} s, {_RATE} times a second")
            raw = standing.data / "samples.txt"
            sampler = await asyncio.create_subprocess_exec(
                *(Path(sys.executable).parent / "py-spy", "record", "--pid", str(pid)),
                *("--format", "raw", "--rate", str(_RATE), "--duration", str(seconds), "--gil", "--output", raw),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            _, errors = await sampler.communicate()
        if sampler.returncode:
            sys.exit(f"py-spy could not sample it: {errors.decode()}")
        for line in table(raw.read_text(encoding="utf-8").splitlines()):
            say(line)


def table(samples: Iterable[str]) -> list[str]:
    """Return the functions with the largest shares: in their own code, and with all that they call.

    ``samples`` are py-spy's raw lines: a stack, outermost first and joined by ``;``, and how often it was seen.
    """
    own: Counter[str] = Counter()
    within: Counter[str] = Counter()
    total = 0
    for line in samples:
        found = _SAMPLE.match(line)
        if found is None:
            continue
        count = int(found["count"])
        frames = [_short(frame) for frame in found["stack"].split(";")]
        total += count
        own[frames[-1]] += count
        for frame in set(frames):
            within[frame] += count
    if not total:
        return ["It was idle: nothing was sampled. Give more --events."]

    def lines(title: str, counts: Counter[str]) -> list[str]:
        shown = [(frame, count) for frame, count in counts.most_common() if count < total * _EVERYTHING][:_SHOWN]
        return [title, *(f"  {count / total:6.1%}  {frame}" for frame, count in shown)]

    return [*lines("In the function itself", own), "", *lines("With all that it calls", within)]


def _short(frame: str) -> str:
    """Return a frame as it reads well: ``module.py function``, without folders that say nothing and line numbers."""
    function, _, place = frame.partition(" (")
    place = _SITE.sub("", place.rstrip(")")).removeprefix(_HERE)
    return f"{place.rpartition(':')[0] or place} {function}" if place else function


def main() -> None:
    """Fill the streams, run the service and print the table."""
    parser = argparse.ArgumentParser(prog="make profile", description="Shows where a service's time goes under load.")
    parser.add_argument("service", nargs="?", default="triage", choices=[*_PROGRESS, "ingest"])
    parser.add_argument("--seconds", type=int, default=10, help="how long to sample (10)")
    parser.add_argument("--events", type=int, default=100_000, help="how many events there are (100000)")
    given = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    asyncio.run(_profile(given.service, given.seconds, given.events, say))


if __name__ == "__main__":
    main()

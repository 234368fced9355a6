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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from benchmarks import progress
from benchmarks.processes import running_module
from benchmarks.stage import stage, tail_of
from benchmarks.workload import fill_stream

_PROGRESS: Final = {"triage": progress.TRIAGE, "notifier": progress.NOTIFIER, "projections": progress.HISTORY}
_WARM: Final = 500
_RATE: Final = 200
_FILL_SECONDS: Final = 20.0
_SHOWN: Final = 30
_EVERYTHING: Final = 0.97
"""What all samples have in common tells nothing."""
_SAMPLE: Final = re.compile(r"^(?P<stack>.*) (?P<count>\d+)$")
_SITE: Final = re.compile(r".*/site-packages/|.*/lib/python3\.\d+/")
_HERE: Final = f"{Path(__file__).parent.parent}/"


async def _profile(service: str, seconds: int, events: int, say: Callable[[str], None]) -> None:
    async with stage() as standing, standing.database() as database:
        await fill_stream(standing.client, events, over=_FILL_SECONDS)
        if service == "notifier":
            say("Triage first, so that there are touches")
            async with running_module("services.triage.main", database.env, standing.data / "triage.log"):
                await database.reach(progress.TRIAGE, events)
        say(f"Sampling {service} for {seconds} s, {_RATE} times a second")
        log = standing.data / "profiled.log"
        raw = standing.data / "samples.txt"
        async with running_module(f"services.{service}.main", database.env, log) as process:
            await database.reach(_PROGRESS[service], _WARM)
            sampler = await asyncio.create_subprocess_exec(
                *(Path(sys.executable).parent / "py-spy", "record", "--pid", str(process.pid)),
                *("--format", "raw", "--rate", str(_RATE), "--duration", str(seconds), "--gil", "--output", raw),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            _, errors = await sampler.communicate()
            if sampler.returncode:
                sys.exit(f"py-spy could not sample it: {errors.decode()}\n{tail_of(log)}")
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
    parser.add_argument("service", nargs="?", default="triage", choices=list(_PROGRESS))
    parser.add_argument("--seconds", type=int, default=10, help="how long to sample (10)")
    parser.add_argument("--events", type=int, default=100_000, help="how many events wait in the stream (100000)")
    given = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    asyncio.run(_profile(given.service, given.seconds, given.events, say))


if __name__ == "__main__":
    main()

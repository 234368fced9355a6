"""fsyncs are counted in a pass of their own, and of that pass nothing else is taken."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from benchmarks.counting_pass import modest, with_fsyncs, without_fsyncs
from benchmarks.fsyncs import run_counted, why_not_counted
from benchmarks.options import Options
from benchmarks.report import lines_of, page_part
from benchmarks.results import Contestant, Results, RowResult
from tests.waiting import until_async

_SYNCS = """
import os, subprocess, sys
from benchmarks.fsyncs import fsyncs_so_far
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
before = fsyncs_so_far()
os.write(file, b"kept")
os.fsync(file)
os.fdatasync(file)
subprocess.run([sys.executable, "-c", "import os, sys; os.fsync(os.open(sys.argv[1], os.O_WRONLY))", sys.argv[1]])
print(before, fsyncs_so_far())
"""
_WAITS = """
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
def end(number, frame):
    child.terminate()
    child.wait()
    os.fsync(1)
    print("ended in order")
    sys.exit(1)
signal.signal(signal.SIGTERM, end)
print("waits", child.pid, flush=True)
signal.pause()
"""


def _result(*, fsyncs: float | None, rate: float, seconds: int) -> RowResult:
    ways = {"no tone": rate, "textbook": rate / 30}
    figures = {"pipeline": rate, "pipeline-over-textbook": 30.0}
    return RowResult(
        row="whole_pipeline",
        at=datetime(2026, 11, 24, seconds % 24, tzinfo=UTC),
        rounds=5,
        discarded=0,
        sizes={"seconds": seconds},
        figures=figures if fsyncs is None else figures | {"pipeline-fsyncs": fsyncs},
        contestants=tuple(
            Contestant(name=name, rate=rate, cpu_us=1e6 / rate, fsyncs_per_1000=fsyncs, rates=(rate,))
            for name, rate in ways.items()
        ),
        notes=("How it was done.",),
        load=0.5,
    )


def _needs_strace() -> None:
    if why_not := why_not_counted():
        pytest.skip(why_not)


def test_of_the_pass_that_counts_nothing_but_fsyncs_is_taken() -> None:
    timed = _result(fsyncs=None, rate=6000, seconds=600)
    merged = with_fsyncs(timed, _result(fsyncs=14.0, rate=900, seconds=20))
    assert merged.figures == timed.figures | {"pipeline-fsyncs": 14.0}
    assert [one.fsyncs_per_1000 for one in merged.contestants] == [14.0, 14.0]
    assert tuple(replace(one, fsyncs_per_1000=None) for one in merged.contestants) == timed.contestants
    assert replace(merged, figures=timed.figures, contestants=timed.contestants, notes=timed.notes) == timed
    assert any("14 fsyncs per 1,000" in line for line in lines_of(merged))
    assert "fsyncs were counted in one more round" in page_part(Results(machine={}, rows={timed.row: merged}))


def test_a_way_that_did_not_take_part_in_the_pass_has_none() -> None:
    timed = _result(fsyncs=None, rate=6000, seconds=600)
    counted = _result(fsyncs=14.0, rate=900, seconds=20)
    merged = with_fsyncs(timed, replace(counted, contestants=counted.contestants[1:]))
    assert [one.fsyncs_per_1000 for one in merged.contestants] == [None, 14.0]


def test_what_was_not_counted_says_why() -> None:
    timed = _result(fsyncs=None, rate=6000, seconds=600)
    told = without_fsyncs(timed, "strace is missing")
    assert replace(told, notes=timed.notes) == timed
    assert "fsyncs were not counted: strace is missing." in page_part(Results(machine={}, rows={timed.row: told}))


def test_the_pass_is_one_short_round() -> None:
    long = Options(rounds=5, seconds=30, sizes={"PIPELINE_SECONDS": 600, "TWO_SECONDS": 4, "EVENTS": 1000})
    short = modest(long)
    assert (short.rounds, short.seconds) == (1, 3)
    assert short.sizes == {"PIPELINE_SECONDS": 20, "TWO_SECONDS": 4, "EVENTS": 1000}


async def test_calls_of_a_command_and_of_what_it_starts_are_counted(tmp_path) -> None:
    _needs_strace()
    log = tmp_path / "log"
    command = [sys.executable, "-c", _SYNCS, str(tmp_path / "written")]
    assert await run_counted(command, tmp_path / "fsyncs", log) == 0
    assert log.read_text() == "0 3\n"


async def test_a_cancelled_pass_ends_what_it_started_in_order(tmp_path) -> None:
    _needs_strace()
    log = tmp_path / "log"
    counting = asyncio.create_task(run_counted([sys.executable, "-c", _WAITS], tmp_path / "fsyncs", log))

    async def waits() -> bool:
        return log.exists() and log.read_text().startswith("waits")

    await until_async(waits)
    counting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await counting
    said = log.read_text().splitlines()
    assert said[-1] == "ended in order"
    assert not psutil.pid_exists(int(said[0].split()[1]))

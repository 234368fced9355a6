"""Row 17: clocks jump, an owner stands still for long, every process is restarted one after the other: no loss.

Clocks jump in the simulation, where they can be told to; the rest is done to a deployment with two processes a service.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from infra.run_file import RunFile
from infra.shards import SERVICES
from infra.status import wait_ready, why_not_owned
from shared.leases import TTL_SECONDS
from tests.chaos.fault_kinds import FAULT_KINDS
from tests.chaos.schedule import Fault
from tests.failures.under_load import UnderLoad, under_load
from tests.simulation.life import HOURS, MINUTES, Life, living, welcomes
from tests.waiting import until_async

on_one_loop = pytest.mark.asyncio(loop_scope="module")
STANDS_STILL_SECONDS = 2 * TTL_SECONDS
PROBE_SECONDS = 0.3
PAUSE_SECONDS = 5.0
"""How long nine of ten events take at most, or three times as long as half of them do on a busy machine.

Under load messages gather for up to a second before each of four steps, and two processes have no more of a processor.
"""
ROUNDS = 3
"""In one of so many it holds: other tests may starve a round. Were none handed over, it would in none."""
SLOW_RESTARTS = 1
"""So many may cost as much as a lease, on a machine that is busy with much else; were none handed over, four would."""


@pytest.fixture
def life() -> Iterator[Life]:
    with living() as made:
        yield made


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
@pytest.mark.parametrize("whose", ["nats", "postgres", "process"])
def test_a_clock_jumps_and_comes_back(life: Life, whose: str, hours: int) -> None:
    life.ask("ada", "c-1")
    life.ask("bea", "c-2")
    life.line.jump(whose=whose, hours=hours)
    life.pass_time(10 * MINUTES)
    life.world.start("triage")
    life.world.start("notifier")
    life.post("cleo", "c-1", "Like this.")
    life.line.jump(whose=whose, hours=0)
    life.world.start("triage")
    life.world.start("notifier")
    life.pass_time(5 * HOURS)
    assert ("unanswered", "bea", "assigned") in life.queue()
    given = [state.need for state in life.touches() if state.need and state.status == "assigned"]
    assert "c-1" not in {need.conversation for need in given}


def test_a_wall_clock_that_runs_ahead_calls_nobody_early(life: Life) -> None:
    life.ask("ada", "c-1")
    for owner in life.world.owners:
        owner.skew = 30 * HOURS
    life.pass_time(3 * HOURS)
    assert life.raised() == 0
    life.post("cleo", "c-1", "Like this.")
    assert life.queue() == set()


def test_a_wall_clock_that_is_behind_calls_late_and_loses_nothing(life: Life) -> None:
    life.ask("ada", "c-1")
    for owner in life.world.owners:
        owner.skew = -6 * HOURS
    life.pass_time(9 * HOURS)
    assert life.raised() == 0
    life.pass_time(2 * HOURS)
    assert life.raised() == 2
    assert life.queue() == {("unanswered", "ada", "assigned"), *welcomes("ada")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[UnderLoad]:
    async with under_load(seed=17) as made:
        yield made


@on_one_loop
async def test_an_owner_stands_still_for_long(loaded: UnderLoad) -> None:
    stop = next(kind for kind in FAULT_KINDS if kind.act == "stop")
    await loaded.done([Fault(kind=stop, target="triage", at=0.0, seconds=STANDS_STILL_SECONDS)])


@on_one_loop
@pytest.mark.timeout(400)
async def test_a_rolling_restart_is_hardly_noticed(loaded: UnderLoad) -> None:
    noticed = ""
    for _ in range(ROUNDS):
        noticed = what_was_noticed(await pauses_in_a_rolling_restart(loaded))
        if not noticed:
            return
    raise AssertionError(noticed)


async def pauses_in_a_rolling_restart(loaded: UnderLoad) -> list[tuple[float, str]]:
    """Return how long events took, one after the other, and which process was restarted meanwhile."""
    pauses: list[tuple[float, str]] = []
    restarted = ""

    async def keep_probing() -> None:
        while True:
            seconds, _ = await loaded.prober.recovered()
            assert seconds is not None
            pauses.append((seconds, restarted))
            await asyncio.sleep(PROBE_SECONDS)

    loaded.load.start()
    probing = asyncio.create_task(keep_probing())
    for name, unit in loaded.deployment.services.items():
        restarted = name
        before = unit.unit.pid
        unit.kill(signal.SIGTERM)
        await until_async(lambda unit=unit, before=before: unit.unit.pid not in {None, before}, seconds=60)
        await wait_ready(loaded.deployment.run, 60, [why_not_owned, partial(why_not_both_at_work, gone=str(before))])
    probing.cancel()
    await asyncio.wait({probing})
    await loaded.load.finish()
    return pauses


def what_was_noticed(pauses: list[tuple[float, str]]) -> str:
    """Return the pauses where a restart was noticed, else nothing."""
    seconds = sorted(seconds for seconds, _ in pauses)
    usual, most = seconds[len(seconds) // 2], seconds[len(seconds) * 9 // 10]
    slow = {restarted for seconds, restarted in pauses if seconds >= TTL_SECONDS}
    if most < max(PAUSE_SECONDS, 3 * usual) and len(slow) <= SLOW_RESTARTS:
        return ""
    return ", ".join(f"{seconds:.1f} s as {restarted} restarted" for seconds, restarted in pauses)


async def why_not_both_at_work(run: RunFile, *, gone: str) -> str | None:
    """Return None when every service has two living processes, the one that had the pid ``gone`` not among them."""
    async with await psycopg.AsyncConnection.connect(run.postgres_url, autocommit=True) as connection:
        for service in SERVICES:
            workers = sql.SQL("SELECT owner FROM {} WHERE seen_at > clock_timestamp() - make_interval(secs => %s)")
            cursor = await connection.execute(workers.format(sql.Identifier(service, "workers")), (TTL_SECONDS,))
            owners = [owner for (owner,) in await cursor.fetchall()]
            if sum(owner.split(":")[1] != gone for owner in owners) != 2:
                return f"of {service} there are {owners}"
    return None


@on_one_loop
async def test_after_all_of_it_everything_agrees(loaded: UnderLoad) -> None:
    assert (await loaded.prober.recovered())[0] is not None
    await loaded.assert_all_agrees()

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from infra.embedded.child import Child, ChildSpec, StopStep
from infra.log_file import ROTATE_ABOVE, last_lines, open_log
from infra.operator_error import OperatorError
from infra.service_process import Service, service_processes
from infra.supervisor import Backoff, Supervisor
from tests.waiting import until_async

RECORD = """
import os, signal, sys, threading
def record(word):
    with open(sys.argv[1], "a") as file:
        file.write(f"{word} {os.environ['WARMLINE_INSTANCE']} {os.getpid()}\\n")
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
record("up")
ended.wait()
record("down")
"""


def recorded(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def stand_in(name: str, path: Path, processes: int = 1) -> Service:
    argv = (sys.executable, "-c", RECORD, str(path))
    return Service(name=name, argv=argv, processes=processes)


def test_backoff_doubles_to_ten_seconds_and_forgets_after_a_long_run() -> None:
    backoff = Backoff()
    assert [backoff.after(0) for _ in range(8)] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10])
    assert backoff.after(30) == pytest.approx(0.2)


async def test_crashed_services_come_back_and_services_stop_before_servers(tmp_path: Path) -> None:
    path, lines = tmp_path / "record", list[str]()
    services = service_processes((stand_in("triage", path, 2),), env={"A": "1"}, data=tmp_path)
    servers = service_processes((stand_in("database", path), stand_in("streams", path)), env={}, data=tmp_path)
    supervisor = Supervisor(servers=servers, services=services, report=lines.append)
    try:
        await supervisor.start_servers()
        await until_async(lambda: len(recorded(path)) == 2)
        await supervisor.start_services()
        await until_async(lambda: len(recorded(path)) == 4)
        pids = {name: int(pid) for _, name, pid in recorded(path)}
        os.kill(pids["triage-1"], signal.SIGKILL)
        await until_async(lambda: len(recorded(path)) == 5)
        assert recorded(path)[4][:2] == ["up", "triage-1"]
        assert lines == [
            f"triage-1 was ended by SIGKILL; starting it again in 0.2 s (log: {tmp_path}/logs/triage-1.log)"
        ]
    finally:
        await supervisor.stop()
    downs = [name for word, name, _ in recorded(path) if word == "down"]
    assert sorted(downs[:2]) == ["triage-0", "triage-1"]
    assert downs[2:] == ["streams-0", "database-0"]


async def test_a_service_that_ends_again_and_again_is_named_with_its_log(tmp_path: Path) -> None:
    broken = Service(name="broken", argv=(sys.executable, "-c", "raise SystemExit('no such table')"))
    units = service_processes((broken,), env={}, data=tmp_path)
    supervisor = Supervisor(servers=[], services=units, report=lambda _line: None)
    try:
        await supervisor.start_services()
        unit = await asyncio.wait_for(supervisor.failing(), 60)
        assert unit.name == "broken-0"
        assert last_lines(unit.log, 1) == ["no such table"]
    finally:
        await supervisor.stop()


async def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = ChildSpec(argv=["/no/such"], log=tmp_path / "log", env={}, death_signal=signal.SIGKILL)
    with pytest.raises(OperatorError, match="/no/such cannot be started"):
        await Child.start(missing)


async def test_a_child_that_does_not_heed_its_signal_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); threading.Event().wait()"
    )
    argv, log = [sys.executable, "-c", deaf], tmp_path / "log"
    child = await Child.start(ChildSpec(argv=argv, log=log, env={}, death_signal=signal.SIGKILL))
    await until_async(lambda: last_lines(log) == ["deaf"])
    assert await child.stop(StopStep(signal=signal.SIGTERM, seconds=0.1)) == -signal.SIGKILL


def test_a_large_log_is_put_aside_when_it_is_opened(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "triage-0.log"
    for line in (b"first\n", b"second\n", b"x" * ROTATE_ABOVE, b"third\n"):
        with open_log(log) as file:
            file.write(line)
    assert last_lines(log) == ["third"]
    assert log.with_name("triage-0.log.1").read_bytes().startswith(b"first\nsecond\n")

"""Views and states are rebuilt while events come in: the new copy is as the old, and the API answers throughout."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from subprocess import PIPE, Popen
from typing import Any

import httpx
import psycopg
import pytest

from shared.contracts.subjects import partition_of
from tests.end_to_end.harbour import SOURCE, event, post, write_policy
from tests.end_to_end.running_system import COMMAND, TOKEN, RunningSystem, started
from tests.waiting import until

HOUR = timedelta(hours=1)
P = partition_of("acme", 4)
BEFORE = 2_000
BATCH = 50
LONGEST_SECONDS = 10.0
"""What nine requests of ten may take while all is rebuilt, on two cores that others use, too; each is given 30."""
NAMES = ("history", "queue", "triage", "notifier")


@dataclass
class World:
    system: RunningSystem
    accepted: Path
    sent: int = 0
    waits: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def send(self) -> None:
        """Post a batch, and note what was accepted: talk, questions without an answer, and some whose time comes."""
        events = []
        for n in range(self.sent, self.sent + BATCH):
            ago = HOUR / 60 if n % 10 == 5 else 30 * HOUR - n * HOUR / 1000
            talk = f"c-{n}" if n % 10 in {0, 5} else f"c-{n // 30}-talk"
            events.append(post(f"m{n}", f"member{n % 97}", ago, "How is this done?", talk))
        assert self.system.post(events)["refused"] == 0
        with self.accepted.open("a") as file:
            for one in events:
                line = {"post": self.sent, "community": "acme", "source": SOURCE, "id": one["id"]}
                file.write(json.dumps(line) + "\n")
        self.sent += BATCH

    def look(self, api: httpx.Client) -> None:
        """Ask for the queue and one of its touches, and note how long that took."""
        began = time.monotonic()
        answer = api.get("/api/v1/queue")
        if answer.is_success and answer.json()["items"]:
            answer = api.get(f"/api/v1/touches/{answer.json()['items'][0]['id']}")
        self.waits.append(time.monotonic() - began)
        if not answer.is_success:
            self.failed.append(answer.text)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.system.run.postgres_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def rebuild(self, *names: str) -> str:
        done = self.system.command("rebuild", *names)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sound(self) -> None:
        done = self.system.command("verify", "--accepted", str(self.accepted))
        assert done.returncode == 0, done.stdout + done.stderr
        left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rebuild%' OR nspname LIKE 'replaced%'"
        assert self.rows(left) == []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("rebuild")
    with started(policy=write_policy(folder)) as system:
        system.post([event(f"join:{n}", "joined", f"member{n}", 3000 * HOUR) for n in range(97)])
        world = World(system, folder / "accepted.jsonl")
        while world.sent < BEFORE:
            world.send()
        until(lambda: system.get("/api/v1/queue")["items"], seconds=60, what="touches")
        yield world


@contextmanager
def under_load(world: World) -> Iterator[None]:
    """Let events come in and people look at the desk until the end; what either meets fails the test."""
    done = threading.Event()

    def work(step: Any, pause: float) -> None:
        try:
            while not done.wait(pause):
                step()
        except BaseException as error:  # noqa: BLE001 -- told by the test
            world.failed.append(repr(error))

    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=world.system.run.desk_url, headers=headers, timeout=30, trust_env=False) as api:
        threads = [
            threading.Thread(target=work, args=(world.send, 0.2)),
            threading.Thread(target=work, args=(lambda: world.look(api), 0.25)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert world.failed == []


def test_the_new_copy_is_as_the_old_and_the_api_answers_throughout(world: World) -> None:
    with under_load(world):
        before = world.sent
        said = world.rebuild("--all")
    assert world.sent > before
    assert said.count("It is as what it replaces.") == len(NAMES), said
    assert [line.partition(":")[0] for line in said.splitlines()] == list(NAMES)
    assert quantiles(world.waits, n=10)[-1] < LONGEST_SECONDS, world.waits
    world.sound()


def test_what_was_damaged_is_told_and_mended(world: World) -> None:
    states, deadlines, notifiers = f"triage.p{P}_states", f"triage.p{P}_deadlines", f"notifier.p{P}_states"
    conversation = f"SELECT min(stream) FROM {states} WHERE stream LIKE 'conversation:%'"
    latest = f"SELECT stream FROM {deadlines} ORDER BY due DESC LIMIT 1"
    waiting = f"SELECT min(stream) FROM {notifiers} WHERE line IS NOT NULL"
    for damage in (
        f"UPDATE {states} SET state = '{{}}', version = 9 WHERE stream = ({conversation})",
        f"DELETE FROM {deadlines} WHERE stream = ({latest})",
        f"UPDATE {notifiers} SET rank = rank + 1 WHERE stream = ({waiting})",
        f"INSERT INTO {notifiers} VALUES ('touch:nothing', 1, '{{}}')",
    ):
        world.rows(damage)
    with under_load(world):
        said = world.rebuild("triage", "notifier")
    for difference in (
        f"partition {P}, state: changed (1)",
        f"partition {P}, deadline: missing (1)",
        f"partition {P}, state: not expected (1)",
    ):
        assert difference in said
    world.sound()
    armed = f"SELECT count(*) FROM triage.p{P}_deadlines WHERE armed_at < '2000-01-01'"
    assert world.rows(armed) == [(0,)]


def test_one_that_is_interrupted_or_killed_changes_nothing(world: World) -> None:
    schemas = "'triage'::regnamespace, 'view_history'::regnamespace"
    tables = f"SELECT oid FROM pg_class WHERE relnamespace IN ({schemas}) ORDER BY oid"
    before = world.rows(tables)
    for name, number in (("triage", signal.SIGINT), ("triage", signal.SIGKILL), ("history", signal.SIGKILL)):
        # Tests that a shell runs in the background ignore SIGINT, and so would what they start.
        command = ["env", "--default-signal=INT", *COMMAND, "rebuild", name]
        process = Popen(command, env=world.system.environment(), stdout=PIPE, stderr=PIPE, text=True)
        schema = f"SELECT 1 FROM pg_namespace WHERE nspname = 'rebuild_{name}'"
        until(lambda schema=schema: world.rows(schema), seconds=60, what="the rebuild to have begun")
        process.send_signal(number)
        _, errors = process.communicate()
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        if number == signal.SIGINT:
            assert "Interrupted: what was being rebuilt is as it was." in errors
    assert world.rows(tables) == before
    world.rebuild("triage", "history")
    world.sound()

"""The checker is checked: it is content with a sound system, and names every fault that is planted in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import nats
import psycopg
import pytest

from infra.running_servers import Servers, connected
from infra.verify.report import Report
from infra.verify.run import verify
from services.notifier.service import notifier_codec
from services.notifier.touch import TouchState
from shared.contracts.names import event_key
from shared.contracts.subjects import TOUCHES, partition_of
from tests.end_to_end.harbour import SOURCE, post, write_policy
from tests.end_to_end.running_system import RunningSystem, started, until
from tests.verify import small_world
from tests.verify.small_world import HOUR, harm

P = partition_of("acme", 4)
Q7 = event_key("acme", SOURCE, "post:q7:1")


@dataclass(frozen=True)
class World:
    system: RunningSystem
    accepted: Path

    @property
    def url(self) -> str:
        return self.system.run.postgres_url

    def found(self, *, accepted: Path | None = None) -> set[str]:
        """What the checker finds, each as check and difference."""
        report = self.report(accepted=accepted)
        return {f"{check.name}: {one.what}" for check in report.checks.values() for one in check.differences}

    def report(self, *, accepted: Path | None = None) -> Report:
        servers = Servers(nats_url=self.system.run.nats_url, postgres_url=self.url)

        async def run() -> Report:
            async with connected(servers, "test") as connections:
                return await verify(connections, Quiet(), accepted=accepted)

        return asyncio.run(run())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()


class Quiet:
    def step(self, what: str, total: int | None = None) -> None: ...

    def reach(self, done: int) -> None: ...

    def tell(self, line: str) -> None: ...


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("verify")
    with started(policy=write_policy(folder)) as system:
        accepted = folder / "accepted.jsonl"
        small_world.send(system, accepted)
        archive = small_world.write_archive(folder)
        imported = system.command("import", "zulip", str(archive), "--community", "acme")
        assert imported.returncode == 0, imported.stdout + imported.stderr
        small_world.take_one_in_hand(system)
        world = World(system, accepted)
        until(lambda: not world.found(), seconds=30, what="a sound system")
        yield world


def test_a_sound_system_is_clean_and_the_figures_say_how_much_was_compared(world: World) -> None:
    result = world.system.command("verify", "--accepted", str(world.accepted), "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["clean"] is True
    compared = {check["name"]: check["compared"] for check in report["checks"]}
    assert compared["accepted"] == len(small_world.events())
    assert compared["history"] > len(small_world.events())
    assert min(compared[name] for name in ("streams", "feedback", "triage", "triage relay", "notifier", "queue")) > 0
    left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'verify%'"
    assert world.rows(left) == []


FAULTS = {
    "a row deleted from history": (
        "view_history.history",
        f"DELETE FROM view_history.history WHERE key = '{Q7}'",
        {"history: history.history: row missing", "history: event in the history: missing"},
    ),
    "a row of history changed": (
        "view_history.history",
        f"UPDATE view_history.history SET text = 'What?' WHERE key = '{Q7}'",
        {"history: history.history: row changed"},
    ),
    "a row of history doubled": (
        "view_history.history",
        "INSERT INTO view_history.history SELECT (jsonb_populate_record(h, '{\"key\": \"another\"}')).* "
        f"FROM view_history.history AS h WHERE key = '{Q7}'",
        {"history: history.history: row not expected", "history: event in the history: not expected"},
    ),
    "a count of a member off": (
        "view_history.members",
        "UPDATE view_history.members SET events = events + 1 WHERE member_id = 'member7'",
        {"history: history.members: row changed"},
    ),
    "an event removed from triage's log": (
        f"triage.p{P}_events",
        f"DELETE FROM triage.p{P}_events WHERE notification_id = 20",
        {f"triage: partition {P}, event: missing"},
    ),
    "a state of triage changed": (
        f"triage.p{P}_states",
        f"UPDATE triage.p{P}_states SET version = version + 1 WHERE stream = 'community:acme'",
        {f"triage: partition {P}, state: changed"},
    ),
    "an inbox entry of triage missing": (
        f"triage.p{P}_inbox",
        f"DELETE FROM triage.p{P}_inbox WHERE id = '{Q7}'",
        {f"triage: partition {P}, inbox entry: missing"},
    ),
    "a deadline of triage missing": (
        f"triage.p{P}_deadlines",
        f"DELETE FROM triage.p{P}_deadlines WHERE (stream, name) IN (SELECT stream, name FROM triage.p{P}_deadlines "
        "WHERE due > now() + interval '10 minutes' LIMIT 1)",
        {f"triage: partition {P}, deadline: missing"},
    ),
    "an inbox entry of notifier missing": (
        f"notifier.p{P}_inbox",
        f"DELETE FROM notifier.p{P}_inbox WHERE id = (SELECT min(id) FROM notifier.p{P}_inbox WHERE id LIKE 't-%')",
        {f"notifier: partition {P}, inbox entry: missing"},
    ),
    "an event removed from notifier's log": (
        f"notifier.p{P}_events",
        f"DELETE FROM notifier.p{P}_events WHERE notification_id = (SELECT max(notification_id) FROM "
        f"notifier.p{P}_events WHERE topic = 'notifier.TouchClaimed')",
        {f"notifier: partition {P}: the log has a gap", f"notifier relay: partition {P}, published event: not expected"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(world: World, fault: str) -> None:
    table, damage, expected = FAULTS[fault]
    with harm(world.url, damage, table=table):
        found = world.found()
    assert expected <= found
    assert {one.partition(":")[0] for one in found} <= {one.partition(":")[0] for one in expected}


def test_a_touch_in_another_state_is_named(world: World) -> None:
    def settled(state: TouchState) -> TouchState:
        return msgspec.structs.replace(state) if False else _with(state, status="withdrawn")

    stream = _stream_of(world, "claimed")
    with _state(world, stream, settled):
        found = world.found()
    assert f"notifier: partition {P}, state: changed" in found
    assert f"notifier: partition {P}, a responder's load: not expected" in found or (
        f"notifier: partition {P}, a responder's load: changed" in found
    )


def _with(state: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(state, **changes)

"""The checker is checked: it is content with a sound system, and names every fault that is planted in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, TypeVar

import nats
import psycopg
import pytest
from nats.js import JetStreamContext
from typer.testing import CliRunner, Result

from infra.cli.main import app
from infra.running_servers import Servers, connected
from infra.verify.report import Report
from infra.verify.run import verify
from services.notifier.roster import RosterState
from services.notifier.service import notifier_codec
from shared.contracts.names import event_key
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, partition_of
from tests.end_to_end.harbour import SOURCE, post, write_policy
from tests.end_to_end.running_system import COMMAND, TOKEN, RunningSystem, started
from tests.verify import small_world
from tests.verify.small_world import HOUR, harm
from tests.waiting import until

T = TypeVar("T")
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

    def command(self, *arguments: str) -> Result:
        """Run a command in this process, which is quicker than in one of its own."""
        environment = {"DATA": str(self.system.data), "WARMLINE_TOKEN": TOKEN, "COLUMNS": "200"}
        return CliRunner().invoke(app, arguments, env=environment)

    def jetstream(self, action: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        async def run() -> T:
            client = await nats.connect(self.system.run.nats_url)
            try:
                return await action(client.jetstream())
            finally:
                await client.close()

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
        world = World(system, accepted)
        imported = world.command("import", "zulip", str(archive), "--community", "acme")
        assert imported.exit_code == 0, imported.output
        small_world.take_one_in_hand(system)
        until(lambda: not world.found(), seconds=60, what="a sound system")
        yield world


def test_a_sound_system_is_clean_and_the_figures_say_how_much_was_compared(world: World) -> None:
    result = world.command("verify", "--accepted", str(world.accepted), "--json")
    assert result.exit_code == 0, result.output
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
        (
            'INSERT INTO view_history.history SELECT (jsonb_populate_record(h, \'{"key": "another"}\')).* '
            f"FROM view_history.history AS h WHERE key = '{Q7}'"
        ),
        {"history: history.history: row not expected", "history: event in the history: not expected"},
    ),
    "a count of a member off": (
        "view_history.members",
        "UPDATE view_history.members SET events = events + 1 WHERE member_id = 'member7'",
        {"history: history.members: row changed"},
    ),
    "two rows of history in the other order": (
        "view_history.history",
        (
            "UPDATE view_history.history SET seq = (SELECT min(seq) FROM view_history.history WHERE kind = 'posted') "
            f"WHERE key = '{Q7}'"
        ),
        {"history: history.history: row changed", "history: event in the history: changed"},
    ),
    "a touch missing in the queue": (
        "view_queue.touches",
        "DELETE FROM view_queue.touches WHERE touch = (SELECT min(touch) FROM view_queue.touches)",
        {"queue: queue.touches: row missing"},
    ),
    "a touch twice in the queue": (
        "view_queue.touches",
        (
            "INSERT INTO view_queue.touches (touch, reason, standing) "
            "SELECT 'another', reason, standing FROM view_queue.touches ORDER BY touch LIMIT 1"
        ),
        {"queue: queue.touches: row not expected"},
    ),
    "a touch in another state in the queue": (
        "view_queue.touches",
        (
            "UPDATE view_queue.touches SET standing = 'held' "
            "WHERE touch = (SELECT min(touch) FROM view_queue.touches WHERE standing = 'claimed')"
        ),
        {"queue: queue.touches: row changed"},
    ),
    "a tally of the queue off by one": (
        "view_queue.touch_tallies",
        "UPDATE view_queue.touch_tallies SET count = count + 1 WHERE facet = 'state' AND value = 'claimed'",
        {"queue: queue.touch_tallies: row changed"},
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
        (
            f"DELETE FROM triage.p{P}_deadlines WHERE (stream, name) IN "
            f"(SELECT stream, name FROM triage.p{P}_deadlines WHERE due > now() + interval '10 minutes' LIMIT 1)"
        ),
        {f"triage: partition {P}, deadline: missing"},
    ),
    "an inbox entry of notifier missing": (
        f"notifier.p{P}_inbox",
        f"DELETE FROM notifier.p{P}_inbox WHERE id = (SELECT min(id) FROM notifier.p{P}_inbox WHERE id LIKE 't-%')",
        {f"notifier: partition {P}, inbox entry: missing"},
    ),
    "an event removed from notifier's log": (
        f"notifier.p{P}_events",
        (
            f"DELETE FROM notifier.p{P}_events WHERE notification_id = (SELECT max(notification_id) FROM "
            f"notifier.p{P}_events WHERE topic = 'notifier.TouchClaimed')"
        ),
        {
            f"notifier: partition {P}: the log has a gap",
            f"notifier relay: partition {P}, published event: not expected",
        },
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(world: World, fault: str) -> None:
    table, damage, expected = FAULTS[fault]
    with harm(world.url, damage, table=table):
        found = world.found()
    assert expected <= found
    assert {one.partition(":")[0] for one in found} <= {one.partition(":")[0] for one in expected}


@contextmanager
def rewritten(world: World, stream: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """Store another state of a stream of notifier, and put it back at the end."""
    codec, table = notifier_codec(), f"notifier.p{P}_states"
    with psycopg.connect(world.url, autocommit=True) as connection:
        update = f"UPDATE {table} SET state = %s WHERE stream = %s"
        row = connection.execute(f"SELECT state FROM {table} WHERE stream = %s", (stream,)).fetchone()
        assert row is not None
        connection.execute(update, (codec.encode_state(change(codec.decode_state(stream, row[0]))), stream))
        try:
            yield
        finally:
            connection.execute(update, (row[0], stream))


def test_a_touch_in_another_state_is_named(world: World) -> None:
    claimed = f"SELECT originator_id FROM notifier.p{P}_events WHERE topic = 'notifier.TouchClaimed' ORDER BY 1"
    with rewritten(world, world.rows(claimed)[0][0], lambda touch: replace(touch, status="raised")):
        found = world.found()
    assert f"notifier: partition {P}, state: changed" in found
    assert {one.partition(":")[0] for one in found} == {"notifier"}


def test_a_load_that_is_off_by_one_is_named(world: World) -> None:
    def heavier(roster: RosterState) -> RosterState:
        first = roster.loads[0]
        return replace(roster, loads=(replace(first, care_load=first.care_load + 1), *roster.loads[1:]))

    with rewritten(world, "roster:acme", heavier):
        found = world.found()
    assert found == {
        f"notifier: partition {P}, state: changed",
        f"notifier: partition {P}, a responder's load: changed",
    }


def test_what_was_accepted_and_is_in_no_stream_is_named(world: World, tmp_path: Path) -> None:
    file = tmp_path / "accepted.jsonl"
    lost = json.dumps({"post": 99, "community": "acme", "source": SOURCE, "id": "post:lost:1"})
    file.write_text(f"{world.accepted.read_text()}{lost}\n")
    report = world.report(accepted=file)
    [found] = report.checks["accepted"].differences
    assert (found.what, found.examples) == ("accepted, but not in MEMBER_EVENTS", (f"acme {SOURCE} post:lost:1",))


def test_another_order_than_that_of_the_post_is_named(world: World, tmp_path: Path) -> None:
    lines = world.accepted.read_text().splitlines()
    lines[50], lines[51] = lines[51], lines[50]
    file = tmp_path / "accepted.jsonl"
    file.write_text("\n".join(lines))
    assert world.found(accepted=file) == {"accepted: stored in another order than posted"}


def test_an_event_that_an_earlier_post_brought_is_not_out_of_order(world: World, tmp_path: Path) -> None:
    lines = world.accepted.read_text().splitlines()
    again = [json.dumps({**json.loads(lines[n]), "post": 99}) for n in (51, 50)]
    file = tmp_path / "accepted.jsonl"
    file.write_text("\n".join([*lines, *again]))
    assert world.found(accepted=file) == set()


def test_a_file_that_cannot_be_read_is_no_difference_but_exit_code_2(world: World, tmp_path: Path) -> None:
    file = tmp_path / "accepted.jsonl"
    file.write_text('{"post": 1}\n')
    result = world.command("verify", "--accepted", str(file))
    assert result.exit_code == 2
    assert "line 1" in result.stderr


def test_a_halted_shard_is_named(world: World) -> None:
    halt = "UPDATE triage.shards SET halted = %s WHERE shard = '0'"
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(halt, ("a type from the future",))
        try:
            assert world.found() == {"readers: triage 0 has halted"}
        finally:
            connection.execute(halt, (None,))


def test_a_message_published_twice_is_named(world: World) -> None:
    async def publish_again(stream: JetStreamContext) -> int:
        first = await stream.get_last_msg(TOUCHES, "needs-touch.>")
        headers = {name: value for name, value in (first.headers or {}).items() if not name.startswith("Nats-")}
        return (await stream.publish(first.subject or "", first.data or b"", headers=headers)).seq

    seq = world.jetstream(publish_again)
    found = world.found()
    world.jetstream(lambda stream: stream.delete_msg(TOUCHES, seq))
    world.command("rebuild", "queue")  # it had taken the place of the second for the touch's
    assert found == {f"triage relay: partition {P}: published more than once"}


def test_what_is_found_is_told_with_examples_and_exit_code_1(world: World) -> None:
    table, damage, _ = FAULTS["a row of history changed"]
    with harm(world.url, damage, table=table):
        result = world.command("verify")
    assert result.exit_code == 1, result.output
    assert "history: history.history: row changed (1)" in result.stdout
    assert f"{Q7} " in result.stdout
    assert "1 difference: see above" in result.stdout


def test_without_a_system_it_says_so_with_exit_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["verify", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "No Warmline runs on" in result.stderr


def test_rebuild_mends_a_damaged_view_while_events_come_in(world: World) -> None:
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM view_history.history WHERE member_key = (SELECT min(key) FROM view_history.members)"
        )
        connection.execute("UPDATE view_history.members SET name = 'Nobody'")
        connection.execute("CREATE SCHEMA rebuild_history CREATE TABLE left_over ()")
        connection.execute("CREATE SCHEMA replaced_history CREATE TABLE left_over ()")
    assert world.found()
    rebuilding = Popen(
        [*COMMAND, "rebuild", "history"], env=world.system.environment(), stdout=PIPE, stderr=PIPE, text=True
    )
    sent = 0
    while rebuilding.poll() is None:
        world.system.post([post(f"meanwhile{sent}", "member9", HOUR / 60, "Still here.", "c-q0")])
        sent += 1
    output, errors = rebuilding.communicate()
    assert rebuilding.returncode == 0, output + errors
    assert "history: rebuilt" in output
    assert "history.members: row changed" in output
    until(lambda: not world.found(), seconds=60, what="a sound system")
    seen = "SELECT count(*) FROM view_history.history WHERE message LIKE 'meanwhile%'"
    assert world.rows(seen) == [(sent,)]
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rebuild%' OR nspname LIKE 'replaced%'"
    assert world.rows(schemas) == []


def test_rebuild_makes_a_view_that_is_missing(world: World) -> None:
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA view_queue CASCADE")
    assert world.found() == {"queue: the schema view_queue is missing or damaged"}
    result = world.command("rebuild", "--all")
    assert result.exit_code == 0, result.output
    assert "history: rebuilt" in result.stdout
    assert "It is as what it replaces" in result.stdout
    until(lambda: not world.found(), seconds=60, what="a sound system")
    assert world.system.get("/api/v1/queue")["items"]


def test_rebuild_of_what_there_is_not_says_what_there_is(world: World) -> None:
    result = world.command("rebuild", "histories")
    assert result.exit_code == 1
    assert "There is no histories to rebuild: there are history, queue, triage, notifier." in result.stderr


# From here on the streams themselves are harmed, and what was deleted from a stream does not come back.


def test_messages_published_in_another_order_are_named(world: World) -> None:
    async def swap_the_last_two(stream: JetStreamContext) -> None:
        last = (await stream.get_last_msg(TOUCHES, "needs-touch.>")).seq or 0
        taken = [await stream.get_msg(TOUCHES, seq) for seq in (last, last - 1)]
        for message in taken:
            await stream.delete_msg(TOUCHES, message.seq or 0)
        for message in taken:
            headers = {name: value for name, value in (message.headers or {}).items() if not name.startswith("Nats-")}
            await stream.publish(message.subject or "", message.data or b"", headers=headers)

    world.jetstream(swap_the_last_two)
    assert f"triage relay: partition {P}: published out of order" in world.found()


def test_a_settled_touch_that_did_not_come_back_is_named(world: World) -> None:
    async def delete_the_last_settled(stream: JetStreamContext) -> None:
        last = await stream.get_last_msg(MEMBER_EVENTS, f"p.{P}.member.acme.warmline.touch-settled")
        await stream.delete_msg(MEMBER_EVENTS, last.seq or 0)

    world.jetstream(delete_the_last_settled)
    found = world.found()
    assert f"feedback: a settled touch that is not in {MEMBER_EVENTS}" in found
    assert f"triage: partition {P}, inbox entry: not expected" in found


def test_a_message_that_is_missing_is_named(world: World) -> None:

    async def delete_last(stream: JetStreamContext) -> None:
        last = await stream.get_last_msg(TOUCHES, "needs-touch.>")
        await stream.delete_msg(TOUCHES, last.seq or 0)

    world.jetstream(delete_last)
    found = world.found()
    assert f"triage relay: partition {P}, published event: missing" in found
    assert f"notifier: partition {P}, inbox entry: not expected" in found
    assert "queue: queue.touch_timeline: row not expected" in found

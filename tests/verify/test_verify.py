"""The checker is checked: it is content with a sound system, and names every fault that is planted in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import psycopg
import pytest
from msgspec.structs import replace
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from typer.testing import CliRunner

from infra.cli.main import app
from services.notifier.roster import RosterState
from shared.contracts.cloudevents import decode_member_event
from shared.contracts.member_events import Edited, Posted
from shared.contracts.redaction import STANDS_FOR
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from tests.end_to_end.harbour import SOURCE, post, write_policy
from tests.end_to_end.running_system import COMMAND, started
from tests.verify import small_world
from tests.verify.checked_world import World, rewritten
from tests.verify.planted_faults import FAULTS, Q7, P
from tests.verify.small_world import HOUR, harm
from tests.waiting import until


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


def test_what_was_edited_or_deleted_has_left_the_stream_and_all_is_as_if_it_stood_there(world: World) -> None:
    until(lambda: world.rows("SELECT count(*) FROM view_history.superseded") == [(0,)], seconds=30, what="redaction")
    superseded = dict(world.rows("SELECT seq, message FROM view_history.history WHERE superseded"))
    assert sorted(superseded.values()) == ["q1", "q2"]

    async def held(stream: JetStreamContext) -> list[RawStreamMsg]:
        last = (await stream.stream_info(MEMBER_EVENTS)).state.last_seq
        found = [await stream.get_msg(MEMBER_EVENTS, seq=seq) for seq in range(1, last + 1) if seq not in superseded]
        for seq in superseded:
            with pytest.raises(NotFoundError):
                await stream.get_msg(MEMBER_EVENTS, seq=seq)
        return found

    messages = world.system.jetstream(held)
    copies = [one for one in messages if (one.subject or "").endswith(".redacted")]
    assert {int((one.headers or {})[STANDS_FOR].split()[0]) for one in copies} == set(superseded)
    told = [decode_member_event(one.data or b"") for one in messages]
    texts = [(one.data.message, one.data.text) for one in told if isinstance(one.data, Posted | Edited)]
    assert sorted(one for one in texts if one[0] in {"q1", "q2"}) == [
        ("q1", ""),
        ("q1", "The door opens by itself."),
        ("q2", ""),
    ]
    assert world.found() == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(world: World, fault: str) -> None:
    table, damage, expected = FAULTS[fault]
    with harm(world.url, damage, table=table):
        found = world.found()
    assert expected <= found
    assert {one.partition(":")[0] for one in found} <= {one.partition(":")[0] for one in expected}


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

    seq = world.system.jetstream(publish_again)
    found = world.found()
    world.system.jetstream(lambda stream: stream.delete_msg(TOUCHES, seq))
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

    world.system.jetstream(swap_the_last_two)
    assert f"triage relay: partition {P}: published out of order" in world.found()


def test_a_settled_touch_that_did_not_come_back_is_named(world: World) -> None:
    async def delete_the_last_settled(stream: JetStreamContext) -> None:
        last = await stream.get_last_msg(MEMBER_EVENTS, f"p.{P}.member.acme.warmline.touch-settled")
        await stream.delete_msg(MEMBER_EVENTS, last.seq or 0)

    world.system.jetstream(delete_the_last_settled)
    found = world.found()
    assert f"feedback: a settled touch that is not in {MEMBER_EVENTS}" in found
    assert f"triage: partition {P}, inbox entry: not expected" in found


def test_a_message_that_is_missing_is_named(world: World) -> None:

    async def delete_last(stream: JetStreamContext) -> None:
        last = await stream.get_last_msg(TOUCHES, "needs-touch.>")
        await stream.delete_msg(TOUCHES, last.seq or 0)

    world.system.jetstream(delete_last)
    found = world.found()
    assert f"triage relay: partition {P}, published event: missing" in found
    assert f"notifier: partition {P}, inbox entry: not expected" in found
    assert "queue: queue.touch_timeline: row not expected" in found

"""A poison message is parked with its error and trace, the rest flows, and it is folded once the cause is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from infra.cli.main import app
from shared.contracts.subjects import MEMBER_EVENTS, partition_of
from shared.dead_letters import PUBLISHED
from shared.partition.folding import TRIES
from tests.end_to_end.harbour import SOURCE, event, post, write_policy
from tests.end_to_end.running_system import TOKEN, RunningSystem, started
from tests.failures.planted_bugs import PlantedBugs, bugs_to_plant
from tests.waiting import until

HOUR = timedelta(hours=1)
P = partition_of("acme", 4)
TRACE = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class World:
    system: RunningSystem
    bugs: PlantedBugs
    accepted: Path

    def command(self, *arguments: str, typed: str | None = None) -> Result:
        environment = {"DATA": str(self.system.data), "WARMLINE_TOKEN": TOKEN, "COLUMNS": "200"}
        return CliRunner().invoke(app, arguments, env=environment, input=typed)

    def post(self, *events: dict[str, Any]) -> None:
        """Post, with a trace, and note what was accepted."""
        headers = {
            "content-type": "application/cloudevents-batch+json",
            "traceparent": f"00-{TRACE}-0123456789abcdef-01",
        }
        assert self.system.ingest.post("/v1/events", json=events, headers=headers).json()["refused"] == 0
        number = self.accepted.read_text().count("\n") if self.accepted.exists() else 0
        with self.accepted.open("a") as file:
            for one in events:
                line = {"post": number, "community": "acme", "source": SOURCE, "id": one["id"]}
                file.write(json.dumps(line) + "\n")

    def letters(self, *arguments: str) -> list[dict[str, Any]]:
        result = self.command("dead", "list", "--json", *arguments)
        assert result.exit_code == 0, result.output
        found: list[dict[str, Any]] = json.loads(result.stdout)["letters"]
        return found

    def letter(self, *arguments: str) -> dict[str, Any]:
        """Wait for a letter, and return the newest."""
        found = until(lambda: self.letters(*arguments), seconds=60, what=f"a letter of {arguments}")
        return dict(found[-1])

    def touches(self, member: str) -> list[dict[str, Any]]:
        """Return the unanswered questions of a member."""
        items = [item for item in self.system.get("/api/v1/queue")["items"] if item["reason"] == "unanswered"]
        return [item for item in items if item["member"]["name"] == member.title()]

    def sound(self) -> None:
        """Everything that was accepted is there once, and every state and view is the fold of the streams."""
        result = self.command("verify", "--accepted", str(self.accepted))
        assert result.exit_code == 0, result.output

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.system.run.postgres_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("poison")
    (folder / "bugs").mkdir()
    with bugs_to_plant(folder / "bugs") as bugs, started(policy=write_policy(folder)) as system:
        world = World(system, bugs, folder / "accepted.jsonl")
        members = ("ada", "bo", "eve", "poison-cleo", "poison-dan")
        world.post(*(event(f"join:{one}", "joined", one, 3000 * HOUR) for one in members))
        yield world


def test_a_member_event_that_triage_cannot_fold(world: World) -> None:
    world.bugs.plant("triage")
    world.post(post("p1", "ada", 3 * HOUR, "Is this poison?"), post("p2", "bo", 3 * HOUR, "And what is this?"))

    letter = world.letter("--service", "triage")

    until(lambda: world.touches("bo"), seconds=60, what="the rest to flow")
    assert world.touches("ada") == []
    assert (letter["stream"], letter["community"], letter["tries"]) == (MEMBER_EVENTS, "acme", TRIES)
    assert (letter["error"], letter["trace_id"]) == ("ValueError: planted in triage", TRACE)
    assert "1 of triage, the oldest for" in world.command("status").stdout
    world.sound()

    again = world.command("dead", "retry", letter["id"][:6])
    assert again.exit_code == 1
    assert "failed again as MEMBER_EVENTS" in again.stdout
    second = world.letter("--service", "triage")
    assert second["id"] != letter["id"]
    assert second["headers"]["warmline-retry-of"] == str(letter["seq"])
    [first] = [one for one in world.letters("--ended") if one["id"] == letter["id"]]
    assert (first["outcome"], first["ended_by"] is None) == ("retried", False)

    world.bugs.mend("triage")
    done = world.command("dead", "retry", "--all", "--community", "acme")
    assert (done.exit_code, "folded as MEMBER_EVENTS" in done.stdout) == (0, True), done.output
    until(lambda: world.touches("ada"), seconds=60, what="the touch about ada")
    assert world.letters() == []
    history = "SELECT count(*) FROM view_history.history WHERE message = 'p1'"
    assert world.rows(history) == [(1,)]
    world.sound()
    refused = world.command("dead", "retry", letter["id"])
    assert (refused.exit_code, "it was retried before" in refused.stdout) == (1, True)


def test_a_needs_touch_that_notifier_cannot_take_in(world: World) -> None:
    world.bugs.plant("notifier")
    world.post(post("p3", "poison-cleo", 3 * HOUR, "Who helps me?"), post("p4", "eve", 2.5 * HOUR, "And me?"))

    letter = world.letter("--service", "notifier")

    until(lambda: world.touches("eve"), seconds=60, what="the rest to flow")
    assert (letter["stream"], letter["error"]) == ("TOUCHES", "ValueError: planted in notifier")
    assert {touch["state"] for touch in world.touches("poison-cleo")} == {"raised"}
    world.bugs.mend("notifier")
    assert world.command("dead", "retry", letter["id"]).exit_code == 0
    copy = world.system.jetstream(lambda stream: stream.get_last_msg("TOUCHES", letter["subject"])).headers
    assert (copy["ce-id"], copy["ce-position"]) == (letter["headers"]["ce-id"], letter["headers"]["ce-position"])
    assert int(copy[PUBLISHED]) > int(copy["ce-position"]), "the relay would go on from too early"
    until(lambda: world.touches("poison-cleo")[0]["responder"], seconds=60, what="somebody to have the touch")
    world.sound()


def claim(world: World, touch: dict[str, Any]) -> None:
    path = f"/api/v1/touches/{touch['id']}/claim"
    answer = world.system.act(path, shown=False, responder="tobi", revision=touch["revision"])
    assert answer.is_success, answer.text


def test_a_touch_fact_that_a_view_cannot_fold(world: World) -> None:
    world.bugs.plant("queue")
    touch = world.touches("bo")[0]
    claim(world, touch)

    letter = world.letter("--service", "projections")

    assert (letter["stream"], letter["shard"], letter["tries"]) == ("TOUCH_FACTS", "queue-0", TRIES)
    world.bugs.mend("queue")
    assert world.command("dead", "retry", letter["id"]).exit_code == 0
    shown = world.system.get(f"/api/v1/touches/{touch['id']}")
    assert (shown["state"], shown["responder"]["name"]) == ("claimed", "tobi")
    world.sound()


def test_a_view_that_is_rebuilt_tries_what_is_parked_and_nothing_that_was_ended(world: World) -> None:
    world.bugs.plant("queue")
    touch = world.touches("eve")[0]
    claim(world, touch)
    letter = world.letter("--service", "projections")
    world.bugs.mend("queue")
    rebuilt = world.command("rebuild", "history", "queue")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert world.letters() == []
    ended = {one["seq"]: one["outcome"] for one in world.letters("--ended", "--service", "projections")}
    assert sorted(ended.values()) == ["rebuilt", "retried"]
    assert ended[letter["seq"]] == "rebuilt"
    assert world.system.get(f"/api/v1/touches/{touch['id']}")["state"] == "claimed"
    refused = world.command("dead", "retry", letter["id"])
    assert (refused.exit_code, "a rebuild has folded it" in refused.stdout) == (1, True)
    world.sound()


def test_a_deadline_that_cannot_be_fired(world: World) -> None:
    world.bugs.plant("looks")
    world.post(post("p5", "poison-dan", 2 * HOUR, "Hello, is somebody here?"))

    letter = world.letter("--service", "triage")

    assert letter["stream"].startswith("deadline unanswered of conversation:acme:")
    assert letter["error"] == "ValueError: planted in a look"
    world.sound()
    again = world.command("dead", "retry", letter["id"])
    assert (again.exit_code, "set again" in again.stdout) == (0, True)
    second = until(
        lambda: [one for one in world.letters() if one["id"] != letter["id"]], seconds=60, what="it to be parked again"
    )[0]
    assert second["stream"] == letter["stream"]
    world.bugs.mend("looks")
    earlier = world.command("dead", "retry", letter["id"])
    assert (earlier.exit_code, "it was retried before" in earlier.stdout) == (1, True)
    assert world.command("dead", "retry", second["id"]).exit_code == 0
    until(lambda: world.touches("poison-dan"), seconds=60, what="the touch about poison-dan")
    assert world.letters() == []
    world.sound()


def test_what_no_build_can_read_is_dropped(world: World) -> None:
    poison = b'{"specversion": "1.0", "text": "Nobody \x1b[31mreads\xff this"}'
    world.system.jetstream(lambda stream: stream.publish(f"p.{P}.member.acme.discord.posted", poison))
    world.post(post("p6", "bo", HOUR / 10, "I am still here."))

    until(lambda: len(world.letters()) == 2, seconds=60, what="triage and the history to park it")
    letter = world.letter("--service", "triage")

    assert (letter["tries"], letter["trace_id"]) == (1, None)
    shown = world.command("dead", "show", letter["id"])
    assert (shown.exit_code, "Nobody" in shown.stdout, f"{len(poison)} bytes" in shown.stdout) == (0, False, True)
    shown = world.command("dead", "show", letter["id"], "--body")
    assert "Nobody \N{REPLACEMENT CHARACTER}[31mreads\N{REPLACEMENT CHARACTER} this" in shown.stdout
    assert world.command("dead", "retry", letter["id"]).exit_code == 1
    until(lambda: len(world.letters()) == 2, seconds=60, what="both to park the copy")
    assert "1 messages cannot be folded" in world.command("rebuild", "history").stdout
    assert len(world.letters()) == 2, "a rebuild parks again what it cannot fold either"
    kept = world.command("dead", "drop", "--all", typed="n\n")
    assert (kept.exit_code, len(world.letters())) == (1, 2)
    dropped = world.command("dead", "drop", "--all", "--yes")
    assert (dropped.exit_code, dropped.stdout) == (0, "2 dropped.\n")
    assert world.letters() == []
    assert "none: everything could be processed" in world.command("status").stdout
    assert "cannot be folded" not in world.command("rebuild", "history").stdout
    assert world.letters() == []
    world.sound()


def test_what_was_erased_from_the_stream_does_not_come_back(world: World) -> None:
    ended = world.letters("--ended", "--service", "triage", "--stream", MEMBER_EVENTS)
    erased = next(one for one in reversed(ended) if one["outcome"] == "dropped")
    world.system.jetstream(lambda stream: stream.delete_msg(MEMBER_EVENTS, erased["seq"]))
    last = world.system.jetstream(lambda stream: stream.stream_info(MEMBER_EVENTS)).state.last_seq
    refused = world.command("dead", "retry", erased["id"])
    assert (refused.exit_code, "it was erased" in refused.stdout) == (1, True)
    assert world.system.jetstream(lambda stream: stream.stream_info(MEMBER_EVENTS)).state.last_seq == last


def test_letters_are_named_without_doubt(world: World) -> None:
    for arguments, said in (
        (("retry",), "Name one or more letters"),
        (("retry", "--all", "--service", "projector"), "There is no service 'projector'"),
        (("retry", "ffff", "--community", "acme"), "go with --all"),
        (("show", "xyz"), "'xyz' is no id of a dead letter"),
        (("show", "ffffffffffff"), "There is no dead letter ffffffffffff"),
    ):
        result = world.command("dead", *arguments)
        assert (result.exit_code, said in result.stderr) == (1, True), result.output

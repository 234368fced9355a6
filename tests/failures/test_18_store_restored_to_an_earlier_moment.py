"""Row 18: one store is restored to an earlier moment than the other: refused with both positions, one command mends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats
import psycopg
import pytest

from infra.backup.database import dump_database, restore_database
from infra.backup.kept_files import KeptFileWriter
from infra.backup.streams import ask, load_stream, save_stream
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from tests.end_to_end.harbour import POLICY, event, post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.verify import small_world
from tests.waiting import until

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.timeout(400)


def ignore(_bytes: int) -> None: ...


def dump(system: RunningSystem, folder: Path) -> Path:
    async def run() -> None:
        with KeptFileWriter(folder, "database.dump") as file:
            await dump_database(system.run.postgres_url, file, ignore)

    asyncio.run(run())
    return folder / "database.dump"


def put_back(system: RunningSystem, file: Path) -> None:
    """Restore the database under the running services, as an operator does in haste."""
    with psycopg.connect(system.run.postgres_url, autocommit=True) as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN "
            "('public', 'information_schema')"
        ).fetchall()
        names = ", ".join(name for (name,) in schemas)
        connection.execute(f"DROP SCHEMA {names} CASCADE; DROP TABLE public.warmline".encode())
    asyncio.run(restore_database(system.run.postgres_url, file))


def parts(system: RunningSystem) -> dict[str, tuple[bool, str]]:
    said = json.loads(system.command("status", "--json").stdout)
    return {part["name"]: (part["well"], part["says"]) for part in said["parts"]}


def says(system: RunningSystem, name: str) -> str:
    """What is said of a part; nothing while it is not there."""
    return parts(system).get(name, (False, ""))[1]


def well(system: RunningSystem) -> bool:
    return all(good for good, _ in parts(system).values())


def queue(system: RunningSystem) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = system.get("/api/v1/queue?limit=200")["items"]
    return items


def settled_down(system: RunningSystem) -> list[dict[str, Any]]:
    """The queue once every reader is at the end and every touch has somebody: nothing is left that only waits."""
    until(lambda: well(system), seconds=60, what="everything to be well")
    until(lambda: all(one["responder"] for one in queue(system)), seconds=60, what="somebody for each touch")
    assert system.command("verify").returncode == 0
    return queue(system)


def live_on(system: RunningSystem, tmp_path: Path) -> None:
    """All that may happen after the moment of the backup: needs, claims, ends, another policy and its community."""
    others = [post(f"l{n}", f"late{n}", 3 * HOUR, "Who has the key?") for n in range(12)]
    system.post([event("join:late", "joined", "late1", 4 * HOUR), *others])

    def lates() -> list[dict[str, Any]] | None:
        found = [one for one in queue(system) if one["member"]["name"].startswith("Late") and one["responder"]]
        return found if len(found) >= 12 else None

    touches = until(lates, seconds=60, what="the late ones")
    for touch in touches[:4]:
        system.act_on(touch["id"], "claim", responder="tobi")
    system.act_on(touches[0]["id"], "settle", responder="tobi", outcome="reached")
    system.act_on(touches[1]["id"], "release", responder="tobi")
    claimed = system.get(f"/api/v1/touches/{touches[2]['id']}")["conversation"]
    system.post([post("late-answer", "late9", HOUR, "I have.", claimed)])  # the claimed touch is annotated
    answered = system.get(f"/api/v1/touches/{touches[7]['id']}")["conversation"]
    system.post([post("team-answer", "u-mara", HOUR, "Here.", answered)])
    policy = tmp_path / "second.yaml"
    policy.write_text(POLICY.replace("communities: [acme]", "communities: [acme, harbour]"), encoding="utf-8")
    assert system.command("policy", "adopt", str(policy)).returncode == 0
    system.post([post("h1", "hal", 2 * HOUR, "Is this the harbour?") | {"source": "/discord/harbour"}])


@contextmanager
def a_system(tmp_path: Path) -> Iterator[RunningSystem]:
    with started(policy=write_policy(tmp_path)) as system:
        small_world.send(system, tmp_path / "accepted.jsonl")
        small_world.take_one_in_hand(system)
        yield system


@contextmanager
def no_window(system: RunningSystem) -> Iterator[None]:
    """Let the streams take nothing for a duplicate, as if all had happened longer ago than they remember."""
    ten_minutes = 600_000_000_000

    async def remember(nanoseconds: int) -> None:
        client = await nats.connect(system.run.nats_url)
        for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS):
            config = (await ask(client, f"STREAM.INFO.{stream}"))["config"] | {"duplicate_window": nanoseconds}
            assert "error" not in await ask(client, f"STREAM.UPDATE.{stream}", config)
        await client.close()

    asyncio.run(remember(100_000_000))
    try:
        yield
    finally:
        asyncio.run(remember(ten_minutes))


def all_published(system: RunningSystem) -> bool:
    now = parts(system)
    services = ("triage", "notifier")
    if not now.keys() >= {*services, *(f"{service} relay" for service in services)}:
        return False
    relayed = all(now[f"{service} relay"][1].startswith("0 ") for service in services)
    return relayed and "halted" not in now["triage"][1] + now["notifier"][1]


def test_the_database_is_earlier(tmp_path: Path) -> None:
    with a_system(tmp_path) as system:
        file = dump(system, tmp_path)
        live_on(system, tmp_path)
        before = settled_down(system)
        put_back(system, file)

        def refused() -> str | None:
            said = says(system, "notifier")
            return said if "halted" in said else None

        why = until(refused, seconds=60, what="the refusal")
        assert "TOUCH_FACTS holds the position" in why
        assert "its log ends at" in why
        assert "warmline reconcile" in why
        with no_window(system):
            reconciled = system.command("reconcile", "--yes")
            assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
            assert " 0 touch facts adopted" not in f" {reconciled.stdout}"
            until(lambda: all_published(system), seconds=60, what="the relays to have nothing left")
        after = {one["id"]: (one["state"], one["responder"]) for one in settled_down(system)}
        assert {one["id"]: after.get(one["id"]) for one in before} == {
            one["id"]: (one["state"], one["responder"]) for one in before
        }
        system.post([post("after", "ann", 2 * HOUR, "And now?")])
        until(lambda: [one for one in queue(system) if one["member"]["name"] == "Ann"], seconds=60, what="life goes on")
        assert system.command("reconcile").stdout.startswith("Nothing to reconcile")
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout


def save_streams(system: RunningSystem, folder: Path) -> None:
    async def run() -> None:
        client = await nats.connect(system.run.nats_url)
        for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS):
            with KeptFileWriter(folder, stream) as file:
                await save_stream(client, stream, file, ignore)
        await client.close()

    asyncio.run(run())


def put_streams_back(system: RunningSystem, folder: Path) -> None:
    """Restore the streams under the running services, as an operator does in haste."""

    async def run() -> None:
        client = await nats.connect(system.run.nats_url)
        for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS):
            config = (await ask(client, f"STREAM.INFO.{stream}"))["config"]
            assert "error" not in await ask(client, f"STREAM.DELETE.{stream}")
            await load_stream(client, stream, config, folder / stream, ignore)
        await client.close()

    asyncio.run(run())


def test_the_streams_are_earlier(tmp_path: Path) -> None:
    with a_system(tmp_path) as system:
        until(lambda: well(system), seconds=60, what="everything to be well")
        save_streams(system, tmp_path)
        live_on(system, tmp_path)
        member = queue(system)[0]["member"]["key"]
        tagging = system.act(f"/api/v1/members/{member}/tags", responder="tobi", tag="host")
        assert tagging.is_success, tagging.text
        before = settled_down(system)
        put_streams_back(system, tmp_path)
        system.post([post("meanwhile", "mo", 2 * HOUR, "Has anybody noticed?")])

        def refused() -> str | None:
            said = says(system, "triage")
            return said if "halted" in said else None

        why = until(refused, seconds=60, what="the refusal")
        assert "but now the server has MEMBER_EVENTS@" in why
        assert "warmline reconcile" in why
        reconciled = system.command("reconcile", "--yes")
        assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
        assert "put back into MEMBER_EVENTS; 1 that triage had taken in are gone" in reconciled.stdout
        assert f"tag-given, by tobi: /members/{member}" in reconciled.stdout
        after = {one["id"]: (one["state"], one["responder"]) for one in settled_down(system)}
        assert {one["id"]: after.get(one["id"]) for one in before} == {
            one["id"]: (one["state"], one["responder"]) for one in before
        }
        until(lambda: [one for one in queue(system) if one["member"]["name"] == "Mo"], seconds=60, what="life to go on")
        assert system.command("reconcile").stdout.startswith("Nothing to reconcile")
        verified = system.command("verify", "--accepted", str(tmp_path / "accepted.jsonl"))
        assert verified.returncode == 0, verified.stdout

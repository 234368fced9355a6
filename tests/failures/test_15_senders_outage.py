"""Fault 15: a sender cannot reach ingest for longer than it tries.

What it sends again later, or an import of the same days, closes the gap, and nothing is doubled: an event's id comes
from the fact, whichever way it arrives. What it gave up on while ingest was away may have been taken all the same, as
the listening socket outlives ingest. Pollers that look for gaps by themselves come with the platforms' connectors.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from infra.importing.zulip import ZulipArchive
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from infra.outgoing_event import OutgoingEvent, encode_event
from infra.ports import claim_internal
from shared.contracts.names import member_key
from tests.end_to_end.harbour import write_policy
from tests.end_to_end.running_system import TOKEN, RunningSystem, started
from tests.importing.exported import read
from tests.waiting import until

PATIENCE = 1.0
TOPIC = "7-general/Moving.20in.json"
PEOPLE = ("Ines Duarte", "Ravi Menon", "Yuki Tanaka")
DAYS_AGO = int(time.time()) - 3 * 24 * 3600


def message(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "sender_full_name": PEOPLE[number % len(PEOPLE)],
        "timestamp": DAYS_AGO + 600 * number,
        "content": f"<p>Box {number} is packed.</p>",
    }


def as_events(numbers: range) -> list[bytes]:
    """Return messages as a bridge sends them: derived as an import derives them."""
    facts = read(ZulipArchive(), {TOPIC: [message(number) for number in numbers]}).facts
    return [
        encode_event(
            OutgoingEvent(
                id=fact.id,
                source="/zulip/live",
                time=fact.time,
                data=replace(fact.data, community="acme", platform="zulip"),
            )
        )
        for fact in facts
    ]


async def send(url: str, numbers: range, patience: float = 30) -> list[str]:
    """Send as a bridge does, in small batches, giving each up after ``patience``; return the fates."""
    fates: list[str] = []
    async with ingest_client(url, TOKEN, patience=patience) as ingest:
        for start in range(numbers.start, numbers.stop, 10):
            events = as_events(range(start, min(start + 10, numbers.stop)))
            fates += [fate.fate for fate in await ingest.post_events(events)]
    return fates


@contextmanager
def ingest_out_of_reach(system: RunningSystem) -> Iterator[None]:
    """Stop the supervisor, so that it cannot help, and kill ingest."""
    os.kill(system.process.pid, signal.SIGSTOP)
    try:
        assert system.kill("ingest")
        until(lambda: not answers(system), seconds=60, what="ingest to be gone")
        yield
    finally:
        os.kill(system.process.pid, signal.SIGCONT)
    until(lambda: answers(system), seconds=60, what="ingest to be back")


def answers(system: RunningSystem) -> bool:
    try:
        return system.ingest.get("/healthz", timeout=1).status_code == 200
    except Exception:  # noqa: BLE001 -- whatever it is, it does not answer
        return False


def give_up(url: str, numbers: range) -> None:
    with pytest.raises(OperatorError, match="Gave up"):
        asyncio.run(send(url, numbers, PATIENCE))


def cut_off(numbers: range) -> None:
    """Have the sender give up on ``numbers``, with nobody where it sends them."""
    claim = claim_internal(None)
    try:
        give_up(f"http://127.0.0.1:{claim.port}", numbers)
    finally:
        claim.release()


def told(system: RunningSystem) -> list[str]:
    """Return the messages that the members' histories tell, each as often as they do."""
    found: list[str] = []
    for person in PEOPLE:
        page = system.get(f"/api/v1/members/{member_key('acme', 'zulip', person)}/history?limit=200")
        found += [item["message"] for item in page["items"] if item["kind"] == "posted"]
    return sorted(found, key=int)


def test_the_gap_is_closed_by_sending_again_and_by_an_import(tmp_path: Path) -> None:
    folder = tmp_path / "archive" / "7-general"
    folder.mkdir(parents=True)
    (folder / "Moving.20in.json").write_text(json.dumps([message(number) for number in range(100)]))
    with started(policy=write_policy(tmp_path)) as system:
        url = system.run.ingest_url
        assert asyncio.run(send(url, range(20))) == ["accepted"] * 20
        cut_off(range(20, 40))
        assert asyncio.run(send(url, range(40, 60))) == ["accepted"] * 20
        with ingest_out_of_reach(system):
            give_up(url, range(60, 80))
        assert asyncio.run(send(url, range(80, 90))) == ["accepted"] * 10

        again = asyncio.run(send(url, range(10, 50)))
        assert again == ["duplicate"] * 10 + ["accepted"] * 20 + ["duplicate"] * 10

        imported = system.command("import", "zulip", str(folder.parent), "--community", "acme", "--source", "live")
        assert imported.returncode == 0, imported.stdout + imported.stderr
        counted = dict(line.split()[:2] for line in imported.stdout.splitlines() if len(line.split()) > 1)
        accepted, duplicate = int(counted["accepted"]), int(counted["duplicate"])
        assert (accepted + duplicate, counted["refused"]) == (100, "0")
        assert 10 <= accepted <= 30

        everything = [str(number) for number in range(100)]
        until(lambda: len(told(system)) >= len(everything), seconds=60, what="the history")
        assert told(system) == everything
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

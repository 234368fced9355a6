"""Row 10: streams and a consumer are deleted under load; it is seen, they are made anew, and nothing is missing."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats

from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import RunningSystem, started, until

SEEN_WITHIN_SECONDS = 15.0


@contextmanager
def load(system: RunningSystem) -> Iterator[list[int]]:
    """Post questions that nobody answers, one after another; yields how many were sent so far as its length."""
    done, sent = threading.Event(), list[int]()

    def keep_posting() -> None:
        while not done.wait(0.05):
            number = len(sent)
            question = post(f"q{number}", f"member{number}", timedelta(hours=2), "Is anybody there?")
            assert system.post([question])["refused"] == 0
            sent.append(number)

    thread = threading.Thread(target=keep_posting)
    thread.start()
    try:
        yield sent
    finally:
        done.set()
        thread.join()


def ask(system: RunningSystem, verb: str) -> dict[str, Any]:
    async def request() -> dict[str, Any]:
        client = await nats.connect(system.run.nats_url)
        try:
            answer: dict[str, Any] = json.loads((await client.request(f"$JS.API.{verb}", b"", timeout=5)).data)
            return answer
        finally:
            await client.close()

    return asyncio.run(request())


def delete_a_consumer(system: RunningSystem) -> None:
    name = ask(system, f"CONSUMER.NAMES.{MEMBER_EVENTS}")["consumers"][0]
    assert ask(system, f"CONSUMER.DELETE.{MEMBER_EVENTS}.{name}")["success"]


def looks(system: RunningSystem) -> dict[str, str]:
    """What is not well, by name."""
    said = json.loads(system.command("status", "--json").stdout)
    return {part["name"]: part["says"] for part in said["parts"] if not part["well"]}


def touches(system: RunningSystem) -> int:
    return int(ask(system, f"STREAM.INFO.{TOUCHES}")["state"]["messages"])


def provision(system: RunningSystem) -> None:
    done = system.command("provision")
    assert done.returncode == 0, done.stderr


def test_streams_and_a_consumer_are_deleted_under_load(tmp_path: Path) -> None:
    with started(policy=write_policy(tmp_path)) as system:
        with load(system) as sent:
            until(lambda: touches(system) > 20, seconds=40, what="twenty touches")
            before = touches(system)
            for stream in (TOUCHES, TOUCH_FACTS):
                assert ask(system, f"STREAM.DELETE.{stream}")["success"]
            deleted = time.monotonic()
            delete_a_consumer(system)
            until(lambda: {TOUCHES, TOUCH_FACTS} <= looks(system).keys(), seconds=SEEN_WITHIN_SECONDS, what="an alarm")
            assert time.monotonic() - deleted < SEEN_WITHIN_SECONDS
            accepted = len(sent)
            until(lambda: len(sent) > accepted + 5, seconds=30, what="events to be accepted meanwhile")
            provision(system)
            until(lambda: touches(system) > before, seconds=60, what="all that was published, and more")
        until(lambda: not looks(system), seconds=40, what="everything to be well")
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_stream_made_anew_while_nobody_looked_is_filled_again(tmp_path: Path) -> None:
    """Deleted and provisioned within a moment, and nothing raised since: whoever had read it must notice by itself."""
    with started(policy=write_policy(tmp_path)) as system:
        with load(system):
            until(lambda: touches(system) > 20, seconds=40, what="twenty touches")
        before = touches(system)
        for stream in (TOUCHES, TOUCH_FACTS):
            assert ask(system, f"STREAM.DELETE.{stream}")["success"]
        provision(system)
        until(lambda: touches(system) >= before, seconds=60, what="all that was published")
        until(lambda: not looks(system), seconds=40, what="everything to be well")
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

"""Row 10: streams and a consumer are deleted under load; it is seen, they are made anew, and nothing is missing."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import nats
import pytest

from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until

SEEN_WITHIN_SECONDS = 15.0
_numbers = itertools.count()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with started(policy=write_policy(tmp_path_factory.mktemp("policy"))) as made:
        yield made


@contextmanager
def load(system: RunningSystem) -> Iterator[list[int]]:
    """Post questions that nobody answers, one after another; yields how many were sent so far as its length."""
    done, sent = threading.Event(), list[int]()

    def keep_posting() -> None:
        while not done.wait(0.05):
            number = next(_numbers)
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
            answer: dict[str, Any] = json.loads((await client.request(f"$JS.API.{verb}", b"", timeout=30)).data)
            return answer
        finally:
            await client.close()

    return asyncio.run(request())


def delete_a_consumer(system: RunningSystem) -> None:
    name = ask(system, f"CONSUMER.NAMES.{MEMBER_EVENTS}")["consumers"][0]
    assert ask(system, f"CONSUMER.DELETE.{MEMBER_EVENTS}.{name}")["success"]


def looks(system: RunningSystem) -> dict[str, str]:
    """What is not well, by name."""
    return {part["name"]: part["says"] for part in parts(system) if not part["well"]}


def at_work(system: RunningSystem) -> dict[str, str]:
    """Which relays have something to pass on, and which readers are not at the end."""
    done = {"relay": "0 log entries", "reading": "at the end"}
    named = {part["name"]: part["says"] for part in parts(system)}
    return {
        name: says for name, says in named.items() for kind, end in done.items() if kind in name and end not in says
    }


def parts(system: RunningSystem) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(system.command("status", "--json").stdout)["parts"]
    return said


def touches(system: RunningSystem) -> int:
    return int(ask(system, f"STREAM.INFO.{TOUCHES}")["state"]["messages"])


def provision(system: RunningSystem) -> None:
    done = system.command("provision")
    assert done.returncode == 0, done.stderr


def sound(system: RunningSystem) -> None:
    until(lambda: not looks(system), seconds=60, what="everything to be well")
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_streams_and_a_consumer_are_deleted_under_load(system: RunningSystem) -> None:
    with load(system) as sent:
        until(lambda: touches(system) > 20, seconds=60, what="twenty touches")
        before = touches(system)
        for stream in (TOUCHES, TOUCH_FACTS):
            assert ask(system, f"STREAM.DELETE.{stream}")["success"]
        deleted = time.monotonic()
        delete_a_consumer(system)

        def seen() -> float | None:
            """When the look at it began: on a busy machine the command that tells it may take long."""
            began = time.monotonic()
            return began if looks(system).keys() >= {TOUCHES, TOUCH_FACTS} else None

        assert until(seen, seconds=60, what="an alarm") - deleted < SEEN_WITHIN_SECONDS
        accepted = len(sent)
        until(lambda: len(sent) > accepted + 5, seconds=60, what="events to be accepted meanwhile")
        provision(system)
        until(lambda: touches(system) > before, seconds=60, what="all that was published, and more")
    sound(system)


def test_a_stream_made_anew_while_nobody_looked_is_filled_again(system: RunningSystem) -> None:
    """Deleted and provisioned within a moment, and nothing raised since: whoever had read it must notice by itself."""
    before = touches(system)
    with load(system):
        until(lambda: touches(system) > before + 20, seconds=60, what="twenty more touches")
    until(lambda: not at_work(system), seconds=60, what="nothing to be under way")
    before = touches(system)
    for stream in (TOUCHES, TOUCH_FACTS):
        assert ask(system, f"STREAM.DELETE.{stream}")["success"]
    provision(system)
    until(lambda: touches(system) >= before, seconds=60, what="all that was published")
    sound(system)

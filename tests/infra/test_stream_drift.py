"""A stream that is configured otherwise than Warmline needs stops who starts on it, and is never changed in silence."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from infra.operator_error import OperatorError
from infra.stream_provisioning import provision_streams
from shared.stream_check import StreamDriftError, differences, wait_for_streams
from shared.topology import GIB, MIB, StreamSettings, read_bytes, size_in_words, store_bytes, streams
from tests import servers

SETTINGS = StreamSettings(max_bytes=GIB)
MEMBER_EVENTS = streams(SETTINGS)[0]
SERVICES = {"ingest": "MEMBER_EVENTS", "triage": "TOUCHES", "notifier": "TOUCH_FACTS", "projections": "TOUCHES"}


@pytest.fixture
async def live(client: Client) -> AsyncIterator[Client]:
    """NATS with Warmline's streams, which the next test finds made anew."""
    yield client
    await servers.fresh_streams(client)


async def config(client: Client, stream: str) -> dict[str, Any]:
    return (await client.jetstream().stream_info(stream)).config.as_dict()


async def provisioned(client: Client, settings: StreamSettings = SETTINGS, *, apply: bool = False) -> list[str]:
    said: list[str] = []
    await provision_streams(client, settings, apply=apply, report=said.append)
    return said


async def test_what_the_server_makes_of_our_streams_does_not_differ(live: Client) -> None:
    assert await provisioned(live) == []
    await wait_for_streams(live, SERVICES.values(), SETTINGS)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("max_bytes", 2 * GIB, "MEMBER_EVENTS: max_bytes is 2GiB, wanted is 1GiB"),
        ("max_bytes", -1, "MEMBER_EVENTS: max_bytes is unbounded, wanted is 1GiB"),
        ("discard", "old", 'MEMBER_EVENTS: discard is "old", wanted is "new"'),
        ("max_age", 10**15, "MEMBER_EVENTS: max_age is 1000000000000000, wanted is 0"),
        ("max_msgs_per_subject", 1, "MEMBER_EVENTS: max_msgs_per_subject is 1, wanted is -1"),
        ("duplicate_window", 10**9, "MEMBER_EVENTS: duplicate_window is 1000000000, wanted is 600000000000"),
        ("allow_atomic", False, "MEMBER_EVENTS: allow_atomic is not set, wanted is true"),
        ("allow_rollup_hdrs", True, "MEMBER_EVENTS: allow_rollup_hdrs is true, wanted is false"),
    ],
)
async def test_a_setting_that_differs_is_shown_and_changed_only_when_asked(
    live: Client, setting: str, value: Any, words: str
) -> None:
    await servers.reconfigure(live, "MEMBER_EVENTS", **{setting: value})
    before = await config(live, "MEMBER_EVENTS")
    with pytest.raises(OperatorError) as refused:
        await provisioned(live)
    assert f"  {words}\n" in str(refused.value)
    assert "warmline provision --apply" in str(refused.value)
    assert await config(live, "MEMBER_EVENTS") == before
    with pytest.raises(StreamDriftError) as stopped:
        await wait_for_streams(live, ["MEMBER_EVENTS"], SETTINGS)
    assert str(stopped.value) == str(refused.value)
    await wait_for_streams(live, ["TOUCHES"], SETTINGS)
    assert await provisioned(live, apply=True) == [f"Changed: {words}"]
    await wait_for_streams(live, ["MEMBER_EVENTS"], SETTINGS)


async def test_more_room_is_given_and_what_is_stored_stays(live: Client) -> None:
    await live.jetstream().publish("needs-touch.acme.all.welcome", b"{}")
    said = await provisioned(live, StreamSettings(max_bytes=2 * GIB), apply=True)
    assert said[0] == "Changed: MEMBER_EVENTS: max_bytes is 1GiB, wanted is 2GiB"
    info = await live.jetstream().stream_info("TOUCHES")
    assert (info.config.max_bytes, info.state.messages) == (GIB // 2, 1)


async def test_less_room_than_is_taken_is_refused(live: Client) -> None:
    for _ in range(40):
        await live.jetstream().publish("p.0.member.acme.discord.posted", b"x" * MIB)
    with pytest.raises(OperatorError, match=r"max_bytes is 1GiB, wanted is 32MiB, but it holds .* Nothing was changed"):
        await provisioned(live, StreamSettings(max_bytes=32 * MIB), apply=True)
    assert (await config(live, "TOUCHES"))["max_bytes"] == GIB // 4


async def test_what_cannot_be_changed_without_loss_is_never_changed(live: Client) -> None:
    await servers.reconfigure(live, "TOUCHES", subjects=["needs-touch.acme.*.*"])
    await servers.reconfigure(live, "MEMBER_EVENTS", max_bytes=2 * GIB)
    with pytest.raises(OperatorError, match=r"TOUCHES: subjects is .* cannot be changed .* Nothing was changed"):
        await provisioned(live, apply=True)
    assert (await config(live, "MEMBER_EVENTS"))["max_bytes"] == 2 * GIB


async def test_streams_that_do_not_fit_say_how_to_make_room(live: Client) -> None:
    for stream in streams():
        await live.jetstream().delete_stream(stream.name)
    with pytest.raises(OperatorError, match=r"MEMBER_EVENTS could not be created: .*WARMLINE_NATS_STORE_BYTES"):
        await provisioned(live, StreamSettings(max_bytes=100 * GIB))


def test_a_copy_of_another_stream_is_none_of_ours() -> None:
    (found,) = differences(MEMBER_EVENTS, {**MEMBER_EVENTS.config(), "mirror": {"name": "ELSEWHERE"}})
    assert str(found) == 'MEMBER_EVENTS: mirror is {"name": "ELSEWHERE"}, wanted is not set'


@pytest.mark.parametrize("service", sorted(SERVICES))
async def test_a_service_does_not_start_on_a_stream_that_differs(
    live: Client, nats_url: str, postgres_url: str, service: str
) -> None:
    await servers.reconfigure(live, SERVICES[service], discard="old")
    environment = {
        **os.environ,
        "WARMLINE_NATS_URL": nats_url,
        "WARMLINE_POSTGRES_URL": postgres_url,
        "WARMLINE_PARTITIONS": "1",
        "WARMLINE_STREAM_BYTES": "1GiB",
        "WARMLINE_TOKEN": "token",
        "WARMLINE_INGEST_PORT": "0",
        "WARMLINE_DESK_URL": "http://127.0.0.1",
    }
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", f"services.{service}.main"],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert f"warmline {service} does not start. The streams are not configured" in ended.stderr
    assert f'  {SERVICES[service]}: discard is "old", wanted is "new"\n' in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "size"), [("16777216", 16 * MIB), ("16MiB", 16 * MIB), ("10GiB", 10 * GIB), ("1TiB", 1024 * GIB)]
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert read_bytes(text) == size
    assert read_bytes(size_in_words(size)) == size


@pytest.mark.parametrize("text", ["10GB", "10 GiB", "-1", "1e9", "", "1MiB", "٣GiB"])
def test_a_size_that_cannot_be_read_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="give"):
        read_bytes(text)


def test_a_server_may_store_all_streams() -> None:
    assert store_bytes(SETTINGS) >= sum(stream.max_bytes for stream in streams(SETTINGS))

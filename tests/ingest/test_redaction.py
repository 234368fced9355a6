"""Redaction by a real ingest: the copy is stored, then the message is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace
from nats.js.errors import NotFoundError

from shared.contracts.cloudevents import decode_member_event, encode_member_event
from shared.contracts.redaction import REDACT, STANDS_FOR, Redact, RedactReply, Textless
from shared.contracts.subjects import MEMBER_EVENTS
from shared.telemetry.traces import TRACEPARENT
from tests.ingest.ingest_world import World, posted

pytestmark = pytest.mark.asyncio(loop_scope="session")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STORED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def stored(world: World) -> tuple[int, Any]:
    """A post in the stream: where, and the event."""
    name = await world.new_community()
    async with world.client() as client:
        headers = {"content-type": "application/cloudevents+json", TRACEPARENT: TRACE}
        answer = await client.post("/v1/events", json=posted("m-1", name, text="Something private."), headers=headers)
        assert answer.status_code == 200, answer.text
    found = await world.nc.jetstream().get_last_msg(MEMBER_EVENTS, f"p.*.member.{name}.discord.posted")
    return found.seq or 0, decode_member_event(found.data or b"")


async def told(world: World, body: bytes) -> RedactReply:
    return msgspec.json.decode((await world.nc.request(REDACT, body, timeout=10)).data, type=RedactReply)


def copy_of(seq: int, event: Any, text: str = "") -> Textless:
    body = encode_member_event(replace(event, data=replace(event.data, text=text)))
    return Textless(seq=seq, stored=STORED, taken='{"asks":true}', body=body)


async def test_the_copy_stands_under_the_same_identity_and_the_message_is_gone(world: World, stored: Any) -> None:
    seq, event = stored
    command = msgspec.json.encode(Redact(copies=(copy_of(seq, event),)))
    for _ in range(2):  # told again, as after a crash, it does no more
        assert await told(world, command) == RedactReply()
    with pytest.raises(NotFoundError):
        await world.nc.jetstream().get_msg(MEMBER_EVENTS, seq)
    [copy] = await world.stored(event.community)
    assert copy == replace(event, data=replace(event.data, text=""))
    found = await world.nc.jetstream().get_last_msg(MEMBER_EVENTS, f"p.*.member.{event.community}.discord.redacted")
    headers = found.headers or {}
    assert headers[STANDS_FOR] == f"{seq} 2026-11-23T08:00:00Z"
    # Evidence names the trace, so that a replay without it would come to something else.
    assert headers.get(TRACEPARENT) == event.traceparent
    assert (event.traceparent or "").startswith(TRACE[:36])


@pytest.mark.parametrize("wrong", ["a text", "no event", "no command"])
async def test_what_is_no_copy_without_text_erases_nothing(world: World, stored: Any, wrong: str) -> None:
    seq, event = stored
    copy = copy_of(seq, event, text="Something else." if wrong == "a text" else "")
    if wrong == "no event":
        copy = Textless(seq=seq, stored=STORED, taken="{}", body=b"{}")
    body = b"[]" if wrong == "no command" else msgspec.json.encode(Redact(copies=(copy,)))
    assert "nothing was redacted" in ((await told(world, body)).refused or "")
    assert (await world.nc.jetstream().get_msg(MEMBER_EVENTS, seq)).data

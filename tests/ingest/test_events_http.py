from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ingest_world import World, posted

pytestmark = pytest.mark.asyncio(loop_scope="session")

BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"


async def post(world: World, content: Any, content_type: str | None = STRUCTURED, token: str | None = None) -> Any:
    async with world.client(token) if token else world.client() as client:
        headers = {"Content-Type": content_type} if content_type else {}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await client.post("/v1/events", content=body, headers=headers)


def is_problem(response: Any, status: int, field: str | None = None) -> bool:
    problem = response.json()
    return (
        response.status_code == problem["status"] == status
        and response.headers["content-type"] == "application/problem+json"
        and problem.get("field") == field
        and set(problem) <= {"type", "title", "status", "detail", "field"}
        and "Traceback" not in response.text
    )


async def test_a_single_event_is_stored_as_its_source_stands_for_it(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with world.client(token) as client:
        headers = {"Content-Type": STRUCTURED, "traceparent": parent}
        answer = await client.post("/v1/events", json=posted("post:1:1", None), headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1,
        "duplicate": 0,
        "refused": 0,
        "results": [
            {
                "id": "post:1:1",
                "source": "/discord/guild",
                "fate": "accepted",
                "field": None,
                "reason": None,
                "retry_after": None,
            }
        ],
    }
    [event] = await world.stored(community)
    assert (event.id, event.source, event.community, event.platform) == (
        "post:1:1",
        "/discord/guild",
        community,
        "discord",
    )
    assert (event.organisation, event.data.community, event.traceparent) == (f"org-of-{community}", community, parent)


async def test_binary_mode_carries_attributes_in_headers(world: World) -> None:
    community = await world.new_community()
    event = posted("binary 1", community)
    async with world.client() as client:
        headers = {f"ce-{name}": event[name] for name in ("specversion", "source", "type", "time")}
        answer = await client.post("/v1/events", json=event["data"], headers={**headers, "ce-id": "binary%201"})
    assert answer.status_code == 200
    assert [stored.id for stored in await world.stored(community)] == ["binary 1"]


async def test_a_batch_keeps_what_is_valid_in_order_and_says_each_fate(world: World) -> None:
    community = await world.new_community()
    batch = [
        posted("a", community),
        posted("b", community, type="warmline.member.sneezed.v1"),
        posted("c", community),
        posted("a", community),
        posted("d", "nobody-knows-it"),
        17,
        {**posted("e", community), "data": {"community": community, "platform": "discord"}},
        posted("f", community, source="/warmline/org"),
        posted("g", community, id=5),
    ]
    answer = (await post(world, batch, BATCH)).json()
    assert [(result["fate"], result["field"]) for result in answer["results"]] == [
        ("accepted", None),
        ("refused", "type"),
        ("accepted", None),
        ("duplicate", None),
        ("refused", "data.community"),
        ("refused", "event"),
        ("refused", "data.member"),
        ("refused", "source"),
        ("refused", "id"),
    ]
    assert (answer["accepted"], answer["duplicate"], answer["refused"]) == (2, 1, 6)
    assert "warmline.member.posted.v1" in answer["results"][1]["reason"]
    assert [event.id for event in await world.stored(community)] == ["a", "c"]


async def test_sending_again_changes_nothing(world: World) -> None:
    community = await world.new_community()
    events = [posted(f"post:{number}", community) for number in range(200)]
    first = (await post(world, events, BATCH)).json()
    mixed = [*events[100:], *(posted(f"post:{number}", community) for number in range(200, 250))]
    second = (await post(world, mixed, "application/json")).json()
    assert (first["accepted"], second["accepted"], second["duplicate"]) == (200, 50, 100)
    assert [event.id for event in await world.stored(community)] == [f"post:{number}" for number in range(250)]


async def test_a_time_in_the_future_is_clamped(world: World) -> None:
    community = await world.new_community()
    ahead = datetime.now(UTC) + timedelta(hours=3)
    assert (await post(world, posted("x", community, time=ahead.isoformat()))).status_code == 200
    [event] = await world.stored(community)
    assert event.timeclamped
    assert abs(event.time - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b'{"specversion":', STRUCTURED, 400),
        (b'{"id":"\xff"}', STRUCTURED, 400),
        (b"[" * 200_000, BATCH, 400),
        (b'[{"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}]", BATCH, 400),
        (b'"text"', STRUCTURED, 400),
        (b"[]", STRUCTURED, 400),
        (b"{}", BATCH, 400),
        (b"{}", "application/json", 400),
        (b"", STRUCTURED, 400),
        (b"{}", None, 400),
        (b"<xml/>", "application/xml", 415),
        (b"{}", f"{STRUCTURED}; charset=latin-1", 415),
        (b"[" + b"{}," * 1000 + b"{}]", BATCH, 413),
        (b"x" * 10_000_000, STRUCTURED, 413),
    ],
)
async def test_an_unreadable_request_is_refused_as_a_whole(
    world: World, content: bytes, content_type: str | None, status: int
) -> None:
    assert is_problem(await post(world, content, content_type), status)


async def test_a_large_body_of_unannounced_length_is_refused(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    async with world.client() as client:
        assert is_problem(await client.post("/v1/events", content=chunks(), headers={"Content-Type": STRUCTURED}), 413)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": 1}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": "a\0b"}, "id"),
        ({"source": None}, "source"),
        ({"source": "discord"}, "source"),
        ({"source": "/slack/guild"}, "source"),
        ({"type": "warmline.member.sneezed.v1"}, "type"),
        ({"type": "warmline.community.import-ended.v1"}, "type"),
        ({"time": None}, "time"),
        ({"time": "2026-11-22T08:15:00"}, "time"),
        ({"time": "1989-12-31T00:00:00Z"}, "time"),
        ({"datacontenttype": "text/plain"}, "datacontenttype"),
        ({"data": None}, "data"),
        ({"data": []}, "data"),
        ({"data.text": None}, "data.text"),
        ({"data.text": 5}, "data.text"),
        ({"data.text": "a\0b"}, "data.text"),
        ({"data.text": "€" * 99_999}, "data"),
        ({"data.member": {"id": "u", "roles": ["a", 3]}}, "data.member.roles[1]"),
        ({"data.audience": "everybody"}, "data.audience"),
        ({"data.url": "javascript:alert(1)"}, "data.url"),
        ({"data.community": "Not A Name"}, "data.community"),
        ({"data.community": "name\n"}, "data.community"),
        ({"data.community": "nobody-knows-it"}, "data.community"),
        ({"data.platform": "warmline", "source": "/warmline/guild"}, "source"),
    ],
)
async def test_a_single_refused_event_names_the_field(world: World, change: dict[str, Any], field: str) -> None:
    community = await world.new_community()
    event = posted("x", community)
    for path, value in change.items():
        target, name = (event["data"], path[5:]) if path.startswith("data.") else (event, path)
        target[name] = value
        if value is None:
            del target[name]
    assert is_problem(await post(world, event), 422, field)
    assert await world.stored(community) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data.community": "another"}, "data.community"),
        ({"data.platform": "slack"}, "data.platform"),
        ({"source": "/discord/another"}, "source"),
    ],
)
async def test_a_source_speaks_for_nobody_else(world: World, change: dict[str, str], field: str) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    event = posted("x", None)
    for path, value in change.items():
        target, name = (event["data"], path[5:]) if path.startswith("data.") else (event, path)
        target[name] = value
    answer = await post(world, event, token=token)
    assert is_problem(answer, 403, field)
    assert "/discord/guild" in answer.json()["detail"]
    batch = await post(world, [event, posted("mine", None)], BATCH, token=token)
    assert [result["fate"] for result in batch.json()["results"]] == ["refused", "accepted"]


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic dXNlcg==", "Bearer \xff"])
async def test_without_a_known_token_nothing_enters(world: World, authorization: str | None) -> None:
    async with world.client(None) as client:
        headers = {b"Authorization": authorization.encode("latin-1")} if authorization else {}
        answer = await client.post("/v1/events", json=posted("x", "any"), headers=headers)
    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_removed_source_is_refused_at_once(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    assert (await post(world, posted("1", None), token=token)).status_code == 200
    async with world.client() as client:
        await client.delete("/v1/sources/discord/guild", params={"community": community})
    assert is_problem(await post(world, posted("2", None), token=token), 401)


async def test_the_handshake_and_other_methods(world: World) -> None:
    async with world.client(None) as client:
        handshake = await client.options("/v1/events", headers={"WebHook-Request-Origin": "eventemitter.example"})
        assert (handshake.status_code, handshake.headers["webhook-allowed-origin"]) == (200, "eventemitter.example")
        other = await client.get("/v1/events")
        assert is_problem(other, 405)
        assert other.headers["allow"] == "POST, OPTIONS"


async def test_concurrent_batches_keep_their_order(world: World) -> None:
    community = await world.new_community()
    batches = [[posted(f"{sender}:{number:03}", community) for number in range(60)] for sender in "abcdefgh"]
    answers = await asyncio.gather(*(post(world, batch, BATCH) for batch in batches))
    assert all(answer.json()["accepted"] == 60 for answer in answers)
    stored = [event.id for event in await world.stored(community)]
    assert len(stored) == len(set(stored)) == 480
    for sender in "abcdefgh":
        own = [event_id for event_id in stored if event_id.startswith(sender)]
        assert own == sorted(own)


async def test_logs_hold_no_text_no_name_and_no_token(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    secret = "a-very-private-sentence"
    await post(world, posted("x", "another", text=secret), token=token)
    await post(world, [posted("x", "another", text=secret), posted("y", None, source=secret)], BATCH, token=token)
    log = world.ingest.log.read_text()
    assert '"code": "foreign-community"' in log
    assert not any(word in log for word in (secret, token, "Ada", "the-administrator"))


async def test_what_is_logged_of_a_request_names_its_trace(world: World) -> None:
    trace = secrets.token_hex(16)
    async with world.client() as client:
        headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-00", "content-type": STRUCTURED}
        refused = await client.post("/v1/events", json=posted("x", None, source="nonsense"), headers=headers)
    assert refused.status_code == 422
    lines = [json.loads(line) for line in world.ingest.log.read_text().splitlines() if trace in line]
    assert [line["event"] for line in lines] == ["request_refused"]
    assert lines[0]["trace_id"] == trace

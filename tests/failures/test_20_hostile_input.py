"""Fault 20: hostile input. A clear 4xx, one line in the log, and nothing stored; what is good goes on.

What bytes are thrown at each parser, and requests at each route of the OpenAPI documents, is in ``tests/fuzzing``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import resource
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from statistics import quantiles
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts.subjects import MEMBER_EVENTS
from tests import servers
from tests.failures.lone_ingest import BATCH, LoneIngest, lone_ingest
from tests.ingest.ingest_world import TOKEN, policy, posted

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE = "application/cloudevents+json"
SECRET = "a-very-private-sentence"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingest(nats_url: str, postgres_url: str) -> AsyncIterator[LoneIngest]:
    database = await servers.fresh_database(postgres_url)
    async with servers.nats_client(nats_url) as client:
        await servers.fresh_streams(client)
        async with lone_ingest(client, nats_url, database) as running:
            await running.adopt("acme", "other")
            yield running
    await servers.drop_database(postgres_url, database)


async def in_the_stream(ingest: LoneIngest) -> int:
    return (await ingest.nats.jetstream().stream_info(MEMBER_EVENTS)).state.last_seq


async def refused(ingest: LoneIngest, answer: httpx.Response, status: int, lines_before: int, stored: int) -> None:
    """Hold the answer, the log and the stream against what is promised; then a good event must be taken."""
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], len(problem["detail"]) > 10) == (status, True)
    assert not re.search(r"Traceback|File \"|msgspec|litestar|psycopg", answer.text)
    new = ingest.log_lines()[lines_before:]
    assert [line["level"] for line in new if line["level"] != "warning"] in (["info"], []), new
    assert len(new) == 1, new
    assert SECRET not in json.dumps(new)
    assert await in_the_stream(ingest) == stored
    good = await ingest.admin.post("/v1/events", json=posted(f"good:{time.monotonic_ns()}", "acme"))
    assert good.json()["accepted"] == 1


def event(**changes: Any) -> bytes:
    """Return an event whose data, for names with a dot before, or attributes are changed."""
    made = posted("hostile", "acme", text=SECRET)
    for name, value in changes.items():
        target, field = (made["data"], name[5:]) if name.startswith("data_") else (made, name)
        target[field] = value
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        pytest.param(event(data_text="x" * 10_000_000), ONE, 413, id="huge body"),
        pytest.param(event(data_text="x" * 99_999, data_url="https://" + "é" * 1990), ONE, 200, id="just so large"),
        pytest.param(event(data_text="x" * 100_001), ONE, 422, id="text too long"),
        pytest.param(event(data_mentions=["m"] * 101), ONE, 422, id="too many mentions"),
        pytest.param(b"[" + b",".join([event()] * 1001) + b"]", BATCH, 413, id="too many events"),
        pytest.param(b"[" * 1_000_000, BATCH, 400, id="deep and open"),
        pytest.param(b"[" * 500_000 + b"]" * 500_000, BATCH, 400, id="deep and closed"),
        pytest.param(b'{"specversion":"1.0","data":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, ONE, 400, id="deep"),
        pytest.param(event().replace(b"Ada", b"\xff\xfe\xfd"), ONE, 400, id="bad UTF-8"),
        pytest.param(event().decode().encode("utf-16"), ONE, 400, id="UTF-16"),
        pytest.param(gzip.compress(event()), ONE, 400, id="compressed"),
        pytest.param(event().replace(b"Ada", b"\\ud83d"), ONE, 400, id="half an emoji"),
        pytest.param(event(data_text="a\0b"), ONE, 422, id="NUL in text"),
        pytest.param(event(id="a\0b"), ONE, 422, id="NUL in id"),
        pytest.param(event(data_conversation="\0"), ONE, 422, id="NUL in a name"),
        pytest.param(event(id=5), ONE, 422, id="id is a number"),
        pytest.param(event(id="x" * 201), ONE, 422, id="long id"),
        pytest.param(event(data=[]), ONE, 422, id="data is an array"),
        pytest.param(event(data=None), ONE, 422, id="data is null"),
        pytest.param(event(data_member="Ada"), ONE, 422, id="member is text"),
        pytest.param(event(data_text=10**400), ONE, 422, id="text is a huge number"),
        pytest.param(event(time="yesterday"), ONE, 422, id="no time"),
        pytest.param(event(time="2026-11-22T08:15:00"), ONE, 422, id="time without a zone"),
        pytest.param(event(time="0001-01-01T00:00:00+23:59"), ONE, 422, id="before all time"),
        pytest.param(event(type="warmline.member.sneezed.v1"), ONE, 422, id="unknown type"),
        pytest.param(event(type="warmline.community.policy-adopted.v1"), ONE, 422, id="a fact of Warmline's"),
        pytest.param(event(source="/warmline/harbour", data_platform="warmline"), ONE, 422, id="Warmline's platform"),
        pytest.param(event(source="/myspace/guild"), ONE, 422, id="another platform"),
        pytest.param(event(source="/../guild"), ONE, 422, id="source is a path"),
        pytest.param(event(data_platform="a.b"), ONE, 422, id="platform with a dot"),
        pytest.param(event(data_community="acme.>"), ONE, 422, id="community with a wildcard"),
        pytest.param(event(data_community="nobody-knows-it"), ONE, 422, id="unknown community"),
        pytest.param(event(data_url="javascript:alert(1)"), ONE, 422, id="a link that is a script"),
        pytest.param(b"", ONE, 400, id="nothing"),
        pytest.param(b"null", ONE, 400, id="null"),
        pytest.param(b"NaN", ONE, 400, id="not a number"),
        pytest.param(event(), "text/html", 415, id="another media type"),
        pytest.param(event(), f"{ONE}; charset=utf-7", 415, id="another charset"),
        pytest.param(event(), "\xff", 415, id="no media type"),
    ],
)
async def test_a_hostile_event_is_refused(ingest: LoneIngest, content: bytes, content_type: str, status: int) -> None:
    before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
    headers = {b"content-type": content_type.encode("latin-1")}
    answer = await ingest.admin.post("/v1/events", content=content, headers=headers)
    if status == 200:
        assert answer.status_code == 200
        return
    await refused(ingest, answer, status, before, stored)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer x",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer \xff\xfe",
        "x" * 9000,
    ],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/imports"])
async def test_without_a_credential_that_is_known_nothing_enters(
    ingest: LoneIngest, path: str, authorization: str | None
) -> None:
    before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
    headers = {b"content-type": ONE.encode()} | (
        {b"authorization": authorization.encode("latin-1")} if authorization else {}
    )
    async with ingest.client(None) as stranger:
        answer = await stranger.post(path, params={"token": TOKEN}, content=event(), headers=headers)
    await refused(ingest, answer, 401, before, stored)


async def test_a_credential_that_was_ended_is_worth_nothing_when_replayed(ingest: LoneIngest) -> None:
    token = await ingest.new_source("acme")
    async with ingest.client(token) as source:
        assert (await source.post("/v1/events", json=posted("own", None))).json()["accepted"] == 1
        assert (await source.post("/v1/events", json=posted("own", None))).json()["duplicate"] == 1
        await ingest.admin.delete("/v1/sources/discord/guild", params={"community": "acme"})
        before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
        await refused(ingest, await source.post("/v1/events", json=posted("own:2", None)), 401, before, stored)


@pytest.mark.parametrize(
    "claims",
    [{"source": "/discord/another"}, {"data_platform": "slack", "source": "/slack/guild"}, {"data_community": "other"}],
)
async def test_a_credential_speaks_for_nobody_else(ingest: LoneIngest, claims: dict[str, str]) -> None:
    token = await ingest.new_source("acme")
    try:
        async with ingest.client(token) as source:
            before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
            answer = await source.post("/v1/events", content=event(**claims), headers={"content-type": ONE})
            await refused(ingest, answer, 403, before, stored)
            before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
            await refused(ingest, await source.get("/v1/sources"), 403, before, stored)
    finally:
        await ingest.admin.delete("/v1/sources/discord/guild", params={"community": "acme"})


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("PUT", "/v1/policy", b"x" * 5_000_000, 413),
        ("PUT", "/v1/policy", b'"' + b"x" * 600_000 + b'"', 413),
        ("PUT", "/v1/policy", DEEP, 400),
        ("PUT", "/v1/policy", b'{"organisation":"\xff"}', 400),
        ("PUT", "/v1/policy", json.dumps(policy("harbour", "acme", team={"roles": ["a\0b"]})).encode(), 422),
        ("PUT", "/v1/policy", json.dumps(policy("harbour", "acme", other="x")).encode(), 422),
        ("PUT", "/v1/policy", json.dumps(policy("harbour", *(f"c-{n}" for n in range(50_000)))).encode(), 413),
        ("PUT", "/v1/policy", json.dumps(policy("harbour", *["acme"] * 10_000)).encode(), 422),
        ("POST", "/v1/sources", DEEP, 400),
        ("POST", "/v1/sources", b'{"community":"acme","platform":"warmline","name":"x"}', 422),
        ("POST", "/v1/sources", b'{"community":"acme","platform":"a\\u0000","name":"x"}', 422),
        ("POST", "/v1/imports", b'{"community":"acme","platform":"zulip","source_name":"x","name":"a\\u0000"}', 422),
        ("POST", "/v1/imports", b"x" * 5_000_000, 413),
        ("POST", "/v1/imports/a%00b/end", b"", 404),
        ("POST", f"/v1/imports/{'x' * 5000}/end", b"", 404),
        ("POST", "/v1/imports/i-unknown/parts", b'{"parts":[' + b'"x",' * 10_000 + b'"x"]}', 422),
        ("DELETE", "/v1/sources/discord/%00?community=acme", b"", 422),
        ("DELETE", "/v1/sources/discord/guild?community=%ff", b"", 422),
        ("GET", "/v1/../etc/passwd", b"", 404),
        ("GET", "/%00", b"", 404),
        ("TRACE", "/v1/events", b"", 405),
    ],
)
async def test_a_hostile_request_to_the_administration_is_refused(
    ingest: LoneIngest, method: str, path: str, content: bytes, status: int
) -> None:
    before, stored = len(ingest.log_lines()), await in_the_stream(ingest)
    answer = await ingest.admin.request(method, path, content=content)
    await refused(ingest, answer, status, before, stored)


async def speak(ingest: LoneIngest, *said: bytes) -> bytes:
    """Say something over a bare connection and return all that is answered until ingest closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ingest.process.port)
    for one in said:
        writer.write(one)
        await writer.drain()
    async with asyncio.timeout(30):
        answer = b""
        # Whoever hangs up with bytes unread resets the connection; what was answered before stands.
        with contextlib.suppress(ConnectionResetError):
            while block := await reader.read(65_536):
                answer += block
    writer.close()
    return answer


HEAD = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {ONE}\r\n".encode()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(b"\x16\x03\x01\x00\xa5\x01\x00", 400, id="TLS"),
        pytest.param(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="two lengths"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", 400, id="bad chunk"),
        pytest.param(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", 431, id="large header"),
        pytest.param(HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(10_000)), 431, id="endless headers"),
        pytest.param(HEAD + b"Content-Length: 99999999999\r\n\r\n", 413, id="huge length, and hung up"),
    ],
)
async def test_what_breaks_http_is_refused(ingest: LoneIngest, said: bytes, status: int) -> None:
    stored = await in_the_stream(ingest)
    answer = await speak(ingest, said)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert json.loads(body)["status"] == status
    assert await in_the_stream(ingest) == stored


async def test_the_slow_and_the_silent_keep_nobody_waiting(ingest: LoneIngest) -> None:
    """1,050 connections that say nothing or begin a head, ten bodies that do not come, and one who speaks."""
    before = len(ingest.log_lines())
    with ExitStack() as held:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 2048), hard), hard))
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(1050):
            _, writer = await asyncio.open_connection("127.0.0.1", ingest.process.port)
            held.callback(writer.close)
            writer.write(HEAD[: number % 60])
        for _ in range(10):
            _, writer = await asyncio.open_connection("127.0.0.1", ingest.process.port)
            held.callback(writer.close)
            writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
        async with ingest.client(TOKEN) as sender:
            waits = []
            for number in range(50):
                began = time.monotonic()
                answer = await sender.post("/v1/events", json=posted(f"patient:{number}", "acme"))
                assert answer.json()["accepted"] == 1
                waits.append(time.monotonic() - began)
            assert quantiles(waits, n=10)[-1] < 5, waits  # one of ten may wait for a processor
    assert ingest.log_lines()[before:] == []

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError

ACCEPTED = b'{"results":[{"id":"a","source":"/x/y","fate":"accepted"}]}'


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def server(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve each connection the next answer, the last one for ever; keep what was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        writer.write(answers[min(len(asked), len(answers) - 1)])
        asked.append(head + body)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked


async def test_the_same_events_are_sent_again_until_ingest_takes_them() -> None:
    waits: list[tuple[str, float]] = []
    full = answer("503 Unavailable", b'{"title":"Unavailable","detail":"the stream is away."}', retry_after="0")
    async with (
        server(full, b"", answer("200 OK", ACCEPTED)) as (url, asked),
        ingest_client(url, "secret", on_wait=lambda why, seconds: waits.append((why, seconds))) as ingest,
    ):
        (fate,) = await ingest.post_events([b'{"id":"a"}'])
    assert fate.fate == "accepted"
    assert len(asked) == 3
    assert {request.partition(b"\r\n\r\n")[2] for request in asked} == {b'[{"id":"a"}]'}
    assert b"authorization: Bearer secret" in asked[0].replace(b"Authorization", b"authorization")
    assert waits[0] == ("the stream is away", 0.0)
    assert "does not answer" in waits[1][0]


async def test_a_quota_is_waited_for_as_long_as_it_says() -> None:
    waits: list[float] = []
    over = answer("429 Too Many Requests", b'{"detail":"the community \'x\' sends too much"}', retry_after="1")
    async with (
        server(over, answer("200 OK", ACCEPTED)) as (url, asked),
        ingest_client(url, "secret", on_wait=lambda _why, seconds: waits.append(seconds)) as ingest,
    ):
        await ingest.post_events([b'{"id":"a"}'])
    assert (waits, len(asked)) == ([1.0], 2)


async def test_a_quota_beyond_all_patience_is_told_at_once() -> None:
    over = answer("429 Too Many Requests", b'{"detail":"the community \'x\' is over its share"}', retry_after="3600")
    async with server(over) as (url, asked), ingest_client(url, "secret", patience=60) as ingest:
        with pytest.raises(OperatorError, match="the community 'x' is over its share"):
            await ingest.post_events([b"{}"])
    assert len(asked) == 1


async def test_patience_ends() -> None:
    async with server(answer("503 Unavailable")) as (url, _), ingest_client(url, "secret", patience=0.1) as ingest:
        with pytest.raises(OperatorError, match=r"Gave up after 0.1 s: .*Try again"):
            await ingest.post_events([b"{}"])


async def test_a_refusal_is_told_in_ingests_words_and_not_repeated() -> None:
    problem = answer(
        "422 Unprocessable", b'{"detail":"the community \'x\' is not in a care policy","field":"community"}'
    )
    async with server(problem) as (url, asked), ingest_client(url, "secret") as ingest:
        with pytest.raises(OperatorError, match="the community 'x' is not in a care policy"):
            await ingest.begin_import(community="x", platform="zulip", source_name="y")
    assert len(asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"results":[]}'])
async def test_an_answer_of_somebody_else_is_an_error(body: bytes) -> None:
    async with server(answer("200 OK", body)) as (url, _), ingest_client(url, "secret") as ingest:
        with pytest.raises(OperatorError, match="version"):
            await ingest.post_events([b"{}"])

"""Retrying messages: a copy of each in its own stream."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Final

import nats.errors
import nats.js.errors
import psycopg
from nats.aio.client import Client

from infra.dead_letters.ending import end_as_retried
from infra.dead_letters.letter import Letter
from infra.dead_letters.reading import body_of
from shared.contracts.subjects import MEMBER_EVENTS
from shared.dead_letters import COPY_OF, PUBLISHED

_TRIES: Final = 20
_TIMEOUT_SECONDS: Final = 5.0
_WRONG_LAST_SEQUENCE: Final = 10071
_NOT_FOUND: Final = 10037


class NotRetriedError(Exception):
    """The letter cannot be retried, and is as it was; the text says why, and what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    subject: str
    data: bytes = b""
    seq: int = 0


async def retry_message(client: Client, connection: psycopg.AsyncConnection[Any], letter: Letter, by: str) -> int:
    """Publish the letter's message again and end every letter of it; return the copy's sequence.

    The same subject, body and headers, so the same event, under a message id of its own: run again after a crash in
    between, it is no second copy. Raises NotRetriedError.
    """
    body = await body_of(connection, letter)
    original = await _stored(client, letter.stream, {"seq": letter.seq})
    if original is None or original.data != body:
        raise NotRetriedError(
            f"{letter.stream} does not hold the message any more: it was erased, or the stream was made anew. "
            "What was erased must not come back: drop the letter"
        )
    kept = {name: value for name, value in letter.headers.items() if not name.lower().startswith("nats-")}
    headers = {**kept, COPY_OF: str(letter.seq), "Nats-Msg-Id": f"retry:{letter.stream}:{letter.seq}"}
    seq = await _publish(client, letter.stream, original.subject, body, headers)
    await end_as_retried(connection, letter.stream, letter.seq, by)
    return seq


async def _publish(client: Client, stream: str, subject: str, body: bytes, headers: dict[str, str]) -> int:
    reason: Exception | None = None
    for _ in range(_TRIES):
        try:
            guard = {} if stream == MEMBER_EVENTS else await _guard(client, stream, subject, headers)
            ack = await client.jetstream().publish(
                subject, body, timeout=_TIMEOUT_SECONDS, stream=stream, headers=headers | guard
            )
        except (nats.js.errors.APIError, nats.errors.Error) as error:
            reason = error
            if isinstance(error, nats.js.errors.APIError) and error.err_code != _WRONG_LAST_SEQUENCE:
                break
        else:
            return ack.seq
    raise NotRetriedError(f"NATS did not take it ({reason}). Try again, the letter is as it was")


async def _guard(client: Client, stream: str, subject: str, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers by which the relay finds its place behind the copy, if the subject still ends as it does."""
    last = await client.jetstream().get_last_msg(stream, subject, direct=False)
    before = last.headers or {}
    same = before.get("ce-partition") == headers.get("ce-partition")
    published = max(_number(before.get("ce-position")), _number(before.get(PUBLISHED))) if same else 0
    return {PUBLISHED: str(published), "Nats-Expected-Last-Subject-Sequence": str(last.seq)}


async def _stored(client: Client, stream: str, request: dict[str, Any]) -> _Stored | None:
    answer = await client.request(
        f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps(request).encode(), timeout=_TIMEOUT_SECONDS
    )
    found = json.loads(answer.data)
    if "error" in found:
        if found["error"].get("err_code") == _NOT_FOUND:
            return None
        raise NotRetriedError(f"{stream} cannot be read: {found['error']['description']}")
    message = found["message"]
    return _Stored(subject=message["subject"], data=base64.b64decode(message.get("data", "")), seq=message["seq"])


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0

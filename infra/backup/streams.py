"""A stream as a file and back, by JetStream's snapshots: sequences, times and headers stay as they were."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from infra.backup.kept_files import KeptFileWriter
from infra.operator_error import OperatorError

_CHUNK: Final = 128 * 1024
_PIECE: Final = 16 * 1024
"""A piece that the server, which syncs what it writes, has not taken within five seconds breaks off the restoration."""
_SILENCE_SECONDS: Final = 60.0
_LENGTH: Final = struct.Struct(">I")
"""Before each chunk in the file: its length."""


async def save_stream(client: Client, stream: str, file: KeptFileWriter, reached: Callable[[int], None]) -> None:
    """Write a snapshot of ``stream``; raises OperatorError when the server does not give it to its end."""
    chunks: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=chunks.put)
    try:
        request = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": _CHUNK}
        answer = await ask(client, f"STREAM.SNAPSHOT.{stream}", request)
        if "error" in answer:
            raise OperatorError(f"The stream {stream} cannot be saved: {answer['error']['description']}.")
        while True:
            async with asyncio.timeout(_SILENCE_SECONDS):
                chunk = await chunks.get()
            if not chunk.data:
                _refuse_broken_off(stream, chunk)
                return
            file.write(_LENGTH.pack(len(chunk.data)))
            reached(file.write(chunk.data))
            if chunk.reply:
                await client.publish(chunk.reply, b"")  # the server waits for it before it sends much more
    except TimeoutError as error:
        raise OperatorError(f"NATS fell silent while it gave the stream {stream}. See: warmline status") from error
    finally:
        await subscription.unsubscribe()


async def load_stream(
    client: Client, stream: str, config: dict[str, Any], file: Path, reached: Callable[[int], None]
) -> dict[str, Any]:
    """Make ``stream`` out of the snapshot in ``file``, with ``config``; return its JetStream information.

    Raises OperatorError when there is such a stream already, or the server refuses.
    """
    state = {"messages": 0, "bytes": 0, "first_seq": 0, "last_seq": 0, "consumer_count": 0}
    answer = await ask(client, f"STREAM.RESTORE.{stream}", {"config": config, "state": state})
    if "error" in answer:
        raise OperatorError(f"The stream {stream} cannot be restored: {answer['error']['description']}.")
    subject, done = answer["deliver_subject"], 0
    try:
        with file.open("rb") as chunks:
            while length := chunks.read(_LENGTH.size):
                chunk = chunks.read(_LENGTH.unpack(length)[0])
                for start in range(0, len(chunk), _PIECE):
                    piece = chunk[start : start + _PIECE]
                    acknowledged = await client.request(subject, piece, timeout=_SILENCE_SECONDS)
                    if acknowledged.data:
                        _refuse_error(stream, json.loads(acknowledged.data))
                    done += len(piece)
                    reached(done)
        info = json.loads((await client.request(subject, b"", timeout=_SILENCE_SECONDS)).data)
    except (nats.errors.Error, TimeoutError) as error:
        why = str(error) or type(error).__name__
        raise OperatorError(f"NATS broke off the restoration of the stream {stream}: {why}.") from error
    _refuse_error(stream, info)
    return cast("dict[str, Any]", info)


async def ask(client: Client, verb: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer of JetStream's API; raises nats.errors.Error when there is none."""
    body = json.dumps(request).encode() if request is not None else b""
    return cast("dict[str, Any]", json.loads((await client.request(f"$JS.API.{verb}", body, timeout=15)).data))


def _refuse_error(stream: str, answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise OperatorError(f"The stream {stream} was not restored: {answer['error']['description']}.")


def _refuse_broken_off(stream: str, last: Msg) -> None:
    status = (last.headers or {}).get("Status", "")
    if status.startswith(("4", "5")):
        why = (last.headers or {}).get("Description", status)
        raise OperatorError(f"NATS broke off the snapshot of the stream {stream}: {why}.")

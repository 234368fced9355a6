"""Dead letters: messages and deadlines that could not be processed, kept with why."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared.delivery import Message
from shared.event_store.recorder import DeadLetter, DeadlineRow

_ERROR_LENGTH = 2000


def dead_letter(message: Message, error: Exception | None, tries: int) -> DeadLetter:
    """Return ``message`` as it is parked; whatever it holds, PostgreSQL can store it."""
    return DeadLetter(
        stream=message.stream,
        seq=message.seq,
        subject=_storable(message.subject),
        headers={_storable(name): _storable(value) for name, value in (message.headers or {}).items()},
        body=message.body,
        error=_storable(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH],
        trace_id=_storable(message.trace_id) if message.trace_id else None,
        tries=tries,
    )


def dead_deadline(row: DeadlineRow, error: Exception) -> DeadLetter:
    """Return a deadline that could not be fired as it is parked: once for each time at which it was due."""
    return DeadLetter(
        stream=f"deadline {row.name} of {row.stream}",
        seq=int(row.due.timestamp() * 1_000_000),
        subject=row.stream,
        headers={"name": row.name, "due": row.due.isoformat(), "community": row.community},
        body=b"",
        error=_storable(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH],
        trace_id=None,
        tries=1,
    )


async def park(connection: psycopg.AsyncConnection[Any], schema: str, shard: str, letter: DeadLetter) -> None:
    """Keep ``letter`` of one shard in a service's schema: in the transaction that moves the position past it."""
    await connection.execute(
        SQL(
            "INSERT INTO {} (shard, stream, seq, subject, headers, body, error, trace_id, tries) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shard, stream, seq) DO UPDATE "
            "SET error = excluded.error, tries = excluded.tries, parked_at = excluded.parked_at"
        ).format(Identifier(schema, "dead_letters")),
        (
            shard,
            letter.stream,
            letter.seq,
            letter.subject,
            json.dumps(letter.headers),
            letter.body,
            letter.error,
            letter.trace_id,
            letter.tries,
        ),
    )


def _storable(text: str) -> str:
    # Neither NUL nor half a surrogate pair, which nats-py makes of bytes that are no ASCII, fits into text or jsonb.
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")

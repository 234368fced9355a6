"""Dead letters: messages and deadlines that could not be processed, kept with why, and how a message is retried.

A message is retried by a copy of it in the same stream. The parked one's key is in no inbox of the reader that parked
it, so that reader folds the copy, at the copy's place; every other reader knows the key and passes over it.
"""

from __future__ import annotations

import json
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from shared.delivery import Message
from shared.event_store.recorder import DeadLetter, DeadlineRow

COPY_OF: Final = "warmline-retry-of"
"""The header of a retried copy: the sequence of the message that it repeats."""

PUBLISHED: Final = "warmline-published"
"""The header of a retried copy: the log position up to which its partition had published its subject by then.

A copy may be the last message of its subject, where the relay looks for how far its partition has come.
"""

_ERROR_LENGTH: Final = 2000


def dead_letter(message: Message, error: Exception | None, tries: int) -> DeadLetter:
    """Return ``message`` as it is parked; whatever it holds, PostgreSQL can store it."""
    return DeadLetter(
        stream=message.stream,
        seq=message.seq,
        subject=_storable(message.subject),
        headers={_storable(name): _storable(value) for name, value in (message.headers or {}).items()},
        body=message.body,
        error=_storable(in_words(error))[:_ERROR_LENGTH],
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
        error=_storable(in_words(error))[:_ERROR_LENGTH],
        trace_id=None,
        tries=1,
    )


async def park(connection: psycopg.AsyncConnection[Any], schema: str, shard: str, letter: DeadLetter) -> None:
    """Keep ``letter`` of one shard in a service's schema: in the transaction that moves the position past it."""
    await connection.execute(
        SQL(
            "INSERT INTO {} (shard, stream, seq, subject, headers, body, error, trace_id, tries) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shard, stream, seq) DO UPDATE "
            "SET error = excluded.error, tries = excluded.tries, parked_at = excluded.parked_at, outcome = NULL, "
            "ended_at = NULL, ended_by = NULL"
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


def in_words(error: Exception | None) -> str:
    """Return what went wrong without what it went wrong with: PostgreSQL's details hold keys and values of members."""
    says = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__}: {says or error}"


def _storable(text: str) -> str:
    # Neither NUL nor half a surrogate pair, which nats-py makes of bytes that are no ASCII, fits into text or jsonb.
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")

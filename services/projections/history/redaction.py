"""Has the texts go from the stream that edits and deletions have superseded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import nats.errors
import psycopg
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from psycopg.sql import SQL, Identifier

from shared.contracts.redaction import (
    REDACT,
    TEXTS_INBOX,
    Redact,
    RedactReply,
    TakeTexts,
    TextAt,
    TextsTaken,
    take_texts_subject,
)
from shared.contracts.subjects import partition_of
from shared.postgres_liveness import lively_conninfo

STREAM_IS_READ: Final = 0x72656164
"""An advisory lock's number: who holds it reads MEMBER_EVENTS from its beginning, and nothing is redacted meanwhile."""

_AT_ONCE: Final = 32
_SECONDS_BETWEEN: Final = 5.0
_ANSWER_SECONDS: Final = 30.0

_NEXT: Final = "SELECT seq, community, key FROM superseded WHERE seq > %s ORDER BY seq LIMIT %s"
log = structlog.get_logger()


class Redaction:
    """Goes through the list of superseded texts, and strikes what is done; what was killed in between is done again."""

    def __init__(self, client: Client, postgres_url: str, schema: str, partitions: int) -> None:
        self._client = client
        self._url = postgres_url
        self._schema = schema
        self._partitions = partitions

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(lively_conninfo(self._url), autocommit=True) as found:
                    await found.execute(SQL("SET search_path TO {}").format(Identifier(self._schema)))
                    while True:
                        await self.redact(found)
                        await asyncio.sleep(_SECONDS_BETWEEN)
            except (psycopg.Error, nats.errors.Error, TimeoutError, msgspec.DecodeError) as error:
                log.warning("redaction.waits", error=str(error) or type(error).__name__)
            await asyncio.sleep(_SECONDS_BETWEEN)

    async def redact(self, connection: psycopg.AsyncConnection[Any]) -> int:
        """Go through the list once and return how many texts are gone; what triage has not folded yet stays on it.

        The connection commits by itself, and its search path is the view's schema. Raises nats.errors.Error.
        """
        after, gone = 0, 0
        while True:
            rows = await (await connection.execute(_NEXT, (after, _AT_ONCE))).fetchall()
            if not rows or not await _may_redact(connection):
                return gone
            try:
                gone += await self._redact(connection, rows)
            finally:
                await connection.execute("SELECT pg_advisory_unlock(%s)", (STREAM_IS_READ,))
            after = rows[-1][0]

    async def _redact(self, connection: psycopg.AsyncConnection[Any], rows: Iterable[tuple[int, str, str]]) -> int:
        by_partition: dict[int, list[TextAt]] = {}
        for seq, community, key in rows:
            by_partition.setdefault(partition_of(community, self._partitions), []).append(TextAt(seq=seq, key=key))
        gone = 0
        for partition, texts in by_partition.items():
            asked = TakeTexts(texts=tuple(texts))
            try:
                taken = await ask_triage(self._client, partition, asked)
            except (nats.errors.Error, TimeoutError):
                continue  # nobody owns the partition just now, or its owner is busy: the others do not wait for it
            done = list(taken.without_text)
            if taken.copies:
                reply = await self._ask_ingest(Redact(copies=taken.copies))
                if reply.refused is None:
                    done += [copy.seq for copy in taken.copies]
                else:
                    log.warning("redaction.refused", why=reply.refused)
            await connection.execute("DELETE FROM superseded WHERE seq = ANY(%s)", (done,))
            gone += len(done)
        return gone

    async def _ask_ingest(self, what: Redact) -> RedactReply:
        answer = await self._client.request(REDACT, msgspec.json.encode(what), timeout=_ANSWER_SECONDS)
        return msgspec.json.decode(answer.data, type=RedactReply)


async def ask_triage(client: Client, partition: int, what: TakeTexts) -> TextsTaken:
    """Return what the owner of the partition answers; raises nats.errors.Error or TimeoutError."""
    inbox, _, token = client.new_inbox().rpartition(".")
    reply: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
    subscription = await client.subscribe(f"{inbox}.{TEXTS_INBOX}.{token}", future=reply)
    try:
        await client.publish(take_texts_subject(partition), msgspec.json.encode(what), reply=subscription.subject)
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await reply
    finally:
        await subscription.unsubscribe()
    if not answer.data:  # NATS itself says that nobody listens there
        raise nats.errors.NoRespondersError
    return msgspec.json.decode(answer.data, type=TextsTaken)


async def _may_redact(connection: psycopg.AsyncConnection[Any]) -> bool:
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (STREAM_IS_READ,))).fetchone()
    return row == (True,)

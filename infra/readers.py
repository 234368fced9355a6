"""How far every reader has come, against the end of what it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Composable, Identifier, Literal

from services.notifier.inputs import INPUTS as NOTIFIER_READS
from services.projections.views import VIEWS
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS
from shared.event_store.reader_names import stream_of
from shared.view import schema_of, shards_of

_DECIDER_INPUTS: Final = (
    ("triage", MEMBER_EVENTS, ("p.{partition}.member.>",)),
    *(("notifier", one.stream, one.subjects) for one in NOTIFIER_READS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader of one stream: how far it has come (stream sequence), and its subjects."""

    service: str
    shard: str
    stream: str
    subjects: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """A reader, and by how many sequences the last message that concerns it is ahead."""

    reader: Reader
    behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far one shard has come in the stream that ``reader`` names, with the stream's identity."""

    service: str
    shard: str
    reader: str
    position: int


async def all_positions(connection: psycopg.AsyncConnection[Any], partitions: int) -> list[Position]:
    """Return every position that is kept, also of streams that are there no more."""
    # One statement for all of them: the auditor asks every few seconds.
    tables = [table.statement for table in _position_tables(partitions)]
    rows = await (await connection.execute(SQL(" UNION ALL ").join(tables))).fetchall()
    # A reader is named by stream and the moment it was made: of a stream that was made anew, the newer one comes last.
    return [
        Position(service=service, shard=shard, reader=reader, position=position)
        for service, shard, reader, position in sorted(rows, key=lambda row: str(row[2]))
    ]


async def all_readers(connection: psycopg.AsyncConnection[Any], partitions: int) -> list[Reader]:
    """Return every reader of every service."""
    known = await all_positions(connection, partitions)
    positions = {(one.service, one.shard, stream_of(one.reader)): one.position for one in known}
    return [
        Reader(
            service=service,
            shard=shard,
            stream=stream,
            subjects=subjects,
            position=positions.get((service, shard, stream), 0),
        )
        for service, shard, stream, subjects in _inputs(partitions)
    ]


async def lags(client: Client, readers: Iterable[Reader], ends: Ends | None = None) -> list[Lag]:
    """Return how far behind each reader is; raises nats.errors.Error when the server does not answer."""
    ends = ends or Ends()
    found = []
    for reader in readers:
        last = [await ends.of(client, reader.stream, subject) for subject in reader.subjects]
        found.append(Lag(reader=reader, behind=max(0, max(last) - reader.position)))
    return found


class Ends:
    """The last sequence of each subject, asked of the server once for as long as its stream does not grow."""

    def __init__(self) -> None:
        self._last: dict[str, object] = {}
        self._known: dict[tuple[str, str], int] = {}

    def grown_to(self, stream: str, last: object) -> None:
        """Forget the stream's ends unless ``last`` (its identity and last sequence) is what it was."""
        if self._last.get(stream) != last:
            self._last[stream] = last
            self._known = {place: end for place, end in self._known.items() if place[0] != stream}

    async def of(self, client: Client, stream: str, subject: str) -> int:
        """Return the sequence of the last message of ``subject``; 0 when there is none."""
        place = (stream, subject)
        if place not in self._known:
            self._known[place] = await _last_sequence(client, stream, subject)
        return self._known[place]


def _inputs(partitions: int) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    for partition in range(partitions):
        for service, stream, subjects in _DECIDER_INPUTS:
            yield service, str(partition), stream, tuple(one.format(partition=partition) for one in subjects)
    for view in VIEWS:
        for shard in shards_of(view, partitions):
            for spec in shard.inputs:
                yield "projections", shard.name, spec.stream, spec.subjects
    yield "ingest", "feedback", TOUCH_FACTS, ("touch.*.settled",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Positions:
    """A table of positions: whose, and the columns that name the shard, the reader and how far it has come."""

    service: str
    table: Identifier
    shard: Composable
    reader: str = "reader"
    position: str = "position"

    @property
    def statement(self) -> Composable:
        return SQL("SELECT {}, {}, {reader}, {} FROM {} WHERE {reader} LIKE '%@%'").format(
            Literal(self.service), self.shard, Identifier(self.position), self.table, reader=Identifier(self.reader)
        )


def _position_tables(partitions: int) -> Iterator[_Positions]:
    for partition in range(partitions):
        for service in dict.fromkeys(service for service, _, _ in _DECIDER_INPUTS):
            yield _Positions(
                service=service,
                table=Identifier(service, f"p{partition}_tracking"),
                shard=Literal(str(partition)),
                reader="application_name",
                position="notification_id",
            )
    for view in VIEWS:
        table = Identifier(schema_of(view), "positions")
        yield _Positions(service="projections", table=table, shard=Identifier("shard"))
    table = Identifier("ingest", "feedback_positions")
    yield _Positions(service="ingest", table=table, shard=Literal("feedback"))


async def _last_sequence(client: Client, stream: str, subject: str) -> int:
    request = json.dumps({"last_by_subj": subject}).encode()
    answer = json.loads((await client.request(f"$JS.API.STREAM.MSG.GET.{stream}", request, timeout=5)).data)
    return int(answer["message"]["seq"]) if "message" in answer else 0

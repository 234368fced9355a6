"""How far every reader has come, against the end of what it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from services.projections.views import VIEWS
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.view import schema_of, shards_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader of one stream: how far it has come (stream sequence), and its subjects."""

    service: str
    shard: str
    stream: str
    subject: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """A reader, and by how many sequences the last message that concerns it is ahead."""

    reader: Reader
    behind: int


async def all_readers(connection: psycopg.AsyncConnection[Any], partitions: int) -> list[Reader]:
    """Return every reader of every service."""
    readers = [
        *[reader for partition in range(partitions) for reader in await _decider_readers(connection, partition)],
        *await _view_readers(connection, partitions),
    ]
    feedback = await _positions(connection, Identifier("ingest", "feedback_positions"), "reader", "position")
    readers.append(
        Reader(
            service="ingest",
            shard="feedback",
            stream=TOUCH_FACTS,
            subject="touch.*.settled",
            position=feedback.get(TOUCH_FACTS, 0),
        )
    )
    return readers


async def lags(client: Client, readers: Iterable[Reader]) -> list[Lag]:
    """Return how far behind each reader is; raises nats.errors.Error when the server does not answer."""
    ends: dict[tuple[str, str], int] = {}
    found = []
    for reader in readers:
        place = (reader.stream, reader.subject)
        if place not in ends:
            ends[place] = await _last_sequence(client, *place)
        found.append(Lag(reader=reader, behind=max(0, ends[place] - reader.position)))
    return found


async def _decider_readers(connection: psycopg.AsyncConnection[Any], partition: int) -> list[Reader]:
    table = f"p{partition}_tracking"
    subjects = {
        ("triage", MEMBER_EVENTS): f"p.{partition}.member.>",
        ("notifier", MEMBER_EVENTS): "p.*.member.*.warmline.policy-adopted",
        ("notifier", TOUCHES): "needs-touch.>",
    }
    readers = []
    for service in ("triage", "notifier"):
        tracking = Identifier(service, table)
        positions = await _positions(connection, tracking, "application_name", "notification_id")
        for (owner, stream), subject in subjects.items():
            if owner == service:
                readers.append(
                    Reader(
                        service=service,
                        shard=str(partition),
                        stream=stream,
                        subject=subject,
                        position=positions.get(stream, 0),
                    )
                )
    return readers


async def _view_readers(connection: psycopg.AsyncConnection[Any], partitions: int) -> list[Reader]:
    readers = []
    for view in VIEWS:
        cursor = await connection.execute(
            SQL("SELECT shard, split_part(reader, '@', 1), position FROM {}").format(
                Identifier(schema_of(view), "positions")
            )
        )
        positions = {(shard, stream): position for shard, stream, position in await cursor.fetchall()}
        readers += [
            Reader(
                service="projections",
                shard=shard.name,
                stream=spec.stream,
                subject=spec.subjects[0],
                position=positions.get((shard.name, spec.stream), 0),
            )
            for shard in shards_of(view, partitions)
            for spec in shard.inputs
        ]
    return readers


async def _positions(
    connection: psycopg.AsyncConnection[Any], table: Identifier, reader: str, position: str
) -> dict[str, int]:
    """Return the position in each stream; the column ``reader`` names it with its identity after an ``@``."""
    cursor = await connection.execute(
        SQL("SELECT split_part({reader}, '@', 1), {position} FROM {table} WHERE {reader} LIKE '%@%'").format(
            reader=Identifier(reader), position=Identifier(position), table=table
        )
    )
    return dict(await cursor.fetchall())


async def _last_sequence(client: Client, stream: str, subject: str) -> int:
    request = json.dumps({"last_by_subj": subject}).encode()
    answer = json.loads((await client.request(f"$JS.API.STREAM.MSG.GET.{stream}", request, timeout=5)).data)
    return int(answer["message"]["seq"]) if "message" in answer else 0

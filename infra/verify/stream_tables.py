"""The streams as tables, so that they can be compared in the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Final

import msgspec

from infra.stream_reading import read_stream
from infra.verify.context import VerifyContext
from infra.verify.scratch import copy_rows, storable
from shared.contracts.cloudevents import UnknownTypeError
from shared.contracts.member_events import MemberEventData
from shared.contracts.names import event_key
from shared.contracts.redaction import KIND
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES, kind_of, member_event_subject
from shared.contracts.touch_facts import TouchSettled
from shared.contracts.warmline_facts import PLATFORM, CareLogged, PolicyAdopted
from shared.dead_letters import COPY_OF
from shared.delivery import Message, decode
from shared.stand_ins import stand_in

TABLES: Final = {MEMBER_EVENTS: "member_events", TOUCHES: "touches", TOUCH_FACTS: "touch_facts"}

_MEMBER_COLUMNS: Final = ("seq", "key", "shard", "community", "id", "organisation", "form", "problem")
_BUS_COLUMNS: Final = (
    "seq", "key", "partition", "position", "organisation", "subject", "type", "body", "feedback", "problem", "copy_of"
)  # fmt: skip
_CREATE: Final = """
CREATE UNLOGGED TABLE verify.member_events (
    seq bigint, key text, shard integer, community text, id text, organisation text, form text, problem text);
CREATE UNLOGGED TABLE verify.touches (
    seq bigint, key text, partition integer, position bigint, organisation text, subject text, type text, body bytea,
    feedback text, problem text, copy_of bigint);
CREATE UNLOGGED TABLE verify.touch_facts (LIKE verify.touches);
CREATE VIEW verify.member_keys AS
    SELECT key, min(seq) AS seq, min(shard) AS shard, min(community) AS community, min(id) AS id, min(form) AS form
    FROM verify.member_events WHERE key IS NOT NULL GROUP BY key;
"""
_FORMS: Final = {PolicyAdopted: "policy", CareLogged: "care"}
_encoder: Final = msgspec.json.Encoder(order="deterministic")


class StreamTables:
    """Loads streams into tables of the scratch schema, each message once, and as far as is asked.

    ``key`` is the event's identity and null for what cannot be read; ``problem`` says what is wrong with a message.
    ``form`` is ``member``, ``policy``, ``care`` given elsewhere, another ``fact``, or ``copy`` of a redacted message,
    which is read in its place as well;
    ``feedback`` is the member event that a settled touch leads to.
    ``copy_of`` is the sequence of the message that a retried dead letter repeats.
    """

    def __init__(self, context: VerifyContext) -> None:
        self._context = context
        self._loaded = dict.fromkeys(TABLES, 0)
        partitions = context.servers.partitions
        self._rows: dict[str, Callable[[Message], tuple[Any, ...]]] = {
            MEMBER_EVENTS: lambda message: _member_row(message, partitions),
            TOUCHES: _bus_row,
            TOUCH_FACTS: _bus_row,
        }

    async def create(self) -> None:
        """Make the empty tables."""
        await self._context.servers.postgres.execute(_CREATE)

    async def load(self, stream: str, until: int) -> int:
        """Make sure that everything up to the sequence ``until`` is there; return how many messages were added."""
        connection, progress = self._context.servers.postgres, self._context.progress
        after, count = self._loaded[stream], 0
        if until <= after:
            return 0
        progress.step(f"reading {stream}", until)
        columns = _MEMBER_COLUMNS if stream == MEMBER_EVENTS else _BUS_COLUMNS
        row = self._rows[stream]
        async with aclosing(
            read_stream(self._context.servers.client, stream, (">",), after=after, until=until)
        ) as batches:
            async for messages in batches:
                await copy_rows(connection, TABLES[stream], columns, (row(message) for message in messages))
                count += len(messages)
                progress.reach(messages[-1].seq)
        self._loaded[stream] = until
        await connection.execute(f"ANALYZE verify.{TABLES[stream]}".encode())
        return count


def _member_row(message: Message, partitions: int) -> tuple[Any, ...]:
    shard = _number(message.subject.split(".")[1])
    try:
        event = decode(message).event
    except UnknownTypeError as error:
        problem = None if not error.ours else f"a type that this build does not know: {error.event_type}"
        return (message.seq, None, shard, None, None, None, "foreign", problem and storable(problem))
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
        return (message.seq, None, shard, None, None, None, "unreadable", storable(f"cannot be read: {error}"))
    stands_for = stand_in(message)
    if stands_for is not None and stands_for.seq != message.seq:  # it was read before, in the place of the other
        return (message.seq, None, shard, None, None, None, "copy", None)
    kind = kind_of(event.type) if stands_for is None else KIND
    wanted = member_event_subject(event.community, event.platform, kind, partitions)
    problem = None if message.subject == wanted else f"stands under {message.subject}, not {wanted}"
    form = "member" if isinstance(event.data, MemberEventData) else _FORMS.get(type(event.data), "fact")
    return (
        message.seq,
        event_key(event.community, event.source, event.id),
        shard,
        event.community,
        storable(event.id),
        event.organisation,
        form,
        problem and storable(problem),
    )


def _bus_row(message: Message) -> tuple[Any, ...]:
    headers = message.headers or {}
    partition, position = _number(headers.get("ce-partition")), _number(headers.get("ce-position"))
    subject, kind = storable(message.subject), storable(headers.get("ce-type", ""))
    copy_of = _number(headers.get(COPY_OF))
    try:
        delivered = decode(message)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
        foreign = isinstance(error, UnknownTypeError) and not error.ours
        problem = None if foreign else storable(f"cannot be read: {error}")
        return (message.seq, None, partition, position, None, subject, kind, message.body, None, problem, copy_of)
    event = delivered.event
    feedback = None
    if isinstance(event, TouchSettled):
        feedback = event_key(event.community, f"/{PLATFORM}/{event.organisation}", f"settled:{event.touch}")
    return (
        message.seq,
        delivered.key,
        partition,
        position,
        event.organisation,
        subject,
        kind,
        normalised(event),
        feedback,
        None,
        copy_of,
    )


def normalised(event: Any) -> bytes:
    """Return a publication's body in the form in which two builds are compared."""
    return _encoder.encode(event)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None

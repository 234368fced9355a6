"""Which streams are of an earlier moment than the database, and where they part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg.sql import SQL, Identifier, Literal

from infra.event_stores import STORES
from infra.operator_error import OperatorError
from infra.outlets import OUTLETS
from infra.reconcile.looking import readers_beyond
from infra.running_servers import Connections
from services.notifier.inputs import INPUTS as NOTIFIER_READS
from shared.contracts.cloudevents import UnknownTypeError, decode_member_event
from shared.contracts.names import event_key
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.event_store.errors import MEND, SkewError
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from shared.partition.service import Input
from shared.relay import StoreBehindError
from shared.skew import refuse_skewed_inputs, refuse_skewed_outlet
from shared.stream_identity import look_at, message_at

_STREAMS: Final = (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS)
_ARRIVED: Final = "reconcile_arrived"
_NOBODY: Final = -1
"""An epoch that no lease has: what is only looked at is not changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBehind:
    """A stream that holds less than the database has seen of it, and in whose words that is told."""

    stream: str
    says: str


async def streams_behind(servers: Connections) -> list[StreamBehind]:
    """Return every stream that was cut back, or put in the place of another."""
    found: dict[str, StreamBehind] = {}
    for service in OUTLETS:
        with datastore(servers.postgres_url, service, connections=2) as database:
            for partition in range(servers.partitions):
                store = PartitionStore(database, partition, STORES[service].codec())
                lease = Lease(shard=str(partition), owner="", epoch=_NOBODY)
                for one in await _of_partition(servers, service, store, lease):
                    found.setdefault(one.stream, one)
    for words in await readers_beyond(servers):
        stream = next(stream for stream in _STREAMS if f" {stream}@" in words)
        found.setdefault(stream, StreamBehind(stream=stream, says=words))
    return [found[stream] for stream in _STREAMS if stream in found]


async def _of_partition(servers: Connections, service: str, store: PartitionStore, lease: Lease) -> list[StreamBehind]:
    found, outlet = [], OUTLETS[service]
    for spec in _inputs(service, store.partition):
        try:
            await refuse_skewed_inputs(servers.client, store, lease, (spec,))
        except SkewError as skew:
            found.append(StreamBehind(stream=spec.stream, says=_words(skew)))
    try:
        await refuse_skewed_outlet(servers.client, store, lease, stream=outlet.stream, subject=outlet.subject)
    except StoreBehindError:
        pass  # the database is the earlier one there
    except SkewError as skew:
        found.append(StreamBehind(stream=outlet.stream, says=_words(skew)))
    return found


def _inputs(service: str, partition: int) -> tuple[Input, ...]:
    if service == "triage":
        return (Input(stream=MEMBER_EVENTS, subjects=(f"p.{partition}.member.>",)),)
    return NOTIFIER_READS


def _words(skew: SkewError) -> str:
    return str(skew).removesuffix(MEND).strip()


async def cut_of(servers: Connections) -> int:
    """Return the last sequence of MEMBER_EVENTS up to which the stream is the one that the history was made of.

    Raises OperatorError when it is the stream of another deployment.
    """
    last = (await look_at(servers.client, MEMBER_EVENTS)).last
    await _index_what_arrived(servers, last)
    cut, high = 0, last
    # Rows up to some place are in the stream as they were, and none after it.
    while cut < high:
        middle = (cut + high) // 2
        row = await _first_row(servers, middle, high)
        if row is not None and await _same(servers, *row):
            cut, _ = row
        else:
            high = middle
    grown = await _first_row(servers, cut, last) is not None
    if grown and cut == 0:
        raise OperatorError(
            f"{MEMBER_EVENTS} holds nothing of what this database has read: it is the stream of another deployment, or "
            "has lost everything. Restore the streams from a backup of this one."
        )
    return cut if grown else last


async def _index_what_arrived(servers: Connections, last: int) -> None:
    """Fill a table of this connection's own with what arrived up to ``last``, in its order."""
    table = Identifier(_ARRIVED)
    for statement in (
        "DROP TABLE IF EXISTS {table}",
        "CREATE TEMP TABLE {table} AS SELECT seq, key FROM view_history.arrived WHERE seq <= {last}",
        "CREATE INDEX ON {table} (seq)",
        "ANALYZE {table}",
    ):
        await servers.postgres.execute(SQL(statement).format(table=table, last=Literal(last)))


async def _first_row(servers: Connections, after: int, last: int) -> tuple[int, str] | None:
    cursor = await servers.postgres.execute(
        SQL("SELECT seq, key FROM {} WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT 1").format(Identifier(_ARRIVED)),
        (after, last),
    )
    row = await cursor.fetchone()
    return (int(row[0]), str(row[1])) if row else None


async def _same(servers: Connections, seq: int, key: str) -> bool:
    """Tell whether the event ``key`` stands at ``seq``; what was deleted there may have."""
    message = await message_at(servers.client, MEMBER_EVENTS, seq)
    if message is None:
        return True
    try:
        event = decode_member_event(message.body)
    except (UnknownTypeError, ValueError):
        return False
    return event_key(event.community, event.source, event.id) == key

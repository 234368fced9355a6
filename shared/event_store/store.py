"""One partition's store, as its owner uses it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog
from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from psycopg.sql import SQL, Composed, Identifier

from shared.array_parameters import integers, texts
from shared.decider import Place
from shared.event_store.certain_commit import Standing, commit_for_certain
from shared.event_store.codec import EventCodec, RecordedEvent
from shared.event_store.errors import MEND, FencedError, SkewError, StreamReplacedError
from shared.event_store.reader_names import read_before, stream_of
from shared.event_store.recorder import Commit, DeadlineRow, Lease, PartitionRecorder
from shared.event_store.stored import Loaded, Opened, Outlet
from shared.telemetry.work import storing
from shared.topology import DERIVED

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()


class PartitionStore:
    """Reads and writes one partition. Blocking: call it through ``aside``."""

    def __init__(self, datastore: PostgresDatastore, partition: int, codec: EventCodec) -> None:
        self.partition = partition
        self.codec = codec
        self.recorder = PartitionRecorder(datastore, partition)
        self._datastore = datastore
        self._statements: dict[str, bytes] = {}

    def _sql(self, text: Any) -> bytes:
        if text not in self._statements:
            self._statements[text] = self._composed(text).as_bytes()
        return self._statements[text]

    def _composed(self, text: Any) -> Composed:
        return SQL(text).format(
            schema=Identifier(self._datastore.schema),
            shards=Identifier(self._datastore.schema, "shards"),
            tracking=Identifier(self._datastore.schema, f"p{self.partition}_tracking"),
            events=Identifier(self._datastore.schema, f"p{self.partition}_events"),
            states=Identifier(self._datastore.schema, f"p{self.partition}_states"),
            inbox=Identifier(self._datastore.schema, f"p{self.partition}_inbox"),
            deadlines=Identifier(self._datastore.schema, f"p{self.partition}_deadlines"),
        )

    def _rows(self, text: Any, *parameters: Any) -> list[dict[str, Any]]:
        with self._datastore.get_connection() as connection:
            return connection.execute(self._sql(text), parameters).fetchall()

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work``, which reads or writes the store, in a thread."""
        return await asyncio.to_thread(work, *args, **kwargs)

    def beside(self, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[None]:
        """Begin ``work`` as ``aside`` does it, and go on."""
        call = partial(contextvars.copy_context().run, work, *args, **kwargs)
        return asyncio.get_running_loop().run_in_executor(None, call)

    def create(self, shard: str) -> None:
        """Create the partition's tables and its shard row where they are missing."""
        self.recorder.create_table()
        with self._datastore.get_connection() as connection:
            connection.execute(self._sql("INSERT INTO {shards} (shard) VALUES (%s) ON CONFLICT DO NOTHING"), (shard,))

    def open(self, lease: Lease, readers: Iterable[str]) -> Opened:
        """Return where the partition stands, with a position for each of ``readers``.

        A derived stream that was made anew is read from its beginning. Raises FencedError when the lease is not held,
        and StreamReplacedError when any other stream was read before under another identity.
        """
        rows = self._rows("SELECT * FROM {shards} WHERE shard = %s", lease.shard)
        if not rows or (rows[0]["owner"], rows[0]["epoch"]) != (lease.owner, lease.epoch):
            raise FencedError(lease.shard)
        known = {row["application_name"]: row["notification_id"] for row in self._rows("SELECT * FROM {tracking}")}
        positions = {}
        for reader in readers:
            other = read_before(reader, known)
            if other is not None:
                if stream_of(reader) not in DERIVED:
                    raise StreamReplacedError(
                        f"The partition {lease.shard} read {other} up to {known[other]}, but now the server has "
                        f"{reader}. The stream was deleted or restored from elsewhere. {MEND}"
                    )
                self._forget_reader(lease, other)
            with self._datastore.get_connection() as connection:
                connection.execute(self._sql("INSERT INTO {tracking} VALUES (%s, 0) ON CONFLICT DO NOTHING"), (reader,))
            positions[reader] = known.get(reader, 0)
        row = rows[0]
        return Opened(head=row["head"], commits=row["commits"], clock=row["clock"], positions=positions)

    def _forget_reader(self, lease: Lease, reader: str) -> None:
        """Drop the position in a derived stream that is gone, and the letters that were parked at places of it."""
        log.warning("stream.made_anew", shard=lease.shard, before=reader)
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(
                self._sql("SELECT FROM {shards} WHERE shard = %s AND owner = %s AND epoch = %s FOR UPDATE"),
                (lease.shard, lease.owner, lease.epoch),
            )
            if cursor.rowcount != 1:
                raise FencedError(lease.shard)
            cursor.execute(self._sql("DELETE FROM {tracking} WHERE application_name = %s"), (reader,))
            letters = self._sql("DELETE FROM {schema}.dead_letters WHERE shard = %s AND stream = %s")
            cursor.execute(letters, (lease.shard, stream_of(reader)))

    def positions(self, lease: Lease) -> Opened:
        """Return where the partition stood, by every reader that it has had; changes nothing.

        Raises SkewError when what was lost of its log was not adopted to the end.
        """
        row = self._rows("SELECT * FROM {shards} WHERE shard = %s", lease.shard)[0]
        known = {row["application_name"]: row["notification_id"] for row in self._rows("SELECT * FROM {tracking}")}
        if self._rows("SELECT FROM {schema}.adoptions WHERE shard = %s AND finished_at IS NULL", lease.shard):
            raise SkewError(f"The log of partition {lease.shard} is being brought together with its stream. {MEND}")
        return Opened(head=row["head"], commits=row["commits"], clock=row["clock"], positions=known)

    def load(self, streams: Sequence[str]) -> dict[str, Loaded]:
        """Return each of ``streams`` as it stands; the initial state for a new one.

        Raises UnknownStoredTypeError for what a newer build wrote.
        """
        rows = self._rows("SELECT stream, version, state FROM {states} WHERE stream = ANY(%b::text[])", texts(streams))
        found = {}
        for row in rows:
            state, earlier_form = self.codec.resume_state(row["stream"], row["state"])
            found[row["stream"]] = Loaded(row["version"], state, len(row["state"]), earlier_form=earlier_form)
        lagging = [stream for stream in found if self.codec.decider_of(stream).lags]
        for stream, events in self._events_since([(stream, found[stream].version) for stream in lagging]).items():
            found[stream] = found[stream].followed_by(events, self.codec)
        return {stream: found.get(stream) or Loaded(0, self.codec.decider_of(stream).initial, 0) for stream in streams}

    def _events_since(self, versions: Sequence[tuple[str, int]]) -> dict[str, list[StoredEvent]]:
        """Return the events after each stream's version, in order; no stream that has none."""
        if not versions:
            return {}
        rows = self._rows(
            "SELECT stream, originator_version, topic, state "
            "FROM unnest(%b::text[], %b::bigint[]) AS known (stream, version) "
            "JOIN {events} ON originator_id = stream AND originator_version > version ORDER BY originator_version",
            texts([stream for stream, _ in versions]),
            integers([version for _, version in versions]),
        )
        events: dict[str, list[StoredEvent]] = {}
        for row in rows:
            events.setdefault(row["stream"], []).append(_stored_event(row))
        return events

    def events_of(self, streams: Sequence[str], forms: Sequence[type[Any]]) -> list[RecordedEvent]:
        """Return what was recorded in ``streams`` of these ``forms``, each stream's in its order.

        Raises as ``EventCodec.to_domain_event`` does.
        """
        rows = self._rows(
            "SELECT originator_id AS stream, originator_version, topic, state FROM {events} "
            "WHERE originator_id = ANY(%b::text[]) AND topic = ANY(%b::text[]) "
            "ORDER BY originator_id, originator_version",
            texts(streams),
            texts([self.codec.names[form] for form in forms]),
        )
        return [self.codec.to_domain_event(_stored_event(row)) for row in rows]

    def streams_of(self, category: str) -> list[str]:
        """Return the streams of a category that have a state, in order of their names."""
        rows = self._rows("SELECT stream FROM {states} WHERE starts_with(stream, %s) ORDER BY stream", f"{category}:")
        return [row["stream"] for row in rows]

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return those of ``ids`` that were processed before."""
        return {row["id"] for row in self._rows("SELECT id FROM {inbox} WHERE id = ANY(%b::text[])", texts(ids))}

    def deadlines(self, *, after: DeadlineRow | None, suspended: Sequence[str], limit: int) -> list[DeadlineRow]:
        """Return the next stored deadlines in order of due time, leaving out the communities in ``suspended``."""
        columns = "SELECT stream, name, community, due, armed_at FROM {deadlines} WHERE community <> ALL(%s) "
        order = "ORDER BY due, stream, name LIMIT %s"
        if after is None:
            rows = self._rows(columns + order, list(suspended), limit)
        else:
            start = (after.due, after.stream, after.name)
            rows = self._rows(
                columns + "AND (due, stream, name) > (%s, %s, %s) " + order, list(suspended), *start, limit
            )
        return [DeadlineRow(**row) for row in rows]

    def waiting(self, line: str, limit: int, after: Place | None = None) -> list[Place]:
        """Return who stands in a waiting line, highest rank first, from its head or from ``after`` on."""
        columns = "SELECT stream, rank FROM {states} WHERE line = %s "
        order = "ORDER BY rank DESC, stream LIMIT %s"
        if after is None:
            rows = self._rows(columns + order, line, limit)
        else:
            beyond = "AND rank <= %s AND (rank < %s OR stream > %s) "
            rows = self._rows(columns + beyond + order, line, after.rank, after.rank, after.stream, limit)
        return [Place(rank=row["rank"], stream=row["stream"]) for row in rows]

    def events_after(self, position: int, *, limit: int, topics: Sequence[str]) -> Sequence[Notification]:
        """Return recorded events of ``topics`` after ``position`` in the log, in order."""
        notifications: Sequence[Notification] = self.recorder.select_notifications(
            position, limit, topics=list(topics), inclusive_of_start=False
        )
        return notifications

    def head(self) -> int:
        """Return the position of the log's last event, 0 when it is empty."""
        return self.recorder.max_notification_id() or 0

    def confirm(self, lease: Lease) -> Outlet:
        """Return what ``outlet`` does; raises FencedError unless the lease is held: what was read may be old."""
        held = self._rows(
            "SELECT relayed_in, relayed_seq FROM {shards} "
            "WHERE shard = %s AND owner = %s AND epoch = %s AND expires_at > clock_timestamp()",
            lease.shard,
            lease.owner,
            lease.epoch,
        )
        if not held:
            raise FencedError(lease.shard)
        return Outlet(reader=held[0]["relayed_in"], seq=held[0]["relayed_seq"])

    def relayed(self, lease: Lease) -> int:
        """Return the position up to which the log is known to be published."""
        return int(self._rows("SELECT relayed FROM {shards} WHERE shard = %s", lease.shard)[0]["relayed"])

    def note_relayed(self, lease: Lease, position: int, seq: int = 0) -> None:
        """Remember that the log is published up to ``position``, and to the outlet's sequence ``seq``.

        It tells how far the relay was on the day on which retention has emptied the stream, or another was put in its
        place.
        """
        self._rows(
            "UPDATE {shards} SET relayed = greatest(relayed, %s), relayed_seq = greatest(relayed_seq, %s) "
            "WHERE shard = %s AND epoch = %s RETURNING 1",
            position,
            seq,
            lease.shard,
            lease.epoch,
        )

    def outlet(self, lease: Lease) -> Outlet:
        """Return to which stream ``relayed`` belongs; its name is empty when nothing was relayed yet."""
        row = self._rows("SELECT relayed_in, relayed_seq FROM {shards} WHERE shard = %s", lease.shard)[0]
        return Outlet(reader=row["relayed_in"], seq=row["relayed_seq"])

    def note_outlet(self, lease: Lease, reader: str, *, anew: bool) -> None:
        """Remember to which stream the log is published; ``anew`` when nothing of it stands there."""
        self._rows(
            "UPDATE {shards} SET relayed_in = %s, relayed = CASE WHEN %s THEN 0 ELSE relayed END, "
            "relayed_seq = CASE WHEN %s THEN 0 ELSE relayed_seq END WHERE shard = %s AND epoch = %s RETURNING 1",
            reader,
            anew,
            anew,
            lease.shard,
            lease.epoch,
        )

    def note_halted(self, lease: Lease, why: str | None) -> None:
        """Remember, for whoever looks, that the partition stands still and why; None when it is at work."""
        self._rows(
            "UPDATE {shards} SET halted = %s WHERE shard = %s AND epoch = %s RETURNING 1", why, lease.shard, lease.epoch
        )

    def commit(self, lease: Lease, commit: Commit) -> None:
        """Write ``commit``, surviving a lost reply; raises FencedError when the shard has another owner."""
        with storing(self._datastore.schema):
            commit_for_certain(lease, commit, self.recorder.commit, self._standing, self._closed)

    def _closed(self) -> bool:
        return self.recorder.datastore.pool.closed

    def _standing(self, shard: str) -> Standing:
        row = self._rows("SELECT owner, epoch, commits FROM {shards} WHERE shard = %s", shard)[0]
        return Standing(owner=row["owner"], epoch=row["epoch"], commits=row["commits"])


def _stored_event(row: Mapping[str, Any]) -> StoredEvent:
    return StoredEvent(
        originator_id=row["stream"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=bytes(row["state"]),
    )

"""The recorder of one partition: eventsourcing's tables and reading side, and one statement that writes a batch."""

from __future__ import annotations

import json
import select
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.postgres import ConnectionPool, PostgresDatastore, PostgresProcessRecorder
from msgspec import Struct
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier

from shared.array_parameters import BinaryArray, blobs, fractions, integers, moments, texts
from shared.crash_points import crash_point
from shared.event_store.codec import EventRow
from shared.event_store.errors import FencedError
from shared.postgres_liveness import RECONNECT_SECONDS, lively

_CONNECTION_SECONDS: Final = 5.0
_SQL_FOLDER: Final = Path(__file__).parent.parent / "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write one shard: a partition's store, or a read model."""

    shard: str
    owner: str
    epoch: int


class StateRow(Struct, frozen=True, kw_only=True, gc=False):
    """A stream's current state, and its place in a waiting line where it has one."""

    stream: str
    version: int
    state: bytes
    line: str | None = None
    rank: float | None = None


class DeadlineRow(Struct, frozen=True, kw_only=True, gc=False):
    """A stored deadline; ``community`` lets an import suspend it.

    ``armed_at`` is the partition's clock when it was set: a deadline that was already past by then is looked at as of
    then, whenever it really fires, so that a replay decides as the first run did.
    """

    stream: str
    name: str
    community: str
    due: datetime
    armed_at: datetime

    @property
    def eligible_at(self) -> datetime:
        """The moment as of which the deadline is looked at."""
        return max(self.due, self.armed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that could not be processed, kept with why."""

    stream: str
    seq: int
    subject: str
    headers: dict[str, str]
    body: bytes
    error: str
    trace_id: str | None
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far one input was read: from ``expected`` to ``position`` (stream sequences)."""

    reader: str
    expected: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """All that one transaction changes.

    ``head`` is the log's last position before it, and ``commits`` how many transactions the shard has had: by that
    number a commit whose reply was lost is recognised.
    """

    head: int
    commits: int
    clock: datetime
    moved: Moved | None = None
    events: tuple[EventRow | StoredEvent, ...] = ()
    states: tuple[StateRow, ...] = ()
    inbox: tuple[str, ...] = ()
    deadlines_set: tuple[DeadlineRow, ...] = ()
    deadlines_dropped: tuple[tuple[str, str], ...] = ()
    dead_letters: tuple[DeadLetter, ...] = field(default=())

    @property
    def new_head(self) -> int:
        """The log's last position after it."""
        return self.head + len(self.events)


def datastore(postgres_url: str, schema: str, *, connections: int) -> PostgresDatastore:
    """Return a pool of ``connections`` to one service's schema, opened at first use."""
    info = lively(postgres_url)
    store = PostgresDatastore(
        dbname=info.get("dbname", ""),
        host=info.get("host", ""),
        port=info.get("port", ""),
        user=info.get("user", ""),
        password=info.get("password", ""),
        schema=schema,
        originator_id_type="text",
        lock_timeout=5,
    )
    store.pool = ConnectionPool(
        connection_class=Connection[DictRow],
        kwargs={**info, "row_factory": dict_row},  # all that the URL says, not only what the datastore asks for
        min_size=1,
        max_size=connections,
        open=False,
        configure=store.after_connect_func(),
        check=_refuse_closed,
        timeout=_CONNECTION_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
    )
    return store


def _refuse_closed(connection: Connection[DictRow]) -> None:
    """Raise psycopg.OperationalError where the server has hung up; a look at the socket, and no round trip.

    A line that was cut in silence is noticed by whatever is asked over it, as it would be by a question before.
    """
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)


class PartitionRecorder(PostgresProcessRecorder):
    """A partition's log: eventsourcing's process recorder, which an owner writes by ``commit`` under its lease.

    Whoever writes locks the shard's row, so transactions of one partition are serial: positions have no gap and a
    reader that tails the log misses nothing, without a table lock. eventsourcing's own writing methods work while
    nobody holds the lease, however many call them.
    """

    def __init__(self, store: PostgresDatastore, partition: int) -> None:
        super().__init__(store, events_table_name=f"p{partition}_events", tracking_table_name=f"p{partition}_tracking")
        self.partition = partition
        # Only the tables are ours to have: the composite type and the function serve the writing side we replace.
        self.sql_create_statements = [
            statement
            for statement in self.sql_create_statements
            if not statement.as_string().lstrip().startswith(("CREATE TYPE", "CREATE OR REPLACE FUNCTION"))
        ]
        self.datastore.db_type_names.clear()
        schema, p = Identifier(store.schema), SQL(f"p{partition}")
        for statement in (_SQL_FOLDER / "partition.sql").read_text().split(";"):
            if statement.strip():
                self.sql_create_statements.append(SQL(statement).format(schema=schema, p=p))
        self._commit_statement = _statement("commit.sql", store.schema, partition)
        self._insert_statement = _statement("insert.sql", store.schema, partition)

    def commit(self, lease: Lease, commit: Commit) -> bool:
        """Write ``commit`` in one transaction of one statement; False, with nothing written, when it does not apply.

        It applies while the lease is held and not expired, ``commit.commits`` transactions went before, the log ends
        at ``commit.head`` and the reader stands at ``commit.moved.expected``. Raises
        eventsourcing.persistence.OperationalError when the outcome is unknown.
        """
        with self.datastore.get_connection() as connection:
            crash_point("store.before-commit")
            row = connection.execute(self._commit_statement, _parameters(lease, commit)).fetchone()
            crash_point("store.after-commit")
        return bool(row and row["applied"])

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append events, with ``tracking`` the position that they were made from; return their positions in the log.

        Raises FencedError while somebody holds the lease, and eventsourcing.persistence's IntegrityError when an event
        of that version stands there or the tracking is not ahead, and OperationalError when the outcome is unknown: it
        is not tried again by itself, for that would report a conflict with one's own events.
        """
        tracking: Tracking | None = kwargs.get("tracking")
        if not stored_events and tracking is None:
            return None
        parameters = {
            "shard": str(self.partition),
            "count": len(stored_events),
            "reader": tracking.application_name if tracking else "",
            "position": tracking.notification_id if tracking else 0,
            **_event_arrays(stored_events),
        }
        with self.datastore.transaction(commit=True) as cursor:
            row = cursor.execute(self._insert_statement, parameters).fetchone()
            if row is None:
                raise FencedError(str(self.partition))
            if tracking is not None and not row["tracked"]:
                raise IntegrityError(f"{tracking.application_name} was read up to {tracking.notification_id} before")
        before = int(row["before"])
        return list(range(before + 1, before + len(stored_events) + 1)) if stored_events else None

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move the position of a reader on; raises as ``insert_events`` does."""
        self.insert_events([], tracking=tracking)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> NoReturn:
        """Refuse: commits notify nobody. Tail the log by ``select_notifications``."""
        raise NotImplementedError("a partition's log is tailed by select_notifications: its commits send no NOTIFY")


def _event_arrays(events: Sequence[EventRow | StoredEvent]) -> dict[str, BinaryArray]:
    return {
        "e_id": texts([str(event.originator_id) for event in events]),
        "e_version": integers([event.originator_version for event in events]),
        "e_topic": texts([event.topic for event in events]),
        "e_state": blobs([event.state for event in events]),
    }


def _parameters(lease: Lease, commit: Commit) -> dict[str, Any]:
    moved = commit.moved or Moved(reader="", expected=0, position=0)
    return {
        "shard": lease.shard,
        "owner": lease.owner,
        "epoch": lease.epoch,
        "commits": commit.commits,
        "head": commit.head,
        "new_head": commit.new_head,
        "clock": commit.clock,
        "reader": moved.reader,
        "expected": moved.expected,
        "position": moved.position,
        **_event_arrays(commit.events),
        "s_stream": texts([row.stream for row in commit.states]),
        "s_version": integers([row.version for row in commit.states]),
        "s_state": blobs([row.state for row in commit.states]),
        "s_line": texts([row.line for row in commit.states]),
        "s_rank": fractions([row.rank for row in commit.states]),
        "inbox": texts(commit.inbox),
        "d_stream": texts([row.stream for row in commit.deadlines_set]),
        "d_name": texts([row.name for row in commit.deadlines_set]),
        "d_community": texts([row.community for row in commit.deadlines_set]),
        "d_due": moments([row.due for row in commit.deadlines_set]),
        "d_armed": moments([row.armed_at for row in commit.deadlines_set]),
        "x_stream": texts([stream for stream, _ in commit.deadlines_dropped]),
        "x_name": texts([name for _, name in commit.deadlines_dropped]),
        "l_stream": [letter.stream for letter in commit.dead_letters],
        "l_seq": [letter.seq for letter in commit.dead_letters],
        "l_subject": [letter.subject for letter in commit.dead_letters],
        "l_headers": [json.dumps(letter.headers) for letter in commit.dead_letters],
        "l_body": [letter.body for letter in commit.dead_letters],
        "l_error": [letter.error for letter in commit.dead_letters],
        "l_trace": [letter.trace_id for letter in commit.dead_letters],
        "l_tries": [letter.tries for letter in commit.dead_letters],
    }


def _statement(file: str, schema: str, partition: int) -> bytes:
    # Bytes: psycopg puts a composed statement together anew each time that it is executed.
    return SQL((_SQL_FOLDER / file).read_text()).format(schema=Identifier(schema), p=SQL(f"p{partition}")).as_bytes()

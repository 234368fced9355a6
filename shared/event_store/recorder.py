"""The recorder of one partition: eventsourcing's tables and reading side, and one statement that writes a batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from shared.crash_points import crash_point
from shared.postgres_liveness import RECONNECT_SECONDS, lively

_SQL_FOLDER: Final = Path(__file__).parent.parent / "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write one shard: a partition's store, or a read model."""

    shard: str
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """A stream's current state, and its place in a waiting line where it has one."""

    stream: str
    version: int
    state: bytes
    line: str | None = None
    rank: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow:
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
    events: tuple[StoredEvent, ...] = ()
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
        pool_size=1,
        max_overflow=connections - 1,
        pre_ping=True,
        lock_timeout=5,
    )
    # All that the URL says, not only what the datastore asks for.
    store.pool.kwargs = {**info, "row_factory": dict_row}
    store.pool.reconnect_timeout = RECONNECT_SECONDS
    return store


class PartitionRecorder(PostgresProcessRecorder):
    """Reads a partition's log as eventsourcing does, and writes it by ``commit`` under the owner's lease.

    The lease row is locked by every commit, so commits of one partition are serial: positions have no gap and a reader
    that tails the log misses nothing, without a table lock.
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
        self._commit_statement = _commit_statement(store.schema, partition)

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
        "e_id": [str(event.originator_id) for event in commit.events],
        "e_version": [event.originator_version for event in commit.events],
        "e_topic": [event.topic for event in commit.events],
        "e_state": [event.state for event in commit.events],
        "s_stream": [row.stream for row in commit.states],
        "s_version": [row.version for row in commit.states],
        "s_state": [row.state for row in commit.states],
        "s_line": [row.line for row in commit.states],
        "s_rank": [row.rank for row in commit.states],
        "inbox": list(commit.inbox),
        "d_stream": [row.stream for row in commit.deadlines_set],
        "d_name": [row.name for row in commit.deadlines_set],
        "d_community": [row.community for row in commit.deadlines_set],
        "d_due": [row.due for row in commit.deadlines_set],
        "d_armed": [row.armed_at for row in commit.deadlines_set],
        "x_stream": [stream for stream, _ in commit.deadlines_dropped],
        "x_name": [name for _, name in commit.deadlines_dropped],
        "l_stream": [letter.stream for letter in commit.dead_letters],
        "l_seq": [letter.seq for letter in commit.dead_letters],
        "l_subject": [letter.subject for letter in commit.dead_letters],
        "l_headers": [json.dumps(letter.headers) for letter in commit.dead_letters],
        "l_body": [letter.body for letter in commit.dead_letters],
        "l_error": [letter.error for letter in commit.dead_letters],
        "l_trace": [letter.trace_id for letter in commit.dead_letters],
        "l_tries": [letter.tries for letter in commit.dead_letters],
    }


def _commit_statement(schema: str, partition: int) -> Composed:
    return SQL((_SQL_FOLDER / "commit.sql").read_text()).format(schema=Identifier(schema), p=SQL(f"p{partition}"))

"""Check: what a sender was told is accepted is in the stream and in the history, and in the order of its posts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg.sql import SQL

from infra.operator_error import OperatorError
from infra.table_comparison import examples_of
from infra.verify.context import VerifyContext
from infra.verify.scratch import copy_rows, storable
from shared.contracts.names import event_key
from shared.contracts.subjects import MEMBER_EVENTS, partition_of

_CHUNK: Final = 10_000
_COLUMNS: Final = ("number", "post", "shard", "key", "name")
_MISSING: Final = SQL(
    "SELECT name FROM (SELECT key, min(name) AS name FROM verify.accepted GROUP BY key) AS a "
    "WHERE NOT EXISTS (SELECT FROM verify.member_keys AS m WHERE m.key = a.key)"
)
_NOT_IN_HISTORY: Final = SQL(
    "SELECT DISTINCT a.name FROM (SELECT key, min(name) AS name FROM verify.accepted GROUP BY key) AS a "
    "JOIN verify.member_events AS m USING (key) "
    "JOIN verify.live_positions AS p ON p.shard = 'history-' || m.shard AND m.seq <= p.position "
    "WHERE m.form = 'member' AND NOT EXISTS (SELECT FROM verify.live_history AS h WHERE h.key = a.key) "
    "AND NOT EXISTS (SELECT FROM verify.live_parked AS d WHERE (d.shard, d.stream, d.seq) = (p.shard, p.stream, m.seq))"
)
# An event may be in several posts, and the first to be stored decides. So its order is wrong only if it was stored
# before its predecessor although that comes before it in every post that holds it.
_DISORDER: Final = SQL(
    "WITH first AS (SELECT DISTINCT ON (post, key) post, number, key, name FROM verify.accepted "
    "ORDER BY post, key, number), "
    "pairs AS (SELECT f.post, f.key, f.name, m.seq, lag(f.key) OVER w AS before, lag(f.name) OVER w AS before_name, "
    "lag(m.seq) OVER w AS before_seq FROM first AS f JOIN verify.member_keys AS m USING (key) "
    "WINDOW w AS (PARTITION BY f.post ORDER BY f.number)) "
    "SELECT 'post ' || post || ': ' || name || ' is stored before ' || before_name FROM pairs "
    "WHERE seq < before_seq AND NOT EXISTS (SELECT FROM first AS elsewhere WHERE elsewhere.key = pairs.key "
    "AND NOT EXISTS (SELECT FROM first AS earlier WHERE earlier.post = elsewhere.post AND earlier.key = pairs.before "
    "AND earlier.number < elsewhere.number))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    post: int
    community: str
    source: str
    id: str


async def load_accepted(context: VerifyContext, file: Path) -> None:
    """Take the file in; raises OperatorError for a line that is not as it should be."""
    connection, rows = context.servers.postgres, _rows(file, context.servers.partitions)
    await connection.execute(
        "CREATE UNLOGGED TABLE verify.accepted (number bigint, post bigint, shard integer, key text, name text)"
    )
    count = 0
    context.progress.step(f"reading {file.name}")
    while chunk := list(islice(rows, _CHUNK)):
        await copy_rows(connection, "accepted", _COLUMNS, chunk)
        count += len(chunk)
        context.progress.reach(count)
    await connection.execute("CREATE INDEX ON verify.accepted (key)")
    await connection.execute("CREATE INDEX ON verify.accepted (post, number)")
    await connection.execute("ANALYZE verify.accepted")


async def check_accepted(context: VerifyContext) -> None:
    """Hold what was accepted against the stream and the copy of the history."""
    connection = context.servers.postgres
    with context.report.check("accepted") as check:
        row = await (await connection.execute("SELECT count(*), to_regclass('verify.live_history') "
                                              "FROM verify.accepted")).fetchone()  # fmt: skip
        check.compared = row[0] if row else 0
        check.found([await examples_of(connection, f"accepted, but not in {MEMBER_EVENTS}", _MISSING)])
        if row and row[1]:
            check.found([await examples_of(connection, "accepted, but not in the history", _NOT_IN_HISTORY)])
        check.found([await examples_of(connection, "stored in another order than posted", _DISORDER)])


def _rows(file: Path, partitions: int) -> Iterator[tuple[Any, ...]]:
    decoder = msgspec.json.Decoder(_Accepted)
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    one = decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise OperatorError(
                        f"{file}, line {number}: {error}. Write one JSON object a line, such as "
                        '{"post": 1, "community": "acme", "source": "/discord/guild", "id": "post:m1:1"}'
                    ) from error
                shard = partition_of(one.community, partitions)
                name = storable(f"{one.community} {one.source} {one.id}")
                yield number, one.post, shard, event_key(one.community, one.source, one.id), name
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}.") from error

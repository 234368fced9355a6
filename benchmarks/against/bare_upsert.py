"""The bare upsert: the same rows into a table with nothing but its primary key, in one statement with the position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

POSITION: Final = "CREATE TABLE bare_position (position bigint NOT NULL); INSERT INTO bare_position VALUES (0)"
_TYPES: Final[dict[str, LiteralString]] = {
    "seq": "int8", "time": "timestamptz", "since": "timestamptz", "raised_at": "timestamptz",
    "ranked_from": "timestamptz", "need_revision": "int8", "care_load": "int8", "rank": "int8",
}  # fmt: skip


class BareUpsert:
    """Upserts rows of one form, by its first column; other columns than those in ``_TYPES`` are texts."""

    def __init__(self, form: type[Any]) -> None:
        self._names = tuple(form.__annotations__)
        kinds = [sql.SQL(_TYPES.get(name, "text")) for name in self._names]
        columns = [sql.Identifier(name) for name in self._names]
        self.ddl = sql.SQL("CREATE TABLE bare ({}, PRIMARY KEY ({})) WITH (fillfactor = 70)").format(
            sql.SQL(", ").join(sql.SQL("{} {}").format(*pair) for pair in zip(columns, kinds, strict=True)), columns[0]
        )
        self._statement = sql.SQL(
            "WITH moved AS ("
            "UPDATE bare_position SET position = %(moved_to)s WHERE position = %(expected)s RETURNING 1) "
            "INSERT INTO bare SELECT * FROM unnest({arrays}) WHERE EXISTS (SELECT FROM moved) "
            "ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW({excluded})"
        ).format(
            arrays=sql.SQL(", ").join(
                sql.SQL("{}::{}[]").format(sql.Placeholder(name, format=psycopg.adapt.PyFormat.BINARY), kind)
                for name, kind in zip(self._names, kinds, strict=True)
            ),
            key=columns[0],
            columns=sql.SQL(", ").join(columns),
            excluded=sql.SQL(", ").join(sql.SQL("excluded.{}").format(column) for column in columns),
        )

    async def write(self, connection: psycopg.AsyncConnection[Any], rows: Sequence[Any], expected: int) -> int:
        """Upsert ``rows`` when the position is ``expected``; return the new one."""
        values: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in self._names}
        position = expected + len(rows)
        await connection.execute(self._statement, {**values, "expected": expected, "moved_to": position})
        return position

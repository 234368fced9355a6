"""Arrays that we encode ourselves are to PostgreSQL what psycopg's own are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from shared.array_parameters import BinaryArray, blobs, fractions, integers, moments, texts, truths

_NOON = datetime(2026, 11, 22, 12, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("encoded", "type_name", "values"),
    [
        (texts, "text", ["", "a", None, "🐙 ö\n'\\", "x" * 1023, "y" * 1024, "ö" * 100_000]),
        (texts, "text", ["a", None, "", "ö"] * 3 + ["x" * 1024] * 2),
        (texts, "text", [None]),
        (texts, "text", []),
        (blobs, "bytea", [b"", b"\x00\xff", None, b"x" * 1024]),
        (fractions, "float8", [0.0, -1.5, None, float("inf")]),
        (integers, "int8", [0, -1, None, 2**63 - 1, -(2**63)]),
        (moments, "timestamptz", [_NOON, None, datetime(1969, 7, 20, 20, 17, 40, 999_999, tzinfo=UTC)]),
        (moments, "timestamptz", [_NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))]),
        (truths, "bool", [True, False, None]),
    ],
)
def test_they_arrive_as_they_were(
    postgres_url: str, encoded: Callable[[Any], BinaryArray], type_name: str, values: Sequence[Any]
) -> None:
    with psycopg.connect(postgres_url) as connection:
        statement = f"SELECT %b::{type_name}[] IS NOT DISTINCT FROM %b::{type_name}[], cardinality(%b::{type_name}[])"
        array = encoded(values)
        found = connection.execute(statement.encode(), (array, list(values), array)).fetchone()
        assert found == (True, len(values))
        told = connection.execute(f"SELECT %b::{type_name}[]".encode(), (array,)).fetchone()
        assert told == (list(values),)


def test_what_has_no_place_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT %b::text[]", (texts(["a\0b"]),))

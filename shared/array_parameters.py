"""Arrays as PostgreSQL reads them in binary: psycopg's own way looks at each element several times.

The statement says of what type an array is (``%(name)b::text[]``), so that it is prepared once, whatever the elements.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from msgspec import Struct
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_TEXT, _BYTEA, _INT8, _FLOAT8, _TIMESTAMPTZ, _BOOL = 25, 17, 20, 701, 1184, 16
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_header: Final = struct.Struct("!iiIii").pack
_length: Final = struct.Struct("!i").pack
_integer: Final = struct.Struct("!iq").pack
_fraction: Final = struct.Struct("!id").pack
_NULL: Final = _length(-1)
_LENGTHS: Final = tuple(_length(number) for number in range(1024))
_TRUTHS: Final = {True: b"\0\0\0\1\1", False: b"\0\0\0\1\0", None: _NULL}


class BinaryArray(Struct, frozen=True, gc=False):
    """An array of one dimension, encoded."""

    encoded: bytes


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return obj.encoded


psycopg.adapters.register_dumper(BinaryArray, _AsItIs)


def texts(values: Sequence[str | None]) -> BinaryArray:
    """Return ``text[]``."""
    distinct = set(values)
    if 2 * len(distinct) > len(values):
        return _array(_TEXT, values, _texts(values))
    # Of most columns, a batch holds the same few values over and over.
    pieces = dict(zip(distinct, _texts(distinct), strict=True))
    return _array(_TEXT, values, map(pieces.__getitem__, values))


def _texts(values: Collection[str | None]) -> list[bytes]:
    known = _LENGTHS
    encoded = [None if value is None else value.encode() for value in values]
    return [
        _NULL if one is None else (known[len(one)] if len(one) < 1024 else _length(len(one))) + one for one in encoded
    ]


def blobs(values: Sequence[bytes | None]) -> BinaryArray:
    """Return ``bytea[]``."""
    pieces = [b""] * (2 * len(values))
    pieces[::2] = [_NULL if value is None else _length(len(value)) for value in values]
    pieces[1::2] = [value or b"" for value in values]  # not joined to its length: states are large, and copied once
    return _array(_BYTEA, values, pieces)


def integers(values: Sequence[int | None]) -> BinaryArray:
    """Return ``int8[]``; raises struct.error for a number that has no place there."""
    return _array(_INT8, values, [_NULL if value is None else _integer(8, value) for value in values])


def fractions(values: Sequence[float | None]) -> BinaryArray:
    """Return ``float8[]``."""
    return _array(_FLOAT8, values, [_NULL if value is None else _fraction(8, value) for value in values])


def moments(values: Sequence[datetime | None]) -> BinaryArray:
    """Return ``timestamptz[]``; each knows its time zone."""
    return _array(
        _TIMESTAMPTZ,
        values,
        [_NULL if value is None else _integer(8, (value - _EPOCH) // _MICROSECOND) for value in values],
    )


def truths(values: Sequence[bool | None]) -> BinaryArray:
    """Return ``bool[]``."""
    return _array(_BOOL, values, [_TRUTHS[value] for value in values])


def _array(element: int, values: Sequence[object], pieces: Iterable[bytes]) -> BinaryArray:
    if not values:
        return BinaryArray(_header(0, 0, element, 0, 0)[:12])
    return BinaryArray(b"".join((_header(1, None in values, element, len(values), 1), *pieces)))

"""Cursors: places in an ordered list, opaque to those who hand them back."""

from __future__ import annotations

import base64
import binascii
from typing import Final, TypeVar

import msgspec

MAX_CURSOR: Final = 600
PlaceT = TypeVar("PlaceT")


class CursorError(ValueError):
    """A cursor that no list of this kind has given out."""


def encode_cursor(place: object) -> str:
    """Return ``place``, a dataclass of plain values, as a URL-safe string."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(cursor: str, form: type[PlaceT]) -> PlaceT:
    """Return the place in ``cursor``; raises CursorError."""
    if len(cursor) > MAX_CURSOR:
        raise CursorError
    try:
        decoded = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        if b"\\u0000" in decoded:
            raise CursorError
        return msgspec.json.decode(decoded, type=form)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise CursorError from error

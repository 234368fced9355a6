"""The names under which positions in streams are kept."""

from __future__ import annotations

from collections.abc import Iterable


def reader_name(stream: str, identity: str) -> str:
    """Return the name under which the position in a stream is kept: the stream's own name with its identity."""
    return f"{stream}@{identity}"


def stream_of(reader: str) -> str:
    """Return the name of the stream in a reader's name."""
    return reader.partition("@")[0]


def read_before(reader: str, known: Iterable[str]) -> str | None:
    """Return the reader in ``known`` of another stream under the same name; None when there is none."""
    stream = stream_of(reader)
    return next((other for other in known if stream_of(other) == stream and "@" in other and other != reader), None)

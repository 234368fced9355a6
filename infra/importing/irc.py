"""Logs of IRC channels: text files, one for each channel and day, or one for a long time with the days in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from typing import Final

from infra.importing.archive import ArchiveFile
from infra.importing.irc_lines import Other, Renamed, day_in, read_lines
from infra.importing.pieces import whole_file
from infra.importing.reading import Found, Piece, PieceReader, Read, Skipped
from services.ingest.platforms.irc import PLATFORM, Channel
from services.ingest.platforms.reading import EVERYWHERE
from shared.contracts.names import Audience

_SUFFIXES: Final = (".log", ".txt", ".weechatlog")
_CHANNEL: Final = re.compile(
    r"[#&][^\s/,:]{0,99}?(?=\.\d{4}-?\d\d-?\d\d|_\d{4}-?\d\d-?\d\d|\.log$|\.txt$|\.weechatlog$|/|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IrcLogs:
    """``public`` and ``private`` are the channels that are taken, in lower case; ``*`` among the public stands for all.

    ``channel`` is for a file whose path names none; ``zone`` that of the clock; ``bots`` are nicks.
    """

    public: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()
    channel: str | None = None
    zone: tzinfo = UTC
    bots: frozenset[str] = frozenset()

    platform = PLATFORM
    index: frozenset[str] = frozenset()
    expected = "text files such as #help/2026-11-20.log with lines such as [08:15] <ada> Good morning"

    @property
    def selection(self) -> str:
        """Return the channel of a file whose path names none."""
        return self.channel or ""

    def holds(self, path: str) -> bool:
        """A log is a text file; the annotations that researchers lay beside it are none."""
        return path.endswith(_SUFFIXES) and not path.endswith(".annotation.txt")

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader."""
        return self._pieces

    def _pieces(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        named = _CHANNEL.search(file.path)
        channel = named[0] if named else self.channel
        if channel is None:
            why = (
                "its path names no channel: perhaps it is a private talk. If not, put it in a folder such as '#help', "
                "or give the file itself with --channel; where none of many is one, --channel with --no-private-talks"
            )
            yield Skipped(file=file.path, place=None, why=why)
        elif (audience := self._audience(channel.lower())) is None:
            yield Skipped(file=file.path, place=None, why="a channel that neither --public nor --private names")
        else:
            yield from whole_file(file, channel, partial(self._read, file.path, channel, audience))

    def _audience(self, channel: str) -> Audience | None:
        if channel in self.private:
            return "private"
        return "public" if {channel, EVERYWHERE} & self.public else None

    def _read(self, path: str, name: str, audience: Audience, body: bytes) -> Read:
        channel = Channel(name=name, audience=audience, bots=frozenset(nick.lower() for nick in self.bots))
        lines = body.decode("utf-8", "replace").replace("\0", "").replace("\r\n", "\n").removesuffix("\n").split("\n")
        for number, line in enumerate(read_lines(lines, day_in(path), self.zone), start=1):
            place = f"line {number}"
            if isinstance(line, Renamed):
                channel.renamed(line.old, line.new)
                yield Skipped(file=path, place=place, why="a change of nick")
            elif isinstance(line, Other):
                yield Skipped(file=path, place=place, why=line.why)
            else:
                yield Found(place=place, fact=channel.posted(line))

"""The archives that are replayed, as their readers give them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.importing.archive import open_archive, survey
from infra.importing.discourse import DiscoursePosts
from infra.importing.irc import IrcLogs
from infra.importing.reading import ExportFormat, Found, Piece
from infra.importing.slack import SlackExport
from infra.importing.zulip import ZulipArchive
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.reading import HookSettings

_PUBLIC: Final = HookSettings(public=("*",))
FORMATS: Final[dict[str, ExportFormat]] = {
    "zulip": ZulipArchive(
        bots=frozenset(
            {
                "Anne's test bot",
                "Kim Morrison :bot:",
                "github mathlib4 bot",
                "port progress bot (jmc)",
                "port-benchmark-bot",
                "port-progress bot",
            }
        )
    ),
    "discourse": DiscoursePosts(key="judge", settings=_PUBLIC),
    "slack": SlackExport(key="judge"),
    "irc": IrcLogs(
        public=frozenset({"*"}),
        channel="#ubuntu",
        bots=frozenset({"ubottu", "ubotu", "ubotwo", "ubot3", "lubotu1"}),
    ),
}
"""By how the name of the archive begins."""

_IN_PIECES: Final = frozenset({"irc"})
"""Of which parts of single days were kept, out of years: they tell nothing of who is new, regular, away or back."""


def archives(folder: Path) -> Iterator[tuple[Path, ExportFormat]]:
    """Yield the archives in ``folder`` whose names say what they are."""
    for path in sorted(folder.iterdir()):
        for name, export in FORMATS.items():
            if path.name.startswith(name):
                yield path, export


def in_pieces(path: Path) -> bool:
    """Tell whether the archive holds parts of single days only."""
    return any(path.name.startswith(name) for name in _IN_PIECES)


def facts(path: Path, export: ExportFormat) -> list[Fact]:
    """Return what happened, in the order of time; of what stands in the archive twice the first, as it is taken in."""
    archive = open_archive(path)
    reader = export.reader(survey(archive, export.index, export.holds).index)
    happened = (
        found.fact
        for file in archive.files()
        if file.path.rpartition("/")[2] not in export.index and export.holds(file.path)
        for piece in reader(file)
        if isinstance(piece, Piece)
        for found in piece.read()
        if isinstance(found, Found)
    )
    once: dict[str, Fact] = {}
    for fact in happened:
        once.setdefault(fact.id, fact)
    return sorted(once.values(), key=lambda fact: (fact.time, fact.id))

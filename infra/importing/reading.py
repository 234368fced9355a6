"""What a reader of exports is: files in, pieces out, and in each piece facts or the reason why something is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from infra.importing.archive import ArchiveFile
from services.ingest.platforms.facts import Fact, NotAFactError

HALF_A_CHARACTER: Final = "the text holds half a character (a lone surrogate)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What could not be read: the file, the place in it (None means all of it), and why."""

    file: str
    place: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fact and where it stands, such as ``item 3`` or ``line 17``."""

    place: str
    fact: Fact


Read = Iterable[Found | Skipped]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What the ledger knows as one: a file, or a stretch of a long one.

    ``id`` stands for the place and the content; pieces of one ``lane`` are sent in their order. ``read`` is called once
    at most, before the next piece is taken.
    """

    id: str
    file: str
    size: int
    lane: str
    read: Callable[[], Read]


PieceReader = Callable[[ArchiveFile], Iterator[Piece | Skipped]]


class ExportFormat(Protocol):
    """What one platform's exports look like."""

    @property
    def platform(self) -> str:
        """The platform that the events are of."""
        ...

    @property
    def index(self) -> frozenset[str]:
        """The names of files that are needed to understand the others."""
        ...

    @property
    def expected(self) -> str:
        """What an export consists of, for whoever gave something else: "files such as ..., as ... writes them"."""
        ...

    @property
    def selection(self) -> str:
        """What stands for the options that decide what is taken within a piece: with others, it is read again."""
        ...

    def holds(self, path: str) -> bool:
        """Tell whether a file of that path is one with events, as one of the index may be."""
        ...

    def reader(self, index: Mapping[str, bytes]) -> PieceReader:
        """Return what cuts files into pieces; ``index`` holds those files of the index that there are, by name.

        Raises OperatorError if they do not suffice.
        """
        ...


def found(file: str, place: str, facts: Callable[[], Iterable[Fact]]) -> Iterator[Found | Skipped]:
    """Yield the facts that stand in one place, or why there are none."""
    try:
        for fact in facts():
            yield Found(place=place, fact=fact)
    except NotAFactError as error:
        yield Skipped(file=file, place=place, why=str(error))
    except UnicodeEncodeError:
        yield Skipped(file=file, place=place, why=HALF_A_CHARACTER)

"""Readings of tone, each text read once: many at a time, since one alone takes ten times as long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final

from services.triage.tone.languages import UNKNOWN
from services.triage.tone.reading import Reader, Reading
from services.triage.tone_plug_in import installed
from shared.contracts.member_events import Edited, MemberEventData, Posted
from shared.contracts.redaction import TAKEN
from shared.delivery import Delivered

_one_loads: Final = Lock()


def shared_reader() -> Reader:
    """Return the reader that all partitions of a process share; it is loaded when it is asked for first.

    It scores by the plug-in that is installed, if one is. Raises PlugInError.
    """
    with _one_loads:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Reader:
    return Reader(installed())


def is_loaded() -> bool:
    """Tell whether the reader is there already."""
    return _loaded.cache_info().currsize > 0


def forget_reader() -> None:
    """Let the reader be loaded again when it is asked for next: another plug-in may be installed by then."""
    with _one_loads:
        _loaded.cache_clear()


def text_of(data: Any) -> str:
    """Return what a member wrote, in a post or in a comment on something else; empty where nothing was written."""
    if isinstance(data, (Posted, Edited)):
        return data.text
    return getattr(data, "comment", None) or ""


def _redacted(delivered: Delivered) -> bool:
    return TAKEN in (delivered.headers or {})


class Readings:
    """The readings of the events that are being folded.

    Those of a batch are made when the first of them is asked for, so that nothing is read in a community that has not
    turned the reading of tone on.
    """

    def __init__(self, reader: Callable[[], Reader] = shared_reader) -> None:
        """Take what makes the reader; it is called when there is something to read."""
        self._reader = reader
        self._coming: Sequence[Delivered] = ()
        self._begun: set[tuple[str, str]] = set()
        self._made: dict[tuple[int, str], Reading] = {}
        """By the message's sequence, and by the community's usual language, which another policy may change."""
        self.communities: set[str] = set()
        """Those in which texts were read last: what is needed for that is loaded ahead."""

    def note(self, community: str, *, read: bool) -> None:
        """Take note whether texts of the community are read."""
        (self.communities.add if read else self.communities.discard)(community)

    @property
    def version(self) -> str:
        """What tells this reader from others."""
        return self._reader().version

    def expect(self, coming: Sequence[Delivered]) -> None:
        """Take note of what is folded next; forget what was before."""
        self._coming, self._begun, self._made = coming, set(), {}

    def of(self, delivered: Delivered, usual: str | None, is_read: Callable[[Delivered], bool]) -> Reading:
        """Return the reading of the event's text, and make those of later ones of its community that are read, too.

        ``usual`` is the language in which the community mostly writes.
        """
        language = usual or UNKNOWN
        made = self._made.get((delivered.seq, language))
        if made is None:
            self._read([delivered, *self._later(delivered, language, is_read)], language)
            made = self._made[delivered.seq, language]
        return made

    def _later(self, delivered: Delivered, language: str, is_read: Callable[[Delivered], bool]) -> Iterator[Delivered]:
        community = delivered.event.community
        if (community, language) in self._begun:
            return
        self._begun.add((community, language))
        for one in self._coming:
            event = one.event
            later = one.seq > delivered.seq and event.community == community
            if later and isinstance(event.data, MemberEventData) and not _redacted(one) and is_read(one):
                yield one

    def _read(self, deliveries: Sequence[Delivered], language: str) -> None:
        readings = self._reader().read([text_of(one.event.data) for one in deliveries], language)
        self._made.update(zip(((one.seq, language) for one in deliveries), readings, strict=True))

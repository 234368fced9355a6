"""What comes of a round that somebody waits for, told while it goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import Fact
from services.ingest.source_forms import PolledTry

_TELL_SECONDS: Final = 1.0

Note = Callable[[PolledTry], Awaitable[None]]


class Trial:
    """Notes what came of a round so far: its first answer, whatever it waits for, its end, and else once a second."""

    def __init__(self, note: Note, began: datetime) -> None:
        self._note = note
        self._began = began
        self._answered = False
        self._taken: Counter[str] = Counter()
        self._known = 0
        self._told_at = 0.0

    async def answered(self) -> None:
        """The platform answers, and takes the secret."""
        if not self._answered:
            self._answered = True
            await self._tell()

    async def waits(self, why: str) -> None:
        """The platform is not to be had now; it is asked again."""
        await self._tell(why=why)

    async def kept(self, facts: Iterable[Fact], known: int, refused: Sequence[str]) -> None:
        """``facts`` are stored; ``known`` were before, and ``refused`` says why others are not."""
        self._taken.update(type(fact.data).__name__.lower() for fact in facts)
        self._known += known
        if refused or asyncio.get_running_loop().time() >= self._told_at + _TELL_SECONDS:
            await self._tell(why=refused[-1] if refused else None)

    async def ends(self, why: str | None, *, read: bool = True) -> None:
        """The round is over; ``why`` tells what was passed over or, where nothing could be ``read``, what is wrong."""
        self._answered = self._answered and read
        await self._tell(over=True, why=why)

    async def _tell(self, *, over: bool = False, why: str | None = None) -> None:
        self._told_at = asyncio.get_running_loop().time()
        await self._note(
            PolledTry(
                began=self._began,
                over=over,
                answered=self._answered,
                taken=dict(self._taken),
                known=self._known,
                why=why,
            )
        )

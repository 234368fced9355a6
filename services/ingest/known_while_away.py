"""What is looked up in the database for every request: kept for seconds, and for a day while the database is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from cachetools import TTLCache

from services.ingest.database import Database, DatabaseUnavailableError

_MOST: Final = 10_000
_FRESH_SECONDS: Final = 5.0
"""For how long this process goes on by what another has changed."""
_KNOWN_SECONDS: Final = 24 * 3600.0
"""For how long that holds which was known before the database went away: nobody can change it meanwhile."""

Key = TypeVar("Key")
Found = TypeVar("Found")


class KnownWhileAway(Generic[Key, Found]):
    """What ``look_up`` returns of a key, None where there is nothing."""

    def __init__(self, database: Database, look_up: Callable[[Key], Awaitable[Found | None]]) -> None:
        self._database = database
        self._look_up = look_up
        self._fresh: TTLCache[Key, Found | None] = TTLCache(_MOST, _FRESH_SECONDS)
        self._known: TTLCache[Key, Found] = TTLCache(_MOST, _KNOWN_SECONDS)

    async def of(self, key: Key) -> Found | None:
        """Return what there is. While the database is away, what was known before holds.

        Raises DatabaseUnavailableError for any other.
        """
        try:
            return self._fresh[key]
        except KeyError:
            pass  # not kept, or not for longer
        known = self._known.get(key)
        if known is not None and self._database.away:
            return known
        try:
            found = await self._look_up(key)
        except DatabaseUnavailableError:
            if known is None:
                raise
            return known
        self._fresh[key] = found
        if found is not None:
            self._known[key] = found
        else:
            self._known.pop(key, None)
        return found

    def forget(self) -> None:
        """Look anew: something was changed."""
        self._fresh.clear()
        self._known.clear()

"""The polled sources: how each is asked, how far it was read, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier, Placeholder

from services.ingest.database import Database
from services.ingest.hooks import HookKey
from services.ingest.platforms.polled import PollSettings, ReadSoFar
from services.ingest.polling.credentials import Token
from services.ingest.principal import SourcePrincipal
from services.ingest.sealing import Seal, SealBrokenError
from services.ingest.source_forms import PolledTry
from services.ingest.sources import insert_source
from shared.event_store.recorder import Lease

_OF_SOURCE: Final = SQL("WHERE community = %s AND platform = %s AND name = %s")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A source that is polled now: neither paused nor stopped."""

    principal: SourcePrincipal
    format: str
    settings: PollSettings
    secret: str = field(repr=False)
    sealed: bytes = field(repr=False)
    """The secret as it is stored."""
    added: datetime
    asked_at: datetime | None
    """When somebody wanted a round at once."""

    @property
    def key(self) -> HookKey:
        """The source's."""
        return self.principal.community, self.principal.platform, self.principal.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a source was read, and when its last complete round began."""

    so_far: ReadSoFar
    polled_at: datetime | None


class Polls:
    """The polled sources in PostgreSQL; their secrets are sealed. Each method raises DatabaseUnavailableError.

    What is written under a lease is not written, and FencedError is raised, when another process has it now.
    """

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def add(self, key: HookKey, form: str, settings: PollSettings, secret: str, now: datetime) -> str | None:
        """Add a source that is polled and return its token; None if there is a source of the name."""
        async with self._database.transaction() as connection:
            token = await insert_source(connection, *key, now)
            if token is not None:
                await self._insert(connection, key, **self._told(form, settings, secret, now))
        return token

    async def put(self, key: HookKey, form: str, settings: PollSettings, secret: str, now: datetime) -> bool:
        """Poll a source that is there, so from now on, whatever else it has; False if there is none of the name."""
        async with self._database.transaction() as connection:
            return await self._insert(connection, key, **self._told(form, settings, secret, now))

    async def replace_secret(self, key: HookKey, secret: str) -> bool:
        """Ask with ``secret`` from now on; False if the source is not polled."""
        return await self._change(
            SQL("secret = %s, token = NULL, stopped_at = NULL, failing_since = NULL, why = NULL"),
            [self._seal.close(secret)],
            key,
        )

    async def go_on(self, key: HookKey) -> bool:
        """Ask again although the secret was refused; False if the source is not polled."""
        return await self._change(SQL("stopped_at = NULL"), [], key)

    async def ask_now(self, key: HookKey) -> bool:
        """Begin a round at once, also with a secret that was refused; False if the source is not polled."""
        return await self._change(SQL("stopped_at = NULL, asked_at = clock_timestamp()"), [], key)

    async def form(self, key: HookKey) -> str | None:
        """Return the format of a source that is polled; None if it is not."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(SQL("SELECT format FROM ingest.polls {}").format(_OF_SOURCE), list(key))
            row = await cursor.fetchone()
        return row["format"] if row else None

    async def token(self, poll: Poll) -> Token | None:
        """Return the token that the platform gave for the secret; None if none was kept, or it cannot be read."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                SQL("SELECT token FROM ingest.polls {} AND secret = %s").format(_OF_SOURCE), [*poll.key, poll.sealed]
            )
            row = await cursor.fetchone()
        if row is None or row["token"] is None:
            return None
        with suppress(SealBrokenError):
            return msgspec.json.decode(self._seal.open(row["token"]), type=Token)
        return None

    async def keep_token(self, lease: Lease, poll: Poll, token: Token) -> None:
        """Keep the token that the platform gave for the secret."""
        sealed = self._seal.close(msgspec.json.encode(token).decode())
        keep = SQL("UPDATE ingest.polls SET token = %s {} AND secret = %s")
        await self._under(lease, keep.format(_OF_SOURCE), [sealed, *poll.key, poll.sealed])

    async def running(self) -> list[Poll]:
        """Return the sources that are to be polled."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT community, platform, name, format, settings::text, secret, added_at, asked_at "
                "FROM ingest.polls JOIN ingest.sources USING (community, platform, name) "
                "WHERE paused_at IS NULL AND stopped_at IS NULL"
            )
            rows = await cursor.fetchall()
        return [poll for row in rows if (poll := self._opened(row)) is not None]

    async def progress(self, poll: Poll) -> Progress:
        """Return how far a source was read."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                SQL("SELECT polled_at FROM ingest.polls {}").format(_OF_SOURCE), list(poll.key)
            )
            row = await cursor.fetchone()
            cursor = await connection.execute(
                SQL("SELECT collection, read_until, mark FROM ingest.poll_cursors {}").format(_OF_SOURCE),
                list(poll.key),
            )
            cursors = await cursor.fetchall()
        so_far = ReadSoFar(
            first=poll.settings.since or poll.added,
            until={each["collection"]: each["read_until"] for each in cursors},
            marks={each["collection"]: each["mark"] for each in cursors if each["mark"] is not None},
        )
        return Progress(so_far=so_far, polled_at=row["polled_at"] if row else None)

    async def move(self, lease: Lease, poll: Poll, collection: str, until: datetime, mark: str | None) -> None:
        """Note that a collection was read to its end, and all of it is durable, unless the source was put anew."""
        move = SQL(
            "INSERT INTO ingest.poll_cursors SELECT community, platform, name, %s, %s, %s FROM ingest.polls {} "
            "AND secret = %s ON CONFLICT (community, platform, name, collection) "
            "DO UPDATE SET read_until = excluded.read_until, mark = excluded.mark"
        )
        await self._under(lease, move.format(_OF_SOURCE), [collection, until, mark, *poll.key, poll.sealed])

    async def finish(self, lease: Lease, poll: Poll, began: datetime, odd: Sequence[str]) -> None:
        """Note a complete round, and what in it was passed over."""
        finish = SQL(
            "UPDATE ingest.polls SET polled_at = %s, failing_since = NULL, why = %s, "
            "not_understood = not_understood + %s, "
            "not_understood_at = CASE WHEN %s THEN clock_timestamp() ELSE not_understood_at END {}"
        )
        values = [began, odd[-1] if odd else None, len(odd), bool(odd)]
        await self._under(lease, finish.format(_OF_SOURCE), [*values, *poll.key])

    async def fail(self, lease: Lease, poll: Poll, why: str) -> None:
        """Note that a round did not come to its end."""
        fail = SQL("UPDATE ingest.polls SET failing_since = coalesce(failing_since, clock_timestamp()), why = %s {}")
        await self._under(lease, fail.format(_OF_SOURCE), [why, *poll.key])

    async def note_try(self, lease: Lease, poll: Poll, tried: PolledTry) -> None:
        """Note what came so far of a round that somebody asked for."""
        note = SQL("UPDATE ingest.polls SET tried = %s {} AND secret = %s")
        await self._under(lease, note.format(_OF_SOURCE), [msgspec.json.encode(tried).decode(), *poll.key, poll.sealed])

    async def stop(self, lease: Lease, poll: Poll, why: str) -> None:
        """Leave the platform alone until the source goes on or gets another secret, unless it has got one already."""
        stop = SQL("UPDATE ingest.polls SET stopped_at = clock_timestamp(), why = %s {} AND secret = %s")
        await self._under(lease, stop.format(_OF_SOURCE), [why, *poll.key, poll.sealed])

    def _told(self, form: str, settings: PollSettings, secret: str, now: datetime) -> dict[str, Any]:
        told = msgspec.json.encode(settings).decode()
        return {"format": form, "settings": told, "secret": self._seal.close(secret), "added_at": now}

    async def _insert(self, connection: AsyncConnection[DictRow], key: HookKey, **told: Any) -> bool:
        """Insert what is ``told``, by column, instead of what was; False if there is no source of the name.

        What was read of another place, or not from so far back, counts for nothing.
        """
        elsewhere = SQL(
            "DELETE FROM ingest.poll_cursors {} AND EXISTS (SELECT FROM ingest.polls {} AND (format <> %s OR "
            "ARRAY[settings -> 'site', settings -> 'api', settings -> 'since'] IS DISTINCT FROM "
            "ARRAY[%s::jsonb -> 'site', %s::jsonb -> 'api', %s::jsonb -> 'since']))"
        ).format(_OF_SOURCE, _OF_SOURCE)
        settings = [told["settings"]] * 3
        await connection.execute(elsewhere, [*key, *key, told["format"], *settings])
        insert = SQL(
            "INSERT INTO ingest.polls (community, platform, name, {}) SELECT community, platform, name, {} "
            "FROM ingest.sources {} ON CONFLICT (community, platform, name) DO UPDATE SET format = excluded.format, "
            "settings = excluded.settings, secret = excluded.secret, token = NULL, tried = NULL, stopped_at = NULL, "
            "failing_since = NULL, why = NULL"
        ).format(SQL(", ").join(map(Identifier, told)), SQL(", ").join(Placeholder() for _ in told), _OF_SOURCE)
        cursor = await connection.execute(insert, [*told.values(), *key])
        return cursor.rowcount > 0

    async def _change(self, change: SQL, values: Sequence[Any], key: HookKey) -> bool:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                SQL("UPDATE ingest.polls SET {} {}").format(change, _OF_SOURCE), [*values, *key]
            )
        return cursor.rowcount > 0

    async def _under(self, lease: Lease, statement: Composed, values: Sequence[Any]) -> None:
        async with self._database.transaction_under(lease) as connection:
            await connection.execute(statement, values)

    def _opened(self, row: dict[str, Any]) -> Poll | None:
        community, platform, name = row["community"], row["platform"], row["name"]
        try:
            secret = self._seal.open(row["secret"])
        except SealBrokenError as broken:
            _log.error("poll_secret_lost", community=community, source=f"/{platform}/{name}", detail=str(broken))
            return None
        return Poll(
            principal=SourcePrincipal(community=community, platform=platform, name=name),
            format=row["format"],
            settings=msgspec.json.decode(row["settings"], type=PollSettings),
            secret=secret,
            sealed=row["secret"],
            added=row["added_at"],
            asked_at=row["asked_at"],
        )

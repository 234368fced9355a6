"""The webhooks of sources: how each is verified and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog

from services.ingest.database import Database
from services.ingest.known_while_away import KnownWhileAway
from services.ingest.platforms.reading import HookSettings
from services.ingest.principal import SourcePrincipal
from services.ingest.sealing import Seal, SealBrokenError
from services.ingest.sources import insert_source

_log = structlog.get_logger()

HookKey = tuple[str, str, str]
"""Community, platform and name of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook. Any of ``secrets`` will do; with none, nobody is believed."""

    principal: SourcePrincipal
    format: str
    settings: HookSettings
    secrets: Sequence[str] = field(repr=False)

    @property
    def key(self) -> HookKey:
        """The source's."""
        return self.principal.community, self.principal.platform, self.principal.name


class Hooks:
    """The configured webhooks; their secrets are sealed at rest. Each method raises DatabaseUnavailableError."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._hooks = KnownWhileAway(database, self._stored)

    async def of(self, key: HookKey) -> Hook | None:
        """Return a source's webhook, None if it has none. While the database is away, what was known before holds."""
        return await self._hooks.of(key)

    async def add(self, key: HookKey, form: str, settings: HookSettings, secret: str, now: datetime) -> str | None:
        """Add a source with a webhook and return its token; None if there is a source of the name."""
        async with self._database.transaction() as connection:
            token = await insert_source(connection, *key, now)
            if token is not None:
                await connection.execute(
                    "INSERT INTO ingest.hooks (community, platform, name, format, settings, secret) "
                    "VALUES (%s, %s, %s, %s, %s, %s)",
                    [*key, form, msgspec.json.encode(settings).decode(), self._seal.close(secret)],
                )
        self.forget()
        return token

    async def replace_secret(self, key: HookKey, secret: str) -> bool:
        """Take requests signed with ``secret`` from now on, and with the one before.

        False if there is no webhook, or two secrets hold already: the platform may sign with either.
        """
        return await self._update(
            "UPDATE ingest.hooks SET earlier_secret = secret, secret = %s",
            [self._seal.close(secret)],
            key,
            where="earlier_secret IS NULL",
        )

    async def drop_earlier_secret(self, key: HookKey) -> bool:
        """Take requests signed with the newest secret only; False if there is no webhook."""
        return await self._update("UPDATE ingest.hooks SET earlier_secret = NULL", [], key)

    def forget(self) -> None:
        """Look anew: something was changed."""
        self._hooks.forget()

    async def _update(self, change: str, values: Sequence[Any], key: HookKey, *, where: str = "true") -> bool:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                f"{change} WHERE community = %s AND platform = %s AND name = %s AND {where}".encode(), [*values, *key]
            )
        self.forget()
        return cursor.rowcount > 0

    async def _stored(self, key: HookKey) -> Hook | None:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT format, settings::text, secret, earlier_secret, paused_at IS NOT NULL AS paused "
                "FROM ingest.hooks JOIN ingest.sources USING (community, platform, name) "
                "WHERE community = %s AND platform = %s AND name = %s",
                list(key),
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        community, platform, name = key
        return Hook(
            principal=SourcePrincipal(community=community, platform=platform, name=name, paused=row["paused"]),
            format=row["format"],
            settings=msgspec.json.decode(row["settings"], type=HookSettings),
            secrets=self._opened(key, row["secret"], row["earlier_secret"]),
        )

    def _opened(self, key: HookKey, *sealed: bytes | None) -> tuple[str, ...]:
        secrets = []
        for one in sealed:
            try:
                secrets += [] if one is None else [self._seal.open(one)]
            except SealBrokenError as broken:
                _log.error("hook_secret_lost", community=key[0], source=f"/{key[1]}/{key[2]}", detail=str(broken))
        return tuple(secrets)

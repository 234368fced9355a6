"""What a platform gives to those who may ask it, and how it wants to be shown that. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

Secrets = Mapping[str, str]
"""What the platform gave, by the names of its credential."""


class Token(Struct, frozen=True, kw_only=True):
    """What is shown to a platform until ``expires``, and what the next one is asked for with."""

    access: str
    expires: datetime | None = None
    refresh: str | None = None

    def __repr__(self) -> str:
        return f"Token(expires={self.expires})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How a token is got (OAuth 2.0): by POST to ``path``.

    ``form`` makes the request of the secrets and of the refresh token that came with the last token.
    """

    path: str
    form: Callable[[Secrets, str | None], dict[str, str]]


def bearer(secrets: Secrets) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"authorization": f"Bearer {secrets['token']}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a platform takes: ``headers`` made of the secrets ``names``, of which the ``optional`` may be left out.

    With a ``grant``, they are given for a token, and that is shown. By one of ``refusals`` the platform says that it
    does not take them.
    """

    names: tuple[str, ...] = ("token",)
    optional: frozenset[str] = frozenset()
    headers: Callable[[Secrets], dict[str, str]] = bearer
    grant: Grant | None = None
    refusals: frozenset[int] = frozenset((401, 403))

    def packed(self, given: str | Mapping[str, str]) -> str:
        """Return what is kept of what was given; raises ValueError when it is not what the platform takes."""
        if isinstance(given, str):
            if not self.names:
                raise ValueError("everybody may ask: give none")
            if len(self.names) > 1:
                raise ValueError(f"there are several: {self._named()}. Give each by its name")
            return given
        missing = [name for name in self.names if name not in given and name not in self.optional]
        unknown = sorted(given.keys() - set(self.names))
        if missing or unknown:
            wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]} is none of them"
            raise ValueError(f"{wrong}: it takes {self._named() or 'no secret'}")
        return given[self.names[0]] if len(self.names) == 1 else msgspec.json.encode(dict(given)).decode()

    def unpacked(self, kept: str) -> Secrets:
        """Return what was given, by its names."""
        return {self.names[0]: kept} if len(self.names) == 1 else msgspec.json.decode(kept, type=dict[str, str])

    def _named(self) -> str:
        return ", ".join(f"{name} (may be left out)" if name in self.optional else name for name in self.names)


def as_password(email: str, key: str) -> dict[str, str]:
    """Return the header that shows a key as somebody's password (RFC 7617)."""
    return {"authorization": f"Basic {b64encode(f'{email}:{key}'.encode()).decode()}"}


TOKEN: Final = Credential()
"""One secret, shown as it is."""
NOTHING: Final = Credential(names=(), headers=lambda _secrets: {})
"""Everybody may ask."""

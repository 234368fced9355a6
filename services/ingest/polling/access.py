"""Showing a platform that one may ask it: what stays the same, and what has to be got anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from services.ingest.platforms.polled import GIVE_ANOTHER, Answered, Ask, Refused
from services.ingest.platforms.reading import NotUnderstoodError, decoded
from services.ingest.polling.credentials import Credential, Grant, Secrets, Token, bearer

_EARLIER: Final = timedelta(minutes=1)
"""A token is got anew before it expires: clocks differ, and a request takes its time."""

_LONGEST_SECONDS: Final = 366 * 86_400.0

Send = Callable[[Ask], Awaitable[Answered | Refused]]
"""Sends a request as it is."""


class SecretRefusedError(Exception):
    """The platform does not take the secret: asking again brings nothing. ``mend`` is what the operator does then."""

    def __init__(self, why: str, mend: str = GIVE_ANOTHER) -> None:
        super().__init__(why)
        self.mend = mend


class TokenStore(Protocol):
    """Where a token outlives the process."""

    async def token(self) -> Token | None:
        """Return the token that was kept."""

    async def keep(self, token: Token) -> None:
        """Keep a token instead of the one before."""


class Access(Protocol):
    """What requests are sent with. After one of ``refusals`` nothing is to be had."""

    refusals: frozenset[int]

    async def headers(self, send: Send) -> Mapping[str, str]:
        """Return the headers to send; raises SecretRefusedError."""

    async def renew(self, send: Send) -> bool:
        """Get others, for those were not taken; False if there are none. Raises SecretRefusedError."""


class FixedAccess:
    """The same headers always."""

    def __init__(self, headers: Mapping[str, str], refusals: frozenset[int]) -> None:
        self._headers = headers
        self.refusals = refusals

    async def headers(self, send: Send) -> Mapping[str, str]:  # noqa: ARG002 -- nothing has to be got
        """Return the headers."""
        return self._headers

    async def renew(self, send: Send) -> bool:  # noqa: ARG002 -- likewise
        """Return that there are no others."""
        return False


class _Granted(Struct, frozen=True, kw_only=True):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class TokenAccess:
    """A token that expires. What it does not open (403) is refused alone: the token itself was taken."""

    refusals = frozenset((401,))

    def __init__(self, grant: Grant, secrets: Secrets, store: TokenStore) -> None:
        self._grant = grant
        self._secrets = secrets
        self._store = store
        self._token: Token | None = None

    async def headers(self, send: Send) -> Mapping[str, str]:
        """Return the header that shows the token, got anew when it is about to expire."""
        token = self._token = self._token or await self._store.token()
        if token is None or (token.expires is not None and datetime.now(UTC) >= token.expires - _EARLIER):
            token = await self._get(send)
        return bearer({"token": token.access})

    async def renew(self, send: Send) -> bool:
        """Get another token."""
        await self._get(send)
        return True

    def _ask(self, refresh: str | None) -> Ask:
        return Ask(path=self._grant.path, form=self._grant.form(self._secrets, refresh))

    async def _get(self, send: Send) -> Token:
        """Get a token by what came with the last; where that is not taken, by what the operator gave."""
        last = self._token.refresh if self._token else None
        began = datetime.now(UTC)
        answer = await send(self._ask(last))
        if isinstance(answer, Refused) and last is not None:
            answer = await send(self._ask(None))
        if isinstance(answer, Refused):
            raise SecretRefusedError(f"answers {answer.status} to {self._grant.path}")
        try:
            granted = decoded(answer.body, _Granted)
        except NotUnderstoodError as error:
            raise SecretRefusedError(f"gives no token at {self._grant.path} ({error})") from None
        expires = None
        if granted.expires_in is not None:
            expires = began + timedelta(seconds=min(max(granted.expires_in, 0.0), _LONGEST_SECONDS))
        self._token = Token(access=granted.access_token, expires=expires, refresh=granted.refresh_token or last)
        await self._store.keep(self._token)
        return self._token


def access_by(credential: Credential, secret: str, store: TokenStore) -> Access:
    """Return how a platform is shown the secret that is kept."""
    secrets = credential.unpacked(secret)
    if credential.grant is not None:
        return TokenAccess(credential.grant, secrets, store)
    return FixedAccess(credential.headers(secrets), credential.refusals)

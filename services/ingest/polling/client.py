"""Asking a platform: at its pace, again when it is away, and never along a way that gives the secret away."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from services.ingest.platforms.polled import Answered, Ask, Refused
from services.ingest.polling.access import Access, SecretRefusedError
from services.ingest.rates import Rates
from shared.retry_after import asked_pause, http_date
from shared.telemetry.metrics import Tally

_MAX_BYTES: Final = 16 * 1024 * 1024
_TRIES: Final = 6
_FIRST_WAIT: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(minutes=1)
_LONGEST_ASKED_WAIT: Final = timedelta(hours=1)
_BURST: Final = 5
_TOO_MANY: Final = 429
_FORBIDDEN: Final = 403
_NOT_KNOWN: Final = 401
_ONE: Final = "platform"
_GZIP: Final = "gzip"
_LONGEST_CODING: Final = 40
_AS_IT_IS: Final = frozenset(("", "identity"))
_asked: Final = Tally("warmline.polls", "{request}", "Requests to platforms, and what came of them", ("format", "fate"))


class PlatformAwayError(Exception):
    """The platform did not answer as it should, however often it was asked; the text says what it did."""


class PlatformClient:
    """Sends the requests of one source: one at a time, ``per_minute`` in the long run.

    It follows no redirect, lest the secret go elsewhere, and asks no proxy of the environment.
    """

    def __init__(self, form: str, api: str, access: Access, per_minute: int) -> None:
        self._form = form
        self._api = api
        self._access = access
        self.answered_at: datetime | None = None
        """When the platform last answered, by its own clock."""
        self.on_wait: Callable[[str], Awaitable[None]] | None = None
        """Is told what the platform did when it has to be asked again."""
        self._rates = Rates(per_minute / 60, min(_BURST, per_minute))
        self._http = httpx.AsyncClient(
            headers={"accept": "application/json", "accept-encoding": _GZIP, "user-agent": "Warmline"},
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=1),
        )

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def ask(self, ask: Ask) -> Answered | Refused:
        """Return the answer, or that this request is refused.

        Waits where the platform asks to wait. Raises SecretRefusedError and PlatformAwayError.
        """
        try:
            answer = await self._asked(ask)
            if isinstance(answer, Refused) and answer.status == _NOT_KNOWN and await self._access.renew(self._send):
                answer = await self._asked(ask)
        except SecretRefusedError as refused:
            raise SecretRefusedError(f"{self._form} {refused}: it does not take the secret") from None
        if isinstance(answer, Refused) and answer.status in self._access.refusals:
            raise SecretRefusedError(f"{self._form} answers {answer.status} to {ask.path}: it does not take the secret")
        return answer

    async def _asked(self, ask: Ask) -> Answered | Refused:
        headers = await self._access.headers(self._send)
        return await self._send(replace(ask, headers={**ask.headers, **headers}))

    async def _send(self, ask: Ask) -> Answered | Refused:
        """Send a request, again while the platform is away; raises PlatformAwayError."""
        tries = 0
        while True:
            await self._keep_pace()
            answer, says, pause = await self._try(ask)
            if answer is not None:
                return answer
            tries += 1
            if tries >= _TRIES:
                raise PlatformAwayError(f"{ask.path}: {says}")
            wait = min(_FIRST_WAIT * 2 ** (tries - 1), _LONGEST_WAIT) * random.uniform(0.5, 1)  # noqa: S311 -- spreads
            seconds = max(wait, min(pause or timedelta(0), _LONGEST_ASKED_WAIT)).total_seconds()
            if self.on_wait is not None:
                await self.on_wait(f"{ask.path}: {says}, and is asked again in {seconds:.0f} s")
            await asyncio.sleep(seconds)

    async def _keep_pace(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(self._rates.wait(_ONE, clock()))
        self._rates.take(_ONE, 1, clock())

    async def _try(self, ask: Ask) -> tuple[Answered | Refused | None, str, timedelta | None]:
        try:
            async with asyncio.timeout(ask.seconds), self._sent(ask) as response:
                _asked.add((self._form, f"{response.status_code // 100}xx"))
                self.answered_at = http_date(response.headers.get("date", ""))
                if response.is_success:
                    following = response.links.get("next", {}).get("url")
                    body, headers = await _body(response), dict(response.headers)
                    return Answered(body=body, headers=headers, next_page=following), "", None
                status, pause = _limit(response, datetime.now(UTC))
                if 300 <= status < 500 and status not in {408, 425, _TOO_MANY}:
                    return Refused(status=status), "", None
                return None, f"it answers {response.status_code}", pause
        except TimeoutError:
            says = f"it does not answer within {ask.seconds:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            says = f"it cannot be reached: {str(error) or type(error).__name__}"
        _asked.add((self._form, "away"))
        return None, says, None

    def _sent(self, ask: Ask) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream(
            "GET" if ask.body is None and ask.form is None else "POST",
            self._api.rstrip("/") + ask.path if ask.path else self._api,
            params=dict(ask.params) or None,  # an empty mapping would take those of the address away
            headers=dict(ask.headers),
            json=ask.body,
            data=ask.form,
            timeout=ask.seconds,
        )


def _limit(response: httpx.Response, now: datetime) -> tuple[int, timedelta | None]:
    """Return the status, 429 for a limit that another stands for, and the pause that is asked for.

    It is asked for by ``Retry-After``, or by a limit that is used up until a moment (in seconds since 1970).
    """
    limits = response.headers
    pause = asked_pause(limits.get("retry-after"), now)
    used_up = limits.get("x-ratelimit-remaining") == "0"
    if pause is None and used_up and (reset := limits.get("x-ratelimit-reset", "")[:12]).isdecimal():
        pause = max(timedelta(seconds=int(reset) - now.timestamp()), timedelta(0))
    limited = response.status_code == _FORBIDDEN and (used_up or pause is not None)
    return _TOO_MANY if limited else response.status_code, pause


async def _body(response: httpx.Response) -> bytes:
    """Return the body, of which no more is held than is allowed, packed or not; raises PlatformAwayError."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in {*_AS_IT_IS, _GZIP}:
        raise PlatformAwayError(f"it answers in a coding that was not asked for: {coding[:_LONGEST_CODING]!r}")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        _check_size(len(body))
    return bytes(body) if coding in _AS_IT_IS else _unpacked(body)


def _unpacked(body: bytearray) -> bytes:
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = gzip.decompress(body, _MAX_BYTES + 1)
    except zlib.error:
        raise PlatformAwayError("what it answers is no gzip, though it says so") from None
    _check_size(len(unpacked))
    if not gzip.eof:
        raise PlatformAwayError("what it answers ends in the middle of its gzip")
    return unpacked


def _check_size(size: int) -> None:
    if size > _MAX_BYTES:
        raise PlatformAwayError(f"it answers with more than {_MAX_BYTES:,} bytes")

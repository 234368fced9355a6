"""Ingest's HTTP interface as the administrator uses it from commands, imports and the demo."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import httpx
import msgspec

from infra.operator_error import OperatorError
from services.ingest.source_forms import SourceAdded, SourceList, SourceListed, SourceWanted
from shared.contracts.policy import Policy

_BATCH: Final = "application/cloudevents-batch+json"
_RETRIED: Final = frozenset((429, 502, 503, 504))
_MENDS: Final = {
    401: "Use the administrator's token of that system: WARMLINE_TOKEN, or the DATA it runs on.",
    404: "Check that the address is that of Warmline's ingest.",
}
_LONGEST_WAIT: Final = 5.0
_ANSWER_SECONDS: Final = 60.0
Form = TypeVar("Form")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one event of a batch."""

    id: str
    source: str
    fate: Literal["accepted", "duplicate", "refused"]
    field: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunImport:
    """An import that ingest keeps a ledger of; ``finished_parts`` need not be sent again.

    ``kept_since`` is from when on the care policy keeps history; None: all of it.
    """

    import_id: str
    finished_parts: tuple[str, ...] = ()
    kept_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fates:
    results: tuple[Fate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Community:
    community: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Communities:
    items: tuple[_Community, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adopted:
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    title: str = ""
    detail: str = ""
    field: str | None = None


class ConflictError(OperatorError):
    """What was asked for stands against something that is there already."""


class IngestClient:
    """Every call may be repeated, so each is, with growing pauses, while ingest is away: for ``patience`` seconds.

    Calls raise OperatorError when ingest stays away or refuses. ``on_wait`` hears why and for how many seconds.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        patience: float = 300,
        on_wait: Callable[[str, float], None] = lambda _why, _seconds: None,
    ) -> None:
        self._http = http
        self._patience = patience
        self._on_wait = on_wait

    async def post_events(self, events: Sequence[bytes], *, token: str | None = None) -> tuple[Fate, ...]:
        """Send ``events``, each a structured CloudEvent, in their order; return the fate of each, in the same order."""
        headers = {"content-type": _BATCH} | ({"authorization": f"Bearer {token}"} if token else {})
        answer = await self._call("POST", "/v1/events", _Fates, body=b"[" + b",".join(events) + b"]", headers=headers)
        if len(answer.results) != len(events):
            raise OperatorError(
                f"Ingest answered for {len(answer.results)} of {len(events)} events: it is no Warmline of this version."
            )
        return answer.results

    async def adopt(self, policy: Policy) -> str:
        """Put ``policy`` into force and return its version; raises ConflictError if another's stands against it."""
        return (await self._call("PUT", "/v1/policy", _Adopted, json=policy)).version

    async def communities(self) -> frozenset[str]:
        """Return the names of the communities that a policy names or accepted."""
        return frozenset(each.community for each in (await self._call("GET", "/v1/communities", _Communities)).items)

    async def replace_source(self, *, community: str, platform: str, name: str) -> SourceAdded:
        """Make the source anew, so that its token is known here; the events it brought stay."""
        path = f"/v1/sources/{platform}/{name}?community={community}"
        await self._call("DELETE", path, Any, accepted=(404,))
        return await self.add_source(SourceWanted(community=community, platform=platform, name=name))

    async def sources(self) -> Sequence[SourceListed]:
        """Return every source."""
        return (await self._call("GET", "/v1/sources", SourceList)).items

    async def add_source(self, wanted: SourceWanted) -> SourceAdded:
        """Add a source; raises ConflictError if there is one of the name."""
        return await self._call("POST", "/v1/sources", SourceAdded, json=wanted)

    async def change_source(
        self, method: str, source: SourceListed, act: str, form: type[Form], *, json: Any = None
    ) -> Form:
        """Do ``act`` to a source, such as ``/pause``; none is the source itself."""
        path = f"/v1/sources/{source.platform}/{source.name}{act}?community={source.community}"
        return await self._call(method, path, form, json=json)

    async def begin_import(self, *, community: str, platform: str, source_name: str) -> BegunImport:
        """Begin the import from that source, or go on with it."""
        body = {"community": community, "platform": platform, "source_name": source_name, "name": source_name}
        return await self._call("POST", "/v1/imports", BegunImport, json=body)

    async def finish_parts(self, import_id: str, parts: Sequence[str]) -> None:
        """Note in the ledger that everything in ``parts`` was accepted."""
        await self._call("POST", f"/v1/imports/{import_id}/parts", Any, json={"parts": parts})

    async def opt_out_of_tone(self, *, community: str, platform: str, member: str, opted_out: bool) -> None:
        """Say that a member wants nothing read for its tone, or takes that back."""
        body = {"community": community, "platform": platform, "member": member, "opted_out": opted_out}
        await self._call("POST", "/v1/tone-opt-outs", Any, json=body)

    async def end_import(self, import_id: str) -> None:
        """End the import: the deadlines of its community are looked at."""
        await self._call("POST", f"/v1/imports/{import_id}/end", Any)

    async def _call(
        self,
        method: str,
        path: str,
        form: type[Form],
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        accepted: Sequence[int] = (),
    ) -> Form:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience
        content = body if body is not None or json is None else msgspec.json.encode(json)
        sent = {"content-type": "application/json"} | (headers or {})
        pause = 0.2
        while True:
            try:
                response = await self._http.request(method, path, content=content, headers=sent)
                if response.status_code not in _RETRIED:
                    return self._answer(response, form, accepted)
                why, wait = _problem(response), _retry_after(response)
            except httpx.TransportError as error:
                why, wait = f"ingest does not answer at {self._http.base_url} ({type(error).__name__})", None
            if wait is None:
                wait = pause * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads the retries
            if loop.time() + wait > give_up:
                raise OperatorError(f"Gave up after {self._patience:g} s: {why}. Try again when it is back.")
            self._on_wait(why, wait)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_WAIT)

    def _answer(self, response: httpx.Response, form: type[Form], accepted: Sequence[int]) -> Form:
        if response.is_success or response.status_code in accepted:
            try:
                return msgspec.json.decode(response.content or b"null", type=form)
            except msgspec.DecodeError as error:
                raise OperatorError(
                    f"{response.url} gave an answer that this version does not know: {error}. "
                    "Use the same version of warmline as the running system."
                ) from error
        mend = _MENDS.get(response.status_code, "Nothing of this request was taken.")
        failure = ConflictError if response.status_code == 409 else OperatorError
        raise failure(f"{_problem(response)} ({response.status_code} at {response.url}). {mend}")


@asynccontextmanager
async def ingest_client(
    url: str,
    token: str,
    *,
    patience: float = 300,
    on_wait: Callable[[str, float], None] = lambda _why, _seconds: None,
) -> AsyncIterator[IngestClient]:
    """Open a client that speaks with ``token``, by default, to the ingest at ``url``."""
    headers = {"authorization": f"Bearer {token}"}
    # A proxy of the environment is for the world outside, not for one's own services.
    timeout = min(_ANSWER_SECONDS, patience)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout, trust_env=False) as http:
        yield IngestClient(http, patience=patience, on_wait=on_wait)


def _problem(response: httpx.Response) -> str:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    text = (problem.detail or problem.title or "ingest refused the request").rstrip(".")
    return f"{problem.field}: {text}" if problem.field and problem.field not in text else text


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    if not (value.isascii() and value.isdigit()):
        return None
    # A quota is known to pass no sooner; what is away may be back before it said.
    return float(value) if response.status_code == 429 else min(float(value), _LONGEST_WAIT)

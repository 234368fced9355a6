"""``POST /v1/events``: bare ASGI, for this is the path that every event takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from services.ingest.answers import EventAnswer, EventsAnswer
from services.ingest.envelope import EnvelopeError, read_envelope
from services.ingest.http_message import (
    Body,
    ClientGoneError,
    Headers,
    Receive,
    Scope,
    Send,
    answer,
    answer_problem,
)
from services.ingest.intake import REFUSED, Fates, Intake
from services.ingest.problem import ProblemError, problem_told, unauthorized
from services.ingest.refusal import Refusal
from services.ingest.sources import Sources
from shared.publisher import PubResult
from shared.telemetry.traces import request_trace

PATH: Final = "/v1/events"
_encoder: Final = msgspec.json.Encoder()


class EventsRoute:
    """Takes member events: authenticates, takes the envelope apart, validates, publishes, and answers for each."""

    def __init__(self, sources: Sources, intake: Intake) -> None:
        self._sources = sources
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: Headers = dict(scope["headers"])
        traceparent = headers.get(b"traceparent", b"").decode("latin-1")
        with request_trace(PATH, scope, traceparent) as trace:
            await self._answer(scope["method"], headers, Body(headers, receive), send, trace)

    async def _answer(self, method: str, headers: Headers, body: Body, send: Send, trace: str | None) -> None:
        try:
            if method == "OPTIONS":
                await _answer_handshake(headers, send)
                return
            await answer(send, 200, await self._take(method, headers, body, trace))
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 -- the sender gets an answer whatever happens here
            await answer_problem(send, body, problem_told(error, PATH, unforeseen="events_failed"))

    async def _take(self, method: str, headers: Headers, body: Body, trace: str | None) -> bytes:
        if method != "POST":
            raise ProblemError(405, "send events with POST", headers={"Allow": "POST, OPTIONS"})
        principal = await self._sources.principal_of(headers.get(b"authorization"))
        if principal is None:
            raise unauthorized()
        self._intake.admit(principal)
        content = await body.read()
        try:
            envelope = read_envelope(headers.items(), content)
        except EnvelopeError as error:
            raise ProblemError(error.status, error.detail, code="bad-envelope") from None
        fates = await self._intake.weigh(envelope.events, principal, trace)
        if envelope.single and isinstance(refusal := fates[0], Refusal):
            REFUSED.add((refusal.code,))
            detail = f"{refusal.field}: {refusal.reason}"
            status = 403 if refusal.forbidden else 422
            raise ProblemError(status, detail, field=refusal.field, code=refusal.code)
        return _encoder.encode(_answer_to(fates, await self._intake.keep(fates)))


def _answer_to(fates: Fates, results: Sequence[PubResult]) -> EventsAnswer:
    published = iter(results)
    answers = []
    for fate in fates:
        if isinstance(fate, Refusal):
            answers.append(
                EventAnswer(
                    id=fate.id,
                    source=fate.source,
                    fate="refused",
                    field=fate.field,
                    reason=fate.reason,
                    retry_after=fate.retry_after,
                )
            )
        else:
            kept: Literal["accepted", "duplicate"] = "duplicate" if next(published).duplicate else "accepted"
            answers.append(EventAnswer(id=fate.event.id, source=fate.event.source, fate=kept))
    count = Counter(answer.fate for answer in answers)
    return EventsAnswer(
        accepted=count["accepted"], duplicate=count["duplicate"], refused=count["refused"], results=tuple(answers)
    )


async def _answer_handshake(headers: Headers, send: Send) -> None:
    """Agree to deliveries, as the CloudEvents web hook specification asks; the token is asked for with each."""
    allowed: dict[str, Any] = {
        "Allow": "POST, OPTIONS",
        "WebHook-Allowed-Origin": headers.get(b"webhook-request-origin", b"*").decode("latin-1"),
        "WebHook-Allowed-Rate": "*",
    }
    await answer(send, 200, b"", headers=allowed)

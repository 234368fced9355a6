"""``POST /v1/events``: bare ASGI, for this is the path that every event takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
import structlog

from services.ingest.answers import EventAnswer, EventsAnswer
from services.ingest.communities import Communities
from services.ingest.community_map import CommunityMap
from services.ingest.envelope import Envelope, EnvelopeError, read_envelope
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
from services.ingest.message import message_of
from services.ingest.principal import Principal, SourcePrincipal
from services.ingest.problem import ProblemError, over_quota, problem_of, unauthorized, unavailable
from services.ingest.quotas import OverQuota, Quotas
from services.ingest.refusal import Refusal
from services.ingest.source_activity import SourceActivity
from services.ingest.sources import Sources
from services.ingest.validation import ValidEvent, validate
from shared.contracts.subjects import kind_of
from shared.crash_points import crash_point
from shared.publisher import DurablePublisher, PubResult
from shared.telemetry.metrics import Tally
from shared.telemetry.traces import request_trace

PATH: Final = "/v1/events"
_ADMISSIONS: Final = 3
_log = structlog.get_logger()
_encoder: Final = msgspec.json.Encoder()
_taken: Final = Tally(
    "warmline.events", "{event}", "Member events that were taken, by source and kind", ("source", "kind", "fate")
)
_refused_events: Final = Tally("warmline.events.refused", "{event}", "Member events that were refused", ("code",))


class EventsRoute:
    """Takes member events: authenticates, takes the envelope apart, validates, publishes, and answers for each."""

    def __init__(
        self,
        sources: Sources,
        communities: Communities,
        quotas: Quotas,
        publisher: DurablePublisher,
        *,
        activity: SourceActivity,
        partitions: int,
    ) -> None:
        self._sources = sources
        self._communities = communities
        self._quotas = quotas
        self._publisher = publisher
        self._activity = activity
        self._partitions = partitions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: Headers = dict(scope["headers"])
        body = Body(headers, receive)
        try:
            if scope["method"] == "OPTIONS":
                await _answer_handshake(headers, send)
                return
            traceparent = headers.get(b"traceparent", b"").decode("latin-1")
            with request_trace("POST /v1/events", traceparent) as trace:
                await answer(send, 200, await self._take(scope["method"], headers, body, trace))
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 -- the sender gets an answer whatever happens here
            problem = problem_of(error)
            if problem is None:
                _log.exception("events_failed")
                problem = ProblemError(500, "something went wrong here: send the request again, or ask the operator")
            problem.log(PATH)
            await answer_problem(send, body, problem)

    async def _take(self, method: str, headers: Headers, body: Body, trace: str | None) -> bytes:
        if method != "POST":
            raise ProblemError(405, "send events with POST", headers={"Allow": "POST, OPTIONS"})
        principal = await self._sources.principal_of(headers.get(b"authorization"))
        if principal is None:
            raise unauthorized()
        if isinstance(principal, SourcePrincipal) and (over := self._quotas.over(principal.community)):
            raise over_quota(over)  # before its body costs anything
        content = await body.read()
        try:
            envelope = read_envelope(headers.items(), content)
        except EnvelopeError as error:
            raise ProblemError(error.status, error.detail, code="bad-envelope") from None
        fates = self._within_quotas(await self._validated(envelope, principal, trace))
        if envelope.single and isinstance(refusal := fates[0], Refusal):
            _refused_events.add((refusal.code,))
            detail = f"{refusal.field}: {refusal.reason}"
            status = 403 if refusal.forbidden else 422
            raise ProblemError(status, detail, field=refusal.field, code=refusal.code)
        _log_refusals(fates)
        valid = [fate for fate in fates if isinstance(fate, ValidEvent)]
        results = await self._publisher.publish([message_of(fate.event, fate.body, self._partitions) for fate in valid])
        self._note(valid, results)
        crash_point("ingest.before-answer")
        return _encoder.encode(_answer_to(fates, results))

    def _note(self, valid: Sequence[ValidEvent], results: Sequence[PubResult]) -> None:
        taken: Counter[tuple[str, str, str]] = Counter()
        events: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for fate, result in zip(valid, results, strict=True):
            event = fate.event
            taken[event.source, event.type, "duplicate" if result.duplicate else "accepted"] += 1
            if not result.duplicate:
                events[event.community] += 1
                sizes[event.community] += len(fate.body)
        for (source, event_type, kept), count in taken.items():
            _taken.add((source, kind_of(event_type), kept), count)
        for community, count in events.items():
            self._quotas.stored(community, count, sizes[community])
        for community, source in {(fate.event.community, fate.event.source) for fate in valid}:
            self._activity.heard(community, source)

    async def _validated(
        self, envelope: Envelope, principal: Principal, trace: str | None
    ) -> Sequence[ValidEvent | Refusal]:
        """Validate, and see to it that each community in question has been told of its policy."""
        now = datetime.now(UTC)

        def fates_by(communities: CommunityMap) -> Sequence[ValidEvent | Refusal]:
            return [
                raw if isinstance(raw, Refusal) else validate(raw, principal, communities, now, trace)
                for raw in envelope.events
            ]

        communities = await self._communities.known()
        fates = fates_by(communities)
        if any(isinstance(fate, Refusal) and fate.code == "unknown-community" for fate in fates):
            communities = await self._communities.known_now()  # a sender does not repeat what is refused
            fates = fates_by(communities)
        for _ in range(_ADMISSIONS):
            used = {fate.event.community for fate in fates if isinstance(fate, ValidEvent)}
            new = {community for community in used if not communities.is_announced(community)}
            if not new:
                return fates
            communities = await self._communities.admit(new)
            fates = fates_by(communities)
        raise unavailable("the care policy is changing at this moment: send the request again")

    def _within_quotas(self, fates: Sequence[ValidEvent | Refusal]) -> Sequence[ValidEvent | Refusal]:
        """Refuse the events of communities over a quota; raises ProblemError when that leaves none to take."""
        counts = Counter(fate.event.community for fate in fates if isinstance(fate, ValidEvent))
        over = {community: found for community in counts if (found := self._quotas.over(community))}
        if over and len(over) == len(counts):
            raise over_quota(max(over.values(), key=lambda one: one.retry_after))
        for community, events in counts.items():
            if community not in over:
                self._quotas.take(community, events)
        if not over:
            return fates
        return [
            _refused(fate, over.get(fate.event.community)) if isinstance(fate, ValidEvent) else fate for fate in fates
        ]


def _refused(valid: ValidEvent, over: OverQuota | None) -> ValidEvent | Refusal:
    if over is None:
        return valid
    return Refusal(
        id=valid.event.id,
        source=valid.event.source,
        field=None,
        reason=over.detail,
        code="over-quota",
        retry_after=over.retry_after,
    )


def _answer_to(fates: Sequence[ValidEvent | Refusal], results: Sequence[PubResult]) -> EventsAnswer:
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


def _log_refusals(fates: Sequence[ValidEvent | Refusal]) -> None:
    for code, count in Counter(fate.code for fate in fates if isinstance(fate, Refusal)).items():
        _refused_events.add((code,), count)
        _log.info("events_refused", code=code, count=count)


async def _answer_handshake(headers: Headers, send: Send) -> None:
    """Agree to deliveries, as the CloudEvents web hook specification asks; the token is asked for with each."""
    allowed: dict[str, Any] = {
        "Allow": "POST, OPTIONS",
        "WebHook-Allowed-Origin": headers.get(b"webhook-request-origin", b"*").decode("latin-1"),
        "WebHook-Allowed-Rate": "*",
    }
    await answer(send, 200, b"", headers=allowed)

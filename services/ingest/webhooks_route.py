"""``POST /v1/hooks/<community>/<platform>/<source>``: bare ASGI, where platforms send what happens on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from services.ingest.hook_formats import FORMATS, Format
from services.ingest.hook_troubles import HookTroubles
from services.ingest.hooks import Hook, Hooks
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
from services.ingest.intake import Intake
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.reading import Delivery, NotUnderstoodError, Partly, Passed, Reading, Reply
from services.ingest.problem import ProblemError, problem_told
from services.ingest.refusal import Refusal
from services.ingest.signatures.signed import Signed
from services.ingest.webhook_reading import reading_of, tried
from shared.telemetry.metrics import Tally
from shared.telemetry.traces import request_trace

PREFIX: Final = "/v1/hooks/"
ROUTE_NAME: Final = "/v1/hooks/{community}/{platform}/{name}"
TEST_HEADER: Final = "warmline-test"
"""Asks, in a request that is signed like any other, what it would come to; nothing of it is kept."""

_UNVERIFIED: Final = 401
_PATH: Final = re.compile(rf"{PREFIX}([a-z0-9-]{{1,40}})/([a-z0-9-]{{1,40}})/([a-z0-9-]{{1,40}})")
_log = structlog.get_logger()
_encoder: Final = msgspec.json.Encoder()
_came: Final = Tally("warmline.webhooks", "{request}", "Webhooks by source and what came of them", ("source", "fate"))


class WebhooksRoute:
    """Takes webhooks: verifies the raw bytes, reads them, publishes, and answers so that the platform stays silent.

    A verified request that is not understood is noted for the operator and answered like any other: platforms shut off
    a webhook that fails, and the next event may be understood.
    """

    def __init__(self, hooks: Hooks, troubles: HookTroubles, intake: Intake) -> None:
        self._hooks = hooks
        self._troubles = troubles
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers: Headers = dict(scope["headers"])
        traceparent = headers.get(b"traceparent", b"").decode("latin-1")
        with request_trace(ROUTE_NAME, scope, traceparent) as trace:
            await self._answer(scope, headers, Body(headers, receive), send, trace)

    async def _answer(self, scope: Scope, headers: Headers, body: Body, send: Send, trace: str | None) -> None:
        hook: Hook | None = None
        try:
            hook = await self._hook(scope)
            reply = await self._take(hook, headers, await body.read(), trace)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 -- the platform gets an answer whatever happens here
            problem = problem_told(error, ROUTE_NAME, unforeseen="webhook_failed")
            if hook is None or not FORMATS[hook.format].silent:
                await answer_problem(send, body, problem)
                return
            if problem.status != _UNVERIFIED:  # which is counted already
                self._note(hook, f"not taken, and the platform was not told: {problem.detail}")
            await body.drop()
            reply = FORMATS[hook.format].taken
        await answer(send, reply.status, reply.body, content_type=reply.content_type)

    async def _hook(self, scope: Scope) -> Hook:
        if scope["method"] != "POST":
            raise ProblemError(405, "send webhooks with POST", headers={"Allow": "POST"})
        match = _PATH.fullmatch(scope["path"])
        hook = await self._hooks.of((match[1], match[2], match[3])) if match else None
        if hook is None:
            raise _unverified()
        return hook

    async def _take(self, hook: Hook, headers: Headers, body: bytes, trace: str | None) -> Reply:
        form = FORMATS[hook.format]
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        now = datetime.now(UTC)
        if not is_verified(form, hook.secrets, Signed(headers=named, body=body, now=now)):
            _came.add((hook.principal.source, "unverified"))
            self._troubles.unverified(hook.key)
            raise _unverified()
        reading = await reading_of(hook, form, Delivery(headers=named, body=body, arrived=now))
        if TEST_HEADER in named:
            return await self._tried(hook, reading)
        self._intake.refuse_paused(hook.principal)
        match reading:
            case tuple():
                await self._keep(hook, reading, trace)
            case Reply():
                _came.add((hook.principal.source, "answered"))
                return reading
            case Passed(why=why):
                _came.add((hook.principal.source, why))
            case NotUnderstoodError():
                self._note(hook, str(reading))
            case Partly():
                await self._keep(hook, reading.facts, trace, reading.problems)
        return form.taken

    async def _tried(self, hook: Hook, reading: Reading | NotUnderstoodError) -> Reply:
        """Tell what the request would come to."""
        came = tried(reading)
        try:
            self._intake.admit(hook.principal)
        except ProblemError as problem:
            came = replace(came, not_taken=str(problem))
        facts = reading.facts if isinstance(reading, Partly) else reading if isinstance(reading, tuple) else ()
        refused = [f"{one.field}: {one.reason}" for one in await self._intake.refusals(facts, hook.principal)]
        body = _encoder.encode(replace(came, refused=refused))
        return Reply(status=200, body=body, content_type="application/json")

    async def _keep(self, hook: Hook, facts: Sequence[Fact], trace: str | None, problems: Sequence[str] = ()) -> None:
        """Keep ``facts``, and only then note what is wrong beside them: what is sent again would be noted twice."""
        fates = await self._intake.weigh_facts(facts, hook.principal, trace)
        await self._intake.keep(fates)
        refused = [f"{fate.field}: {fate.reason}" for fate in fates if isinstance(fate, Refusal)]
        if not refused and not problems:
            _came.add((hook.principal.source, "taken"))
        for why in (*problems, *refused):
            self._note(hook, why)

    def _note(self, hook: Hook, why: str) -> None:
        _came.add((hook.principal.source, "not-understood"))
        _log.warning(
            "webhook_not_understood", community=hook.principal.community, source=hook.principal.source, why=why
        )
        self._troubles.not_understood(hook.key, why)


def is_verified(form: Format, secrets: Sequence[str], signed: Signed) -> bool:
    """Tell whether one of ``secrets`` signed the request: what fails to be verified is not."""
    for secret in secrets:
        try:
            if form.scheme.verify(signed, secret):
                return True
        except Exception:  # noqa: BLE001, S112 -- what cannot be verified is not
            continue
    return False


def _unverified() -> ProblemError:
    return ProblemError(
        _UNVERIFIED,
        "this is no webhook that is known, or it is not signed with its secret: compare both",
        code="unverified",
    )

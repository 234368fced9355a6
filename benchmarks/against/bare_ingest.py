"""The bare ASGI application: a token compared, an event or an array decoded, published durably, and answered.

So it does with GitHub's webhooks, whose signature it checks.

It checks nothing that an event says, keeps no quotas and knows no policies. Run as
``python -m benchmarks.against.bare_ingest`` it listens on WARMLINE_INGEST_PORT until it is stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import nats
import uvicorn
import uvloop

from shared.publisher import DurablePublisher, Outgoing

STREAM: Final = "BARE"
SIGNATURE: Final = "x-hub-signature-256"
_SIGNATURE: Final = SIGNATURE.encode()


@dataclass(frozen=True, slots=True)
class _Said:
    community: str
    platform: str


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    source: str
    type: str
    time: str
    data: _Said


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    created_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class _Webhook:
    comment: _Comment


@dataclass(frozen=True, slots=True)
class _Kept:
    """One event of an array with its bytes, which are stored as they came."""

    event: _Event
    body: bytes


_single: Final = msgspec.json.Decoder(_Event)
_webhook: Final = msgspec.json.Decoder(_Webhook)
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])


class BareIngest:
    """The application over one publisher."""

    def __init__(self, publisher: DurablePublisher, token: str) -> None:
        self._publisher = publisher
        self._authorization = f"Bearer {token}".encode()
        self._secret = token.encode()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Take one request."""
        body, more = b"", True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        headers = dict(scope["headers"])
        if _SIGNATURE in headers:
            authorized, outgoing = self._signed(headers, body)
        else:
            authorized, outgoing = self._with_token(headers, body)
        results = await self._publisher.publish(outgoing)
        answer = msgspec.json.encode({"accepted": sum(not one.duplicate for one in results)})
        told = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200 if authorized else 401, "headers": told})
        await send({"type": "http.response.body", "body": answer})

    def _with_token(self, headers: Mapping[bytes, bytes], body: bytes) -> tuple[bool, list[Outgoing]]:
        authorized = hmac.compare_digest(headers.get(b"authorization", b""), self._authorization)
        raws = [bytes(raw) for raw in _array.decode(body)] if body.startswith(b"[") else [body]
        return authorized, [_outgoing(_Kept(_single.decode(raw), raw)) for raw in raws] if authorized else []

    def _signed(self, headers: Mapping[bytes, bytes], body: bytes) -> tuple[bool, list[Outgoing]]:
        expected = f"sha256={hmac.digest(self._secret, body, hashlib.sha256).hex()}"
        authorized = hmac.compare_digest(headers[_SIGNATURE], expected.encode())
        if not authorized:
            return False, []
        comment = _webhook.decode(body).comment
        return True, [Outgoing(subject="bare.github", headers={}, body=body, msg_id=f"comment/{comment.id}")]


def _outgoing(kept: _Kept) -> Outgoing:
    event = kept.event
    subject = f"bare.{event.data.community}.{event.data.platform}"
    return Outgoing(subject=subject, headers={}, body=kept.body, msg_id=f"{event.data.community}/{event.id}")


async def serve() -> None:
    """Listen until stopped."""
    client = await nats.connect(os.environ["WARMLINE_NATS_URL"])
    application = BareIngest(DurablePublisher(client, STREAM), os.environ["WARMLINE_TOKEN"])
    port = int(os.environ["WARMLINE_INGEST_PORT"])
    config = uvicorn.Config(application, port=port, lifespan="off", log_config=None, access_log=False, http="httptools")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())

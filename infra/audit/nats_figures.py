"""What the NATS servers count of Warmline's account, asked for on NATS itself: no server needs a port for it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg

from infra.looking.streams import TIMEOUT_SECONDS

_EVERY_SERVER: Final = "$SYS.REQ.ACCOUNT.PING.STATZ"
"""Each server of a cluster answers with what it has of the account of whoever asks."""
_ANSWERS_SECONDS: Final = 0.25
_MOST_SERVERS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsServer:
    """One server; what it counts began with its start, and is of the account: ``received`` from clients."""

    name: str
    connections: int
    subscriptions: int
    slow_consumers: int
    received_messages: int
    received_bytes: int
    sent_messages: int
    sent_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsFigures:
    """The servers that answered, and JetStream as the account sees it."""

    servers: tuple[NatsServer, ...]
    stored_bytes: int
    consumers: int
    requests: int
    errors: int
    answer_seconds: float


async def nats_figures(client: Client) -> NatsFigures:
    """Return what the servers say; raises nats.errors.Error when JetStream does not answer."""
    began = time.perf_counter()
    account = json.loads((await client.request("$JS.API.INFO", b"", timeout=TIMEOUT_SECONDS)).data)
    took = time.perf_counter() - began
    return NatsFigures(
        servers=tuple(sorted(await _servers(client), key=lambda one: one.name)[:_MOST_SERVERS]),
        stored_bytes=account.get("storage", 0),
        consumers=account.get("consumers", 0),
        requests=account.get("api", {}).get("total", 0),
        errors=account.get("api", {}).get("errors", 0),
        answer_seconds=took,
    )


async def _servers(client: Client) -> list[NatsServer]:
    answers: list[bytes] = []

    async def take(message: Msg) -> None:
        answers.append(message.data)

    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=take)
    try:
        await client.publish(_EVERY_SERVER, b'{"include_unused": true}', reply=inbox)
        await asyncio.sleep(_ANSWERS_SECONDS)  # nobody says how many servers there are
    finally:
        await subscription.unsubscribe()
    return [server for body in answers for server in _told(json.loads(body))]


def _told(answer: dict[str, Any]) -> list[NatsServer]:
    return [
        NatsServer(
            name=answer["server"]["name"],
            connections=account["conns"],
            subscriptions=account["num_subscriptions"],
            slow_consumers=account["slow_consumers"],
            received_messages=account["received"]["msgs"],
            received_bytes=account["received"]["bytes"],
            sent_messages=account["sent"]["msgs"],
            sent_bytes=account["sent"]["bytes"],
        )
        for account in answer.get("data", {}).get("account_statz") or ()
    ]

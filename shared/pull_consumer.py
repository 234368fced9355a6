"""A consumer on the server that is one reader's alone: it keeps nothing and acknowledges nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

HEARTBEAT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 2.0
"""While a cluster has no leader, a question is never answered: better to ask again."""
_EXPIRES_SECONDS: Final = 30.0
_INACTIVE_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSeen:
    """How many messages wait on the server, how many it has delivered, and the moment of its clock when it said so."""

    pending: int
    delivered: int
    moment: datetime


async def create(client: Client, stream: str, subjects: Sequence[str], after: int) -> str:
    """Return the name of a new consumer of what the stream holds ``after`` that sequence; raises nats.errors.Error."""
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=after + 1,
        filter_subjects=list(subjects),
        inactive_threshold=_INACTIVE_SECONDS,
        mem_storage=True,
        num_replicas=1,
    )
    return (await client.jetstream(timeout=ANSWER_SECONDS).add_consumer(stream, config)).name


async def pull(client: Client, stream: str, name: str, most: int, inbox: str) -> None:
    """Ask for the next messages, ``most`` of them, to be delivered to ``inbox``; raises nats.errors.Error."""
    request = {
        "batch": most,
        "expires": int(_EXPIRES_SECONDS * 1e9),
        "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
    }
    await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", json.dumps(request).encode(), reply=inbox)


async def look_at(client: Client, stream: str, name: str) -> ConsumerSeen | None:
    """Return how far the consumer is; None where the server does not say."""
    try:
        subject = f"$JS.API.CONSUMER.INFO.{stream}.{name}"
        answer = json.loads((await client.request(subject, b"", timeout=ANSWER_SECONDS)).data)
    except nats.errors.Error:
        return None
    if "error" in answer:
        return None
    # By count: of a consumer that was delivered nothing, the server names a sequence that others' messages have.
    delivered = answer["delivered"]["consumer_seq"]
    return ConsumerSeen(pending=answer["num_pending"], delivered=delivered, moment=datetime.fromisoformat(answer["ts"]))


async def delete(client: Client, stream: str, name: str) -> None:
    """Remove the consumer from the server; raises nats.errors.Error and TimeoutError."""
    await client.request(f"$JS.API.CONSUMER.DELETE.{stream}.{name}", b"", timeout=_CLOSE_SECONDS)

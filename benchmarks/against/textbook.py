"""The textbook way: FastStream hands over one event, one aggregate takes it, one transaction keeps it, one ack.

Run as ``python -m benchmarks.against.textbook`` it reads MEMBER_EVENTS until it is stopped.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from faststream import AckPolicy, FastStream
from faststream.nats import JStream, NatsBroker
from nats.js.api import ConsumerConfig

DURABLE: Final = "textbook"


@dataclass(frozen=True, slots=True)
class Who:
    """The member in an event."""

    id: str


@dataclass(frozen=True, slots=True)
class Data:
    """What an event says."""

    member: Who
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One member event, as far as it is of use here."""

    id: str
    type: str
    community: str
    time: datetime
    data: Data


class Member(Aggregate):
    """Remembers when the member was last seen, and how often."""

    def __init__(self, key: UUID) -> None:
        self.key = key
        self.seen = 0
        self.last = ""

    @staticmethod
    def create_id(key: UUID) -> UUID:
        """Let an identity have one stream."""
        return key

    @event("Noted")
    def note(self, kind: str, at: str) -> None:
        """Count one event of the member."""
        self.seen += 1
        self.last = f"{kind} {at}"


class Members(Application[UUID]):
    """Keeps members."""

    def take(self, key: UUID, kind: str, at: datetime) -> None:
        """Let the member note an event, and save that."""
        try:
            member: Member = self.repository.get(key)
        except AggregateNotFoundError:
            member = Member(key)
        member.note(kind, at.isoformat())
        self.save(member)


def settings(postgres_url: str) -> dict[str, str]:
    """Return what eventsourcing is told to use the database."""
    parts = urlsplit(postgres_url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.strip("/"),
        "POSTGRES_HOST": parts.hostname or "",
        "POSTGRES_PORT": str(parts.port or 5432),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "",
    }


def application() -> FastStream:
    """Return the application, wired."""
    members = Members(env=settings(os.environ["WARMLINE_POSTGRES_URL"]))
    broker = NatsBroker(os.environ["WARMLINE_NATS_URL"], logger=None)
    decoder = msgspec.json.Decoder(Event)

    @broker.subscriber(
        "p.*.member.*.discord.>",
        stream=JStream("MEMBER_EVENTS", declare=False),
        durable=DURABLE,
        pull_sub=True,
        config=ConsumerConfig(ack_wait=60),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    def on_event(body: bytes) -> None:
        told = decoder.decode(body)
        members.take(uuid5(NAMESPACE_URL, f"{told.community}/{told.data.member.id}"), told.type, told.time)

    return FastStream(broker)


if __name__ == "__main__":
    asyncio.run(application().run())

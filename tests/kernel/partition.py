"""A partition with the counter as its service: publish to it, run it, and read its log."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from nats.aio.client import Client

from shared.contracts.cloudevents import MemberEvent
from shared.event_store.store import PartitionStore
from shared.partition.inlet import NatsInlet
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input
from shared.publisher import DurablePublisher, Outgoing
from tests.kernel.counter import Counted, CounterService, outgoing
from tests.kernel.kernel_tables import own, rows
from tests.waiting import until_async

INPUTS = (Input(stream="MEMBER_EVENTS", subjects=("p.0.member.>",)),)


class Partition:
    def __init__(self, client: Client, store: PartitionStore, url: str) -> None:
        self.client, self.store, self.url = client, store, url
        self._published = 0

    def runner(self, service: CounterService | None = None) -> PartitionRunner:
        lease = own(self.url)
        inlet = NatsInlet(self.client)
        run = service or CounterService()
        return PartitionRunner(inlet, self.store, lease, run, INPUTS, after_commit=lambda _head: None)

    async def publish(self, *messages: MemberEvent | Outgoing) -> None:
        """Publish, each message under an id of its own: the stream's window absorbs nothing."""
        sent = []
        for message in messages:
            self._published += 1
            one = outgoing(message) if isinstance(message, MemberEvent) else message
            sent.append(replace(one, msg_id=f"{self._published}"))
        await DurablePublisher(self.client, "MEMBER_EVENTS").publish(sent)

    def log(self) -> list[tuple[str, Any]]:
        found = self.store.recorder.select_notifications(0, 100_000, inclusive_of_start=False)
        recorded = [self.store.codec.to_domain_event(one) for one in found]
        return [(one.originator_id.rpartition(":")[2], one.event) for one in recorded]

    def counted(self) -> list[str]:
        return [event.by for _, event in self.log() if isinstance(event, Counted)]

    def position(self) -> int:
        query = "SELECT max(notification_id) FROM service.p0_tracking WHERE application_name LIKE 'MEMBER_EVENTS@%'"
        return int(rows(self.url, query)[0][0] or 0)

    async def folded(self, position: int) -> None:
        await until_async(lambda: self.position() >= position)

"""One of three NATS servers is killed, then all three, while senders post. Chaos does it again and again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from infra.ports import claim_internal
from infra.provision import provision
from infra.stream_reading import read_stream
from shared.contracts.cloudevents import decode_member_event
from shared.contracts.subjects import MEMBER_EVENTS
from shared.stream_identity import last_sequence
from shared.topology import GIB, StreamSettings
from tests import servers
from tests.failures.lone_ingest import BATCH
from tests.ingest.ingest_world import TOKEN, Ingest, policy, posted
from tests.waiting import until_async

SENDERS = ("a", "b", "c")
COMMUNITY = "harbour"


class Posting:
    """Senders that post, and post the same again until it is accepted; what was accepted, and how ingest refused."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.accepted: list[str] = []
        self.refusals = 0
        self.done = asyncio.Event()

    async def send(self, sender: str) -> None:
        for number in itertools.count():
            if self.done.is_set():
                return
            # Every other post is an array that goes in as one atomic batch.
            ids = [f"{sender}:{number:05}:{place:02}" for place in range(20 if number % 2 else 1)]
            await self._until_accepted([posted(event_id, COMMUNITY) for event_id in ids])
            self.accepted += ids

    async def _until_accepted(self, events: list[dict[str, object]]) -> None:
        while True:
            answer = await self._client.post("/v1/events", json=events, headers={"content-type": BATCH})
            if answer.status_code == 200:
                assert answer.json()["refused"] == 0, answer.text
                return
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True), answer.text
            self.refusals += 1

    async def goes_on(self) -> None:
        """Return when more was accepted than at the call."""
        before = len(self.accepted)
        await until_async(lambda: len(self.accepted) >= before + 50, seconds=60)

    async def is_refused(self) -> None:
        """Return when a sender was told to come again."""
        before = self.refusals
        await until_async(lambda: self.refusals > before, seconds=60)


@asynccontextmanager
async def posting(cluster: servers.NatsCluster, postgres_url: str) -> AsyncIterator[Posting]:
    """Post through a real ingest over ``cluster``."""
    settings = StreamSettings(max_bytes=GIB, replicas=3)
    await provision(cluster.url, postgres_url, 4, settings)
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as folder:
        claim = claim_internal(None)
        log = Path(folder) / "ingest.log"
        urls = ",".join(node.url_of("ingest") for node in cluster.nodes)
        ingest = Ingest(urls, postgres_url, claim.port, log, stream_replicas="3")
        try:
            await ingest.start()
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(base_url=ingest.url, headers=headers, trust_env=False, timeout=40) as client:
                assert (await client.put("/v1/policy", json=policy("acme", COMMUNITY))).status_code == 200
                senders = Posting(client)
                async with asyncio.TaskGroup() as group:
                    for sender in SENDERS:
                        group.create_task(senders.send(sender))
                    yield senders
                    senders.done.set()
        finally:
            await ingest.kill()
            claim.release()


async def test_nothing_is_lost_or_doubled_and_senders_are_told_to_come_again(database_url: str) -> None:
    with servers.data_folder() as data:
        async with servers.running_nats_cluster(data) as cluster, servers.nats_client(cluster.url) as client:
            async with posting(cluster, database_url) as senders:
                await senders.goes_on()
                leader = await servers.leader_of(client, MEMBER_EVENTS)
                await cluster.kill(leader)
                await senders.goes_on()
                await cluster.kill(*{0, 1, 2} - {leader})
                await senders.is_refused()
                await cluster.revive(0, 1, 2)
                await senders.goes_on()
            stored = await everything(client)
    assert senders.refusals > 0
    assert sorted(stored) == sorted(senders.accepted)
    for sender in SENDERS:
        own = [event_id for event_id in stored if event_id.startswith(f"{sender}:")]
        assert own == sorted(own)


async def everything(client: servers.Client) -> list[str]:
    """The ids of the posts in the stream, in its order."""
    subject = f"p.*.member.{COMMUNITY}.discord.posted"
    end = await servers.once_answered(lambda: last_sequence(client, MEMBER_EVENTS, subject))
    ids: list[str] = []
    async with contextlib.aclosing(read_stream(client, MEMBER_EVENTS, [subject], after=0, until=end)) as batches:
        async for batch in batches:
            ids += [decode_member_event(message.body).id for message in batch]
    return ids

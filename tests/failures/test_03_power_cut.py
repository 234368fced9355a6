"""NATS loses its power in the middle of publishing: what was acknowledged is there afterwards, once."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from nats.aio.client import Client

from infra.embedded.nats import NatsServer
from infra.ports import claim_internal
from shared.contracts.subjects import MEMBER_EVENTS
from shared.publisher import DurablePublisher, Outgoing, PublishUnavailableError
from tests.chaos.power import StoreImage
from tests.servers import data_folder, fresh_streams, nats_client
from tests.waiting import until_async

SUBJECT = "p.0.member.acme.discord.posted"


class Sending:
    """Publishes until it is ended, in batches of all sizes, and remembers what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self.acknowledged: set[str] = set()
        self._publisher = DurablePublisher(client, MEMBER_EVENTS, patience=30)

    async def run(self, name: str, size: int) -> None:
        number = 0
        while True:
            ids = [f"{name}-{number + index}" for index in range(size)]
            number += size
            try:
                await self._publisher.publish(
                    [Outgoing(subject=SUBJECT, headers={}, body=one.encode() * 40, msg_id=one) for one in ids]
                )
            except PublishUnavailableError:
                continue
            self.acknowledged |= set(ids)


async def stored(client: Client) -> list[str]:
    info = await client.jetstream().stream_info(MEMBER_EVENTS)
    found = []
    for seq in range(info.state.first_seq, info.state.last_seq + 1):
        message = await client.jetstream().get_msg(MEMBER_EVENTS, seq)
        found.append((message.headers or {})["Nats-Msg-Id"])
    return found


@pytest.mark.ops("root")
async def test_what_was_acknowledged_survives_three_power_cuts() -> None:
    with data_folder() as data:
        image, claim = StoreImage(data / "nats", megabytes=256), claim_internal(None)
        server = NatsServer(data, claim.port, max_file_store="8GB")
        image.make()
        try:
            await server.start()
            async with nats_client(server.url) as client:
                await fresh_streams(client)
                sending = Sending(client)
                tasks = [asyncio.create_task(sending.run(f"by-{size}", size)) for size in (1, 7, 40)]
                for cut in (1, 2, 3):
                    await until_async(lambda more=300 * cut: len(sending.acknowledged) >= more)
                    await lose_power(server, image)
                    await server.start()
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                found = await stored(client)
            assert len(found) == len(set(found))
            assert sending.acknowledged <= set(found)
        finally:
            await server.stop()
            image.remove()
            claim.release()


async def lose_power(server: NatsServer, image: StoreImage) -> None:
    assert server.pid is not None
    image.cut()
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()
    await asyncio.to_thread(image.unmount)
    image.mount()


@pytest.mark.ops("root")
def test_what_was_not_fsynced_is_lost(tmp_path: Path) -> None:
    """The cut is one: without this, the test above would show nothing."""
    image = StoreImage(tmp_path / "store", megabytes=16)
    image.make()
    try:
        synced, written = tmp_path / "store/synced", tmp_path / "store/written"
        synced.write_text("here")
        with synced.open() as file:
            os.fsync(file.fileno())
        written.write_text("gone")
        image.cut()
        image.unmount()
        image.mount()
        assert synced.read_text() == "here"
        assert not written.exists()
    finally:
        image.remove()

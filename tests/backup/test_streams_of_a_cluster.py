"""A snapshot of one server stands up on three, and one of three on one: sequences, times and headers as they were."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from nats.aio.client import Client

from infra.backup.kept_files import KeptFileWriter
from infra.backup.replicas import wait_for_replicas
from infra.backup.streams import ask, load_stream, save_stream
from infra.embedded.nats import SELDOM
from infra.stream_provisioning import provision_streams
from shared.contracts.subjects import TOUCHES
from shared.publisher import DurablePublisher, Outgoing
from shared.stream_identity import look_at, reader_in, with_new_identity
from shared.topology import GIB, StreamSettings
from tests import servers
from tests.backup.silent_progress import Silent

MESSAGES = 15_000


async def fill(client: Client) -> None:
    publisher = DurablePublisher(client, TOUCHES)
    for first in range(0, MESSAGES, 1000):
        await publisher.publish(
            [
                Outgoing(
                    subject=f"needs-touch.c.s.r{number % 3}",
                    headers={"ce-position": str(number)},
                    body=b"x" * 200,
                    msg_id=str(number),
                )
                for number in range(first, first + 1000)
            ]
        )
    await client.jetstream().delete_msg(TOUCHES, 7)


async def holds(client: Client) -> list[object]:
    js = client.jetstream()
    state = (await ask(client, f"STREAM.INFO.{TOUCHES}"))["state"]
    ends = [await js.get_msg(TOUCHES, seq) for seq in (1, MESSAGES)]
    places = [state[name] for name in ("messages", "first_seq", "last_seq", "num_deleted")]
    return [*places, *[(one.subject, one.time, one.data, json.dumps(one.headers)) for one in ends]]


async def move(source: Client, target: Client, file: Path, replicas: int) -> int:
    with KeptFileWriter(file.parent, file.name) as kept:
        await save_stream(source, TOUCHES, kept, lambda _bytes: None)
    config = (await ask(source, f"STREAM.INFO.{TOUCHES}"))["config"] | {"num_replicas": replicas}
    await ask(target, f"STREAM.DELETE.{TOUCHES}")
    info = await load_stream(target, TOUCHES, with_new_identity(config), file, lambda _bytes: None)
    assert reader_in(info) != (await look_at(source, TOUCHES)).reader
    await wait_for_replicas(target, TOUCHES, info["state"]["messages"], replicas, Silent())
    replicas_now: int = (await ask(target, f"STREAM.INFO.{TOUCHES}"))["config"]["num_replicas"]
    return replicas_now


async def stays_the_same(client: Client, cluster: servers.NatsCluster) -> None:
    """Every server takes its turn as the leader, then the stream is changed: it is the same stream, and whole."""
    seen = await look_at(client, TOUCHES)
    was = await holds(client)
    for node in cluster.nodes:
        async with asyncio.timeout(60):
            while cluster.nodes[await servers.leader_of(client, TOUCHES)] is not node:
                await ask(client, f"STREAM.LEADER.STEPDOWN.{TOUCHES}", {"placement": {"preferred": node.name}})
        assert (await look_at(client, TOUCHES), await holds(client)) == (seen, was)
    settings = StreamSettings(max_bytes=2 * GIB, replicas=3)
    await provision_streams(client, settings, apply=True, report=print)
    await provision_streams(client, settings, apply=False, report=print)
    assert await look_at(client, TOUCHES) == seen


async def test_from_one_server_to_three_and_back(client: Client, tmp_path: Path) -> None:
    await fill(client)
    was = await holds(client)
    with servers.data_folder() as data, servers.data_folder() as home:
        async with (
            servers.running_nats_cluster(data, SELDOM) as cluster,
            servers.running_nats(home, SELDOM) as alone,
            servers.nats_client(cluster.url) as three,
            servers.nats_client(alone.url) as one,
        ):
            assert await move(client, three, tmp_path / "there", 3) == 3
            assert await holds(three) == was
            await stays_the_same(three, cluster)
            assert await move(three, one, tmp_path / "back", 1) == 1
            assert await holds(one) == was

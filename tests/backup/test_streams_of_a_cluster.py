"""A snapshot of one server stands up on three, and one of three on one: sequences, times and headers as they were."""

from __future__ import annotations

import json
from pathlib import Path

from nats.aio.client import Client

from infra.backup.kept_files import KeptFileWriter
from infra.backup.streams import ask, load_stream, save_stream
from shared.contracts.subjects import TOUCHES
from tests import servers

MESSAGES = 300


async def fill(client: Client) -> None:
    js = client.jetstream()
    for number in range(MESSAGES):
        headers = {"Nats-Msg-Id": str(number), "ce-position": str(number)}
        await js.publish(f"needs-touch.c.s.r{number % 3}", b"x" * 2000, headers=headers)
    await js.delete_msg(TOUCHES, 7)


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
    info = await load_stream(target, TOUCHES, config, file, lambda _bytes: None)
    assert info["created"] != (await ask(source, f"STREAM.INFO.{TOUCHES}"))["created"]
    replicas_now: int = (await ask(target, f"STREAM.INFO.{TOUCHES}"))["config"]["num_replicas"]
    return replicas_now


async def test_from_one_server_to_three_and_back(client: Client, tmp_path: Path) -> None:
    await fill(client)
    was = await holds(client)
    with servers.data_folder() as data:
        async with servers.running_nats_cluster(data) as cluster, servers.nats_client(cluster.url) as three:
            assert await move(client, three, tmp_path / "there", 3) == 3
            assert await holds(three) == was
            assert await move(three, client, tmp_path / "back", 1) == 1
            assert await holds(client) == was

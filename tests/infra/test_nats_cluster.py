"""Three embedded NATS servers that hold every stream together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nats
import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.embedded.nats import nodes_of
from infra.nats_readiness import wait_for_jetstream
from infra.operator_error import OperatorError
from shared.publisher import DurablePublisher, Outgoing
from tests import servers


def messages(name: str, count: int) -> list[Outgoing]:
    return [
        Outgoing(subject="needs-touch.acme.all.welcome", headers={}, body=b"{}", msg_id=f"{name}:{number}")
        for number in range(count)
    ]


async def test_with_one_server_of_three_away_publishing_goes_on_and_with_all_back_nothing_is_lost() -> None:
    with servers.data_folder() as data:
        async with servers.running_nats_cluster(data) as cluster, servers.nats_client(cluster.url) as client:
            await servers.fresh_streams(client, replicas=3)
            publisher = DurablePublisher(client, "TOUCHES")
            assert len(await publisher.publish(messages("first", 100))) == 100
            leader = int((await client.jetstream().stream_info("TOUCHES")).cluster.leader[-1]) - 1
            await cluster.kill(leader)
            assert len(await publisher.publish(messages("without the leader", 100))) == 100
            await cluster.revive(leader)
            await cluster.kill(0, 1, 2)
            await cluster.revive(0, 1, 2)
            await wait_for_jetstream(cluster.url)
            assert (await client.jetstream().stream_info("TOUCHES")).state.messages == 200
            assert nodes_of(data) == 3


async def test_a_node_asks_for_its_password(data: Path) -> None:
    async with servers.running_nats_cluster(data) as cluster:
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await nats.connect(cluster.nodes[0].url.replace("@", "x@"), allow_reconnect=False)


async def test_without_a_majority_it_is_said_what_is_not_ready(data: Path) -> None:
    async with servers.running_nats_cluster(data) as cluster:
        await cluster.kill(0, 1, 2)
        await cluster.revive(2)
        with pytest.raises(OperatorError, match=r"JetStream was not ready after 0 s: JetStream (does not )?answer"):
            await wait_for_jetstream(cluster.nodes[2].url, seconds=0.1)


def test_the_number_of_servers_stays(data: Path) -> None:
    async def first_run() -> None:
        async with servers.running_nats(data):
            pass

    asyncio.run(first_run())
    refused = CliRunner().invoke(app, ["up", "--data", str(data), "--nats-nodes", "3"])
    assert refused.exit_code == 1
    assert f"The streams of {data} were made with 1 NATS server, and 3 were asked for" in refused.stderr


def test_two_servers_are_refused(data: Path) -> None:
    refused = CliRunner().invoke(app, ["up", "--data", str(data)], env={"NATS_NODES": "2"})
    assert (refused.exit_code, "Two NATS servers are worse than one" in refused.stderr) == (1, True)


def test_a_size_that_cannot_be_read_is_refused_in_words(data: Path) -> None:
    refused = CliRunner().invoke(app, ["up", "--data", str(data), "--stream-bytes", "10GB"])
    assert (refused.exit_code, "give a size such as 10GiB" in refused.stderr) == (1, True)

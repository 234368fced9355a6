"""A restored stream has an identity of its own, for as long as it is that stream."""

from __future__ import annotations

import pytest
from nats.aio.client import Client

from infra.backup.streams import ask
from infra.reconcile.derived_streams import make_anew
from shared.contracts.subjects import TOUCHES
from shared.stream_identity import reader_of, with_new_identity
from tests import servers
from tests.backup.silent_progress import Silent

pytestmark = pytest.mark.asyncio


async def as_if_restored(client: Client) -> str:
    config = (await ask(client, f"STREAM.INFO.{TOUCHES}"))["config"]
    await ask(client, f"STREAM.DELETE.{TOUCHES}")
    assert "error" not in await ask(client, f"STREAM.CREATE.{TOUCHES}", with_new_identity(config))
    return await reader_of(client, TOUCHES)


async def test_each_restored_one_is_another_and_the_newer_sorts_last(client: Client) -> None:
    first = await reader_of(client, TOUCHES)
    second = await as_if_restored(client)
    third = await as_if_restored(client)
    await make_anew(client, [TOUCHES], Silent())
    fourth = await reader_of(client, TOUCHES)
    await servers.fresh_streams(client)
    readers = [first, second, third, fourth, await reader_of(client, TOUCHES)]
    assert sorted(set(readers)) == readers


async def test_it_stays_the_same_when_its_settings_are_changed(client: Client) -> None:
    was = await as_if_restored(client)
    await servers.reconfigure(client, TOUCHES, max_bytes=1 << 28)
    assert await reader_of(client, TOUCHES) == was

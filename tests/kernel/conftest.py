"""A partition on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nats.aio.client import Client

from shared.event_store.store import PartitionStore
from tests.kernel.cutting_proxy import CuttingProxy
from tests.kernel.kernel_tables import stores
from tests.kernel.partition import Partition


@pytest.fixture
def partition(client: Client, database_url: str) -> Iterator[Partition]:
    with stores(database_url) as (store,):
        yield Partition(client, store, database_url)


@pytest.fixture
def proxy(database_url: str) -> Iterator[CuttingProxy]:
    made = CuttingProxy(database_url)
    with made.serving():
        yield made


@pytest.fixture
def store(proxy: CuttingProxy) -> Iterator[PartitionStore]:
    """A store whose connections the proxy may cut."""
    with stores(proxy.url) as made:
        yield made[0]

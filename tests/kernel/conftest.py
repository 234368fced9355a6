"""A partition on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nats.aio.client import Client

from tests.kernel.kernel_tables import stores
from tests.kernel.partition import Partition


@pytest.fixture
def partition(client: Client, database_url: str) -> Iterator[Partition]:
    with stores(database_url) as (store,):
        yield Partition(client, store, database_url)

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from ingest_world import EMAIL_KEY, Ingest, World

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.ports import claim_internal
from tests.made_clusters import give_cluster


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world() -> AsyncIterator[World]:
    data = Path(tempfile.mkdtemp(prefix="warmline-test-"))
    await asyncio.to_thread(give_cluster, data)
    claims = [claim_internal(None) for _ in range(3)]
    nats_server, postgres = NatsServer(data, claims[0].port), PostgresServer(data, claims[1].port)
    ingest = Ingest(nats_server.url, postgres.url, claims[2].port, data / "ingest.log", email_key=EMAIL_KEY)
    made = World(nats_server, postgres, ingest)
    try:
        await made.start()
        yield made
        await made.stop()
    finally:
        await ingest.kill()
        await nats_server.stop()
        await postgres.stop()
        for claim in claims:
            claim.release()
        place = postgres_place(data)
        if place.account is not None:
            shutil.rmtree(place.directory.parent, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)

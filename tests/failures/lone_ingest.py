"""Ingest alone as a process of its own, over the tests' servers, and what its stream holds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from infra.ports import claim_internal
from infra.provision import provision
from shared.contracts.cloudevents import MemberEvent, decode_member_event
from shared.contracts.subjects import MEMBER_EVENTS
from shared.topology import GIB, StreamSettings
from tests.ingest.ingest_world import TOKEN, Ingest, policy

BATCH = "application/cloudevents-batch+json"


class LoneIngest:
    """A running ingest, a client with the administrator's token, and one for each source."""

    def __init__(self, process: Ingest, nats: Client, admin: httpx.AsyncClient) -> None:
        self.process = process
        self.nats = nats
        self.admin = admin

    def client(self, token: str | None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.process.url, headers=headers, trust_env=False, timeout=30)

    async def adopt(self, *communities: str) -> None:
        answer = await self.admin.put("/v1/policy", json=policy("harbour", *communities))
        assert answer.status_code == 200, answer.text

    async def new_source(self, community: str) -> str:
        """Return the token of the community's source ``/discord/guild``."""
        source = {"community": community, "platform": "discord", "name": "guild"}
        answer = await self.admin.post("/v1/sources", json=source)
        return str(answer.json()["token"])

    async def stored(self, community: str) -> list[MemberEvent]:
        """Return the community's events in the stream's order, without Warmline's own facts."""
        js, events, seq = self.nats.jetstream(), [], 0
        while True:
            try:
                message = await js.get_msg(MEMBER_EVENTS, seq=seq + 1, subject=f"p.*.member.{community}.>", next=True)
            except NotFoundError:
                return [event for event in events if event.platform != "warmline"]
            seq = message.seq or 0
            events.append(decode_member_event(message.data or b""))

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.log.read_text().splitlines()]


@asynccontextmanager
async def lone_ingest(nats: Client, nats_url: str, postgres_url: str, **settings: str) -> AsyncIterator[LoneIngest]:
    """Provision what is missing and run ingest with ``settings``, named as its variables are without the prefix."""
    await provision(nats_url, postgres_url, 4, StreamSettings(max_bytes=GIB))
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as folder:
        claim = claim_internal(None)
        process = Ingest(nats_url, postgres_url, claim.port, Path(folder) / "ingest.log", **settings)
        try:
            await process.start()
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(base_url=process.url, headers=headers, trust_env=False, timeout=30) as admin:
                yield LoneIngest(process, nats, admin)
        finally:
            await process.kill()
            claim.release()

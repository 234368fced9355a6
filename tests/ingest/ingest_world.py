"""Ingest as a process of its own beside real servers, and what stands in its stream."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import nats
import psycopg
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from shared.contracts.cloudevents import MemberEvent, decode_member_event
from shared.topology import GIB, StreamSettings, streams
from tests.metrics import Samples, samples_at
from tests.waiting import until_async

ROOT = Path(__file__).parents[2]
TOKEN = "the-administrator"
EMAIL_KEY = "k" * 32
STREAM = "MEMBER_EVENTS"
_CONFIG = next(stream for stream in streams(StreamSettings(max_bytes=GIB)) if stream.name == STREAM).config()


class Ingest:
    """One process of the service."""

    def __init__(self, nats_url: str, postgres_url: str, port: int, log: Path, **settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = log
        self._env = {
            **os.environ,
            "WARMLINE_NATS_URL": nats_url,
            "WARMLINE_POSTGRES_URL": postgres_url,
            "WARMLINE_PARTITIONS": "4",
            "WARMLINE_STREAM_BYTES": str(GIB),
            "WARMLINE_TOKEN": TOKEN,
            "WARMLINE_INGEST_PORT": str(port),
            "WARMLINE_INSTANCE": "ingest-0",
            "WARMLINE_METRICS_PORT": "0",
            **{f"WARMLINE_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.ingest.main", cwd=ROOT, env=self._env, stderr=log
            )
        await until_async(self._is_healthy, seconds=90)

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), 60)

    async def kill(self) -> None:
        """End it if it runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def metrics(self) -> Samples:
        """Return what a Prometheus would be told; the log of the newest process says where."""
        said = (json.loads(line) for line in self.log.read_text().splitlines() if "metrics_served" in line)
        port = list(said)[-1]["port"]
        return await asyncio.to_thread(samples_at, f"http://127.0.0.1:{port}/metrics")

    async def _is_healthy(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self.log.read_text()
        async with httpx.AsyncClient(trust_env=False) as client:
            with suppress(httpx.TransportError):
                return (await client.get(f"{self.url}/healthz")).status_code == 200
        return False


class World:
    """The servers, the service and a client of each."""

    def __init__(self, nats_server: NatsServer, postgres: PostgresServer, ingest: Ingest) -> None:
        self.nats = nats_server
        self.postgres = postgres
        self.ingest = ingest
        self.nc: Client
        self._names = iter(range(10_000))

    async def start(self) -> None:
        await asyncio.gather(self.nats.start(), self.postgres.start())
        async with await psycopg.AsyncConnection.connect(self.postgres.url, autocommit=True) as connection:
            for file in sorted((ROOT / "services/ingest/sql").glob("*.sql")):
                await connection.execute(file.read_bytes())
        self.nc = await nats.connect(self.nats.url, max_reconnect_attempts=-1, error_cb=_ignore)
        await self.configure_stream("CREATE")
        await self.ingest.start()

    async def stop(self) -> None:
        await self.ingest.kill()
        await self.nc.close()
        await asyncio.gather(self.nats.stop(), self.postgres.stop())

    async def configure_stream(self, verb: str = "UPDATE", **settings: Any) -> None:
        request = json.dumps({**_CONFIG, **settings}).encode()
        reply = json.loads((await self.nc.request(f"$JS.API.STREAM.{verb}.{STREAM}", request, timeout=30)).data)
        assert "error" not in reply, reply

    async def fill_stream(self) -> None:
        """Leave no room in the stream, most of which is some other community's: no quota speaks first."""
        js = self.nc.jetstream()
        await asyncio.gather(*(js.publish("p.0.member.ballast.discord.posted", bytes(4_000)) for _ in range(250)))
        await self.configure_stream(max_bytes=(await self.nc.jetstream().stream_info(STREAM)).state.bytes)

    async def make_room(self) -> None:
        await self.configure_stream(max_bytes=GIB)

    def client(self, token: str | None = TOKEN) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.ingest.url, headers=headers, trust_env=False, timeout=30)

    def new_name(self, kind: str = "community") -> str:
        return f"{kind}-{next(self._names)}"

    async def new_community(self) -> str:
        """Adopt a policy that names a new community."""
        name = self.new_name()
        async with self.client() as client:
            assert (await client.put("/v1/policy", json=policy(f"org-of-{name}", name))).status_code == 200
        return name

    async def new_source(self, community: str, platform: str = "discord", name: str = "guild") -> str:
        """Add a source and return its token."""
        async with self.client() as client:
            body = {"community": community, "platform": platform, "name": name}
            answer = await client.post("/v1/sources", json=body)
            assert answer.status_code == 201
            return str(answer.json()["token"])

    async def stored(self, community: str, *, facts: bool = False) -> list[MemberEvent]:
        """Return the community's events as they stand in the stream; Warmline's own facts only with ``facts``."""
        js, events, seq = self.nc.jetstream(), [], 0
        while True:
            try:
                message = await js.get_msg(STREAM, seq=seq + 1, subject=f"p.*.member.{community}.>", next=True)
            except NotFoundError:
                return [event for event in events if facts or event.platform != "warmline"]
            assert message.seq is not None
            assert message.data is not None
            seq = message.seq
            events.append(decode_member_event(message.data))


def policy(organisation: str, *communities: str, **more: Any) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "communities": communities,
        "hours": {"timezone": "UTC", "days": {"monday": ["09:00-17:00"]}},
        "responders": [{"name": "grace", "display_name": "Grace"}],
        **more,
    }


def posted(
    event_id: str, community: str | None, /, *, text: str = "How do I begin?", **attributes: Any
) -> dict[str, Any]:
    """Return a CloudEvent of a post; without a community it names no platform either."""
    named = {"community": community, "platform": "discord"} if community else {}
    data = {"member": {"id": "u77", "name": "Ada"}, "conversation": "c", "message": event_id, "text": text, **named}
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/discord/guild",
        "type": "warmline.member.posted.v1",
        "time": "2026-11-22T08:15:00Z",
        "data": data,
        **attributes,
    }


async def _ignore(_error: Exception) -> None:
    """Keep nats-py from logging what a stopped server means for it."""

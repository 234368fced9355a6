"""A real deployment to be hurt: embedded servers, two processes of every service, a link between each and each."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from infra.embedded.nats import nats_servers
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.ingest_client import ingest_client
from infra.nats_readiness import wait_for_jetstream
from infra.nats_users import OPERATOR
from infra.ports import Claim, claim_internal
from infra.process_table import process_identity
from infra.provision import provision
from infra.run_file import RunFile, write_run
from infra.service_process import Service, ServiceProcess
from infra.service_table import service_environment, service_table
from infra.shards import SERVICES
from infra.status import wait_ready, why_not_owned
from infra.supervisor import Supervisor, Unit
from shared.crash_points import FOLDER, CrashPoint
from shared.topology import GIB, StreamSettings, store_bytes
from tests.chaos.link import Link
from tests.chaos.network import Cable
from tests.chaos.power import StoreImage
from tests.chaos.world import ORGANISATIONS, PARTITIONS, PLATFORM, SOURCE_NAME
from tests.made_clusters import give_cluster

TOKEN = "chaos-administrator-token"
BEHIND_CABLE = "triage-1"
"""The process that lives in a namespace of its own, where there are any."""
Bus = Literal["nats", "postgres"]
_PROCESSES = 2
_READY_SECONDS = 60.0
_STREAM_BYTES = GIB
_IMAGE_MEGABYTES = 4096


class Holdable(Unit, Protocol):
    """A unit that is one process."""

    @property
    def pid(self) -> int | None: ...


class Held:
    """A unit that the supervisor starts again only when it is not held down."""

    def __init__(self, unit: Holdable) -> None:
        self.unit = unit
        self.name, self.log = unit.name, unit.log
        self._may_start = asyncio.Event()
        self._may_start.set()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.unit.pid is not None:
            os.kill(self.unit.pid, number)

    def hold(self) -> None:
        """Keep it from being started; what runs goes on."""
        self._may_start.clear()

    def release(self) -> None:
        self._may_start.set()

    async def start(self) -> None:
        await self._may_start.wait()
        await self.unit.start()

    async def wait(self) -> int:
        return await self.unit.wait()

    async def stop(self) -> None:
        await self.unit.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a deployment is made of: ``nodes`` NATS servers, and what not every machine allows."""

    nodes: int = 1
    power_can_be_cut: bool = False
    cable: bool = False


class Deployment:
    """Everything that runs, and the handles by which it is hurt. Make one by ``deployed``."""

    def __init__(self, data: Path, shape: Shape, claims: list[Claim]) -> None:
        self.data = data
        self.orders = data / "orders"
        self.reports: list[str] = []
        self.image = StoreImage(data / "nats", megabytes=_IMAGE_MEGABYTES) if shape.power_can_be_cut else None
        self.cable = Cable() if shape.cable else None
        ports = iter([claim.port for claim in claims])
        nats_ports, routes = ([next(ports) for _ in range(shape.nodes)] for _ in range(2))
        postgres = PostgresServer(data, next(ports))
        faces = [f"{service}-{index}" for service in ("ingest", "projections") for index in range(_PROCESSES)]
        self._faces = dict(zip(faces, ports, strict=False))
        streams = StreamSettings(max_bytes=_STREAM_BYTES, replicas=shape.nodes)
        self._nodes = nats_servers(data, nats_ports, routes, max_file_store=str(store_bytes(streams)))
        self.nats = [Held(node) for node in self._nodes]
        self.postgres = Held(postgres)
        self.run = RunFile(
            pid=os.getpid(),
            process=process_identity(os.getpid()) or "",
            started_at=datetime.now(UTC),
            partitions=PARTITIONS,
            streams=streams,
            nats_url=self._nats_url(OPERATOR),
            postgres_url=postgres.url,
            desk_url=self.urls("projections")[0],
            ingest_url=self.urls("ingest")[0],
            auditor_url=f"http://127.0.0.1:{next(ports)}",
        )
        self.services: dict[str, Held] = {}
        self._links: dict[str, dict[Bus, list[Link]]] = {}
        self.tokens: dict[str, str] = {}
        self._supervisor: Supervisor | None = None

    def urls(self, service: Literal["ingest", "projections"]) -> list[str]:
        """Return where the processes of a service with a public face answer."""
        return [f"http://127.0.0.1:{port}" for name, port in self._faces.items() if name.startswith(service)]

    def processes(self, service: str) -> list[str]:
        """Return the names of a service's processes."""
        return [name for name in self.services if name.rpartition("-")[0] == service]

    def links(self, service: str, bus: Bus) -> list[Link]:
        """Return the lines of a service's processes to NATS or PostgreSQL; of every process for ``all``."""
        return [
            link
            for process, lines in self._links.items()
            for link in lines[bus]
            if service in {"all", process.rpartition("-")[0]}
        ]

    async def start(self) -> None:
        """Return when everything answers and both policies are in force."""
        self.orders.mkdir()
        if self.image is not None:
            await asyncio.to_thread(self.image.make)
        if self.cable is not None:
            await asyncio.to_thread(self.cable.lay)
        await self._make_services()
        self._supervisor = Supervisor(
            servers=[self.postgres, *self.nats],
            services=list(self.services.values()),
            report=self.reports.append,
            longest_pause=1.0,
        )
        await self._supervisor.start_servers()
        await wait_for_jetstream(self.run.nats_url)
        await provision(self.run.nats_url, self.run.postgres_url, PARTITIONS, self.run.streams)
        write_run(self.data, self.run)
        await self._supervisor.start_services()
        await wait_ready(self.run, _READY_SECONDS, [why_not_owned])
        async with ingest_client(self.run.ingest_url, TOKEN, patience=_READY_SECONDS) as client:
            for organisation in ORGANISATIONS:
                await client.adopt(organisation.policy())
                for community in organisation.communities:
                    source = await client.replace_source(community=community, platform=PLATFORM, name=SOURCE_NAME)
                    self.tokens[community] = source.token

    async def stop(self) -> None:
        """Stop everything, and leave nothing behind but DATA."""
        if self._supervisor is not None:
            await self._supervisor.stop()
        for lines in self._links.values():
            for link in (*lines["nats"], *lines["postgres"]):
                await link.close()
        if self.cable is not None:
            self.cable.remove()
        if self.image is not None:
            self.image.remove()

    def order_death(self, process: str, point: CrashPoint) -> None:
        """Have a process die when it next comes to ``point``."""
        draft = self.orders / f".{process}"
        draft.write_text(point, encoding="utf-8")
        draft.rename(self.orders / process)

    def ordered(self, process: str) -> bool:
        """Tell whether an order still waits to be carried out."""
        return (self.orders / process).exists()

    def withdraw(self, process: str) -> None:
        (self.orders / process).unlink(missing_ok=True)

    async def _make_services(self) -> None:
        for row in service_table(processes=_PROCESSES, desk_port=0, nats_url=self._nats_url, email_key=""):
            for index in range(_PROCESSES if row.name in SERVICES else 1):
                name = f"{row.name}-{index}"
                inside = self.cable if name == BEHIND_CABLE else None
                argv = (*(inside.run_inside() if inside else ()), *row.argv)
                env = await self._environment(name, row.env["WARMLINE_NATS_URL"], inside)
                service = Service(name=row.name, argv=argv, processes=_PROCESSES)
                self.services[name] = Held(ServiceProcess(service, index, env=env, data=self.data))

    def _nats_url(self, user: str) -> str:
        return ",".join(node.url_of(user) for node in self._nodes)

    async def _environment(self, name: str, nats_url: str, inside: Cable | None) -> dict[str, str]:
        lines: dict[Bus, list[Link]] = {"nats": [], "postgres": []}
        self._links[name] = lines

        async def through(bus: Bus, url: str) -> str:
            parts = urlsplit(url)
            link = Link(parts.port or 0)
            lines[bus].append(link)
            host, port = await link.listen(inside.listen_outside() if inside else None)
            return parts._replace(netloc=f"{parts.username}:{parts.password}@{host}:{port}").geturl()

        run = replace(self.run, postgres_url=await through("postgres", self.run.postgres_url))
        face = self._faces.get(name, 0)
        env = service_environment(run, token=TOKEN, data=self.data, ingest_port=face)
        if name.startswith("projections"):
            env["WARMLINE_DESK_PORT"] = str(face)
        nats = [await through("nats", url) for url in nats_url.split(",")]
        return {**env, "WARMLINE_NATS_URL": ",".join(nats), FOLDER: str(self.orders)}


@asynccontextmanager
async def deployed(shape: Shape | None = None, logs: Path | None = None) -> AsyncIterator[Deployment]:
    """Start a deployment on an empty DATA and take it away at the end, but for a copy of its logs in ``logs``."""
    data = Path(tempfile.mkdtemp(prefix="warmline-chaos-"))
    shape = shape or Shape()
    claims = [claim_internal(None) for _ in range(2 * shape.nodes + 1 + 2 * _PROCESSES + 1)]
    await asyncio.to_thread(give_cluster, data)
    deployment = Deployment(data, shape, claims)
    try:
        await deployment.start()
        yield deployment
    finally:
        await deployment.stop()
        for claim in claims:
            claim.release()
        if logs is not None:
            shutil.copytree(data / "logs", logs, dirs_exist_ok=True)
        place = postgres_place(data)
        if place.account is not None:
            shutil.rmtree(place.directory.parent, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)

"""One embedded run of Warmline, from the servers to the answering desk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.embedded.full_disk import restart_when_there_is_room
from infra.embedded.nats import nats_servers, nodes_of
from infra.embedded.postgres import PostgresServer
from infra.ingest_client import ingest_client
from infra.nats_readiness import wait_for_jetstream
from infra.nats_users import OPERATOR
from infra.operator_error import OperatorError
from infra.ports import claim_auditor, claim_internal, claim_public, listen_at
from infra.process_table import process_identity
from infra.provision import provision
from infra.run_file import RunFile, read_run, write_run
from infra.scrape_targets import write_targets
from infra.service_process import Service, ServiceProcess, service_processes
from infra.service_table import DEMO, measured_processes, service_environment, service_table
from infra.start_policy import StartPolicy
from infra.status import wait_ready, why_not_owned
from infra.supervisor import Supervisor
from shared.bounded_wait import end
from shared.topology import StreamSettings, store_bytes

_READY_WITHIN = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the operator chose; `port` None means the first free pair, `data` is absolute.

    `nats_nodes` None means as many as the streams of `data` were made with, or one, and so `stream_bytes`; with `apply`
    streams that are configured otherwise are changed, where nothing is lost by it.
    """

    data: Path
    port: int | None
    processes: int
    partitions: int
    nats_nodes: int | None
    stream_bytes: int | None
    apply: bool
    token: str
    email_key: str
    policy: Path | None
    demo: bool


class EmbeddedRun:
    """Servers and services of one DATA, which the caller holds for its sole use."""

    def __init__(self, options: RunOptions, *, report: Callable[[str], None]) -> None:
        """Claim the ports. Raises OperatorError if one is taken or the options contradict the earlier runs of DATA.

        `report` receives one line for each thing an operator should know.
        """
        self._policy = StartPolicy.read(options.data, options.policy)
        earlier = read_run(options.data)
        if earlier is not None and earlier.partitions != options.partitions:
            raise OperatorError(
                f"{options.data} was made with {earlier.partitions} partitions, which stay for good, and "
                f"{options.partitions} were asked for. Use --partitions {earlier.partitions} (WARMLINE_PARTITIONS)."
            )
        nodes = _nodes(options)
        before = earlier.streams if earlier else StreamSettings()
        settings = StreamSettings(max_bytes=options.stream_bytes or before.max_bytes, replicas=nodes)
        self._report = report
        with ExitStack() as claims:
            desk, ingest = claim_public(options.port)
            remembered = [*(earlier.nats_ports if earlier else ()), *[None] * nodes][:nodes]
            nats = [claim_internal(port) for port in remembered]
            routes = [claim_internal(None) for _ in nats]
            postgres = claim_internal(earlier.postgres_port if earlier else None)
            auditor = claim_auditor(os.environ, earlier.auditor_port if earlier else None)
            told = earlier.metrics_ports if earlier else {}
            metrics = {name: claim_internal(told.get(name)) for name in measured_processes(options.processes)}
            for claim in (desk, ingest, *nats, *routes, postgres, auditor, *metrics.values()):
                claims.callback(claim.release)
            self._postgres = PostgresServer(options.data, postgres.port)
            self._nats = nats_servers(
                options.data,
                [claim.port for claim in nats],
                [claim.port for claim in routes],
                max_file_store=str(store_bytes(settings)),
            )
            # The run listens itself, and its processes accept: who connects as one is started anew waits for a moment.
            listening = {
                service: claims.enter_context(listen_at(claim, os.environ)).fileno()
                for service, claim in (("projections", desk), ("ingest", ingest))
            }
            self._claims = claims.pop_all()
        self.run = RunFile(
            pid=os.getpid(),
            process=process_identity(os.getpid()) or "",
            started_at=datetime.now(UTC),
            partitions=options.partitions,
            streams=settings,
            nats_url=self._nats_url(OPERATOR),
            postgres_url=self._postgres.url,
            desk_url=f"http://127.0.0.1:{desk.port}",
            ingest_url=f"http://127.0.0.1:{ingest.port}",
            auditor_url=f"http://127.0.0.1:{auditor.port}",
            metrics_ports={name: claim.port for name, claim in metrics.items()},
        )
        self._watch: asyncio.Task[None] | None = None
        self._data = options.data
        self._options = options
        self._supervisor = Supervisor(
            servers=[self._postgres, *self._nats],
            services=self._processes(
                service_table(
                    processes=options.processes,
                    desk_port=desk.port,
                    nats_url=self._nats_url,
                    email_key=options.email_key,
                    sockets=listening,
                ),
                ingest_port=ingest.port,
            ),
            report=report,
        )

    def _processes(self, services: tuple[Service, ...], *, ingest_port: int) -> Sequence[ServiceProcess]:
        options = self._options
        env = service_environment(self.run, token=options.token, data=options.data, ingest_port=ingest_port)
        return service_processes(services, env=env, data=options.data, metrics_ports=self.run.metrics_ports)

    def _nats_url(self, user: str) -> str:
        return ",".join(server.url_of(user) for server in self._nats)

    @property
    def postgres_directory(self) -> Path:
        """Where PostgreSQL keeps this run's data."""
        return self._postgres.data_directory

    async def start(self) -> None:
        """Start everything; returns when the desk and ingest answer. Raises OperatorError if something does not."""
        self._report("Starting PostgreSQL and NATS")
        await self._supervisor.start_servers()
        self._watch = asyncio.create_task(restart_when_there_is_room(self._nats, self._report))
        self._report("Preparing streams and tables")
        await wait_for_jetstream(self.run.nats_url)
        await provision(
            self.run.nats_url,
            self.run.postgres_url,
            self.run.partitions,
            self.run.streams,
            apply=self._options.apply,
            report=self._report,
        )
        write_run(self._data, self.run)  # not before: what provisioning refused is not to be remembered
        write_targets(self._data, self.run)
        self._report("Starting the services")
        if self._options.processes > self.run.partitions:
            self._report(
                f"{self.run.partitions} partitions are work for {self.run.partitions} processes each of triage and "
                f"notifier: of {self._options.processes} the others wait to take over"
            )
        await self._supervisor.start_services()
        ready = asyncio.create_task(wait_ready(self.run, _READY_WITHIN, [why_not_owned]))
        failing = asyncio.create_task(self._supervisor.failing())
        try:
            await asyncio.wait({ready, failing}, return_when=asyncio.FIRST_COMPLETED)
            if failing.done():
                unit = failing.result()
                raise OperatorError(f"{unit.name} ends again and again. See {unit.log}", log=unit.log)
            await ready
        finally:
            ready.cancel()
            failing.cancel()
            await asyncio.gather(ready, failing, return_exceptions=True)
        await self._bring_to_life()

    async def _bring_to_life(self) -> None:
        async with ingest_client(self.run.ingest_url, self._options.token, patience=_READY_WITHIN) as ingest:
            version = await self._policy.adopt(ingest)
        if version is not None:
            self._report(f"In force for {self._policy.policy.organisation}: {version} ({self._policy.file})")
        if self._options.demo:
            port = int(self.run.ingest_url.rpartition(":")[2])
            for process in self._processes((DEMO,), ingest_port=port):
                await self._supervisor.start_beside(process)

    async def stop(self) -> None:
        """Stop everything that was started, and free the ports."""
        if self._watch is not None:
            await end(self._watch)
        await self._supervisor.stop()
        self._claims.close()


def _nodes(options: RunOptions) -> int:
    made_with = nodes_of(options.data)
    if made_with is None:
        return options.nats_nodes or 1
    if options.nats_nodes not in {None, made_with}:
        raise OperatorError(
            f"The streams of {options.data} were made with {made_with} NATS server{'s' * (made_with > 1)}, and "
            f"{options.nats_nodes} were asked for. The number stays for good: use "
            f"--nats-nodes {made_with} (NATS_NODES={made_with})."
        )
    return made_with

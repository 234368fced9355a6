"""Composition of the projections service: ``python -m services.projections.main``."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

import structlog
import uvloop
from nats.aio.client import Client

from services.projections.app import Parts, create_app
from services.projections.audit_watch import AuditWatch
from services.projections.changes import QueueChanges
from services.projections.desk.session import Sessions
from services.projections.health import HealthCheck
from services.projections.history.redaction import Redaction
from services.projections.history.retention import let_go as let_go_of_history
from services.projections.history.view import HistoryView
from services.projections.letting_go import LettingGo
from services.projections.member_commands import MemberCommands
from services.projections.pool import views_pool
from services.projections.progress import Progress
from services.projections.queue.scores import let_go as let_go_of_scores
from services.projections.queue.view import QueueView
from services.projections.reading import Reader
from services.projections.suggesting import Suggestions
from services.projections.touch_commands import TouchCommands
from services.projections.views import VIEWS
from shared.bounded_wait import end, until_one_ends
from shared.decider_process import owner_name
from shared.event_store.recorder import Lease
from shared.garbage import collect_seldom
from shared.http_server import PublicServer
from shared.leases import LeaseKeeper
from shared.nats_connection import nats_connection
from shared.settings import ServiceSettings, SettingsError
from shared.stream_check import drift_ends_the_process, wait_for_streams
from shared.telemetry.process import configure
from shared.view import schema_of, shards_of
from shared.view_runner import ViewRunner

_SCHEMA: Final = "projections"
_DRAIN_SECONDS: Final = 5
_HISTORY: Final = next(view for view in VIEWS if isinstance(view, HistoryView))
_log = structlog.get_logger()


async def _fold(settings: ServiceSettings, client: Client) -> None:
    """Own shards of the views and keep them up to date until cancelled."""
    shards = {shard.name: shard for view in VIEWS for shard in shards_of(view, settings.partitions)}
    await wait_for_streams(
        client, {spec.stream for shard in shards.values() for spec in shard.inputs}, settings.streams
    )

    async def work(lease: Lease) -> None:
        shard = shards[lease.shard]
        tasks = [asyncio.create_task(ViewRunner(client, settings.postgres_url, _SCHEMA, lease, shard).run())]
        if isinstance(shard.view, HistoryView) and shard.partition == 0:
            schema = schema_of(shard.view)
            tasks.append(asyncio.create_task(LettingGo(settings.postgres_url, [schema], let_go_of_history).run()))
            redaction = Redaction(client, settings.postgres_url, schema, settings.partitions)
            tasks.append(asyncio.create_task(redaction.run()))
        if isinstance(shard.view, QueueView):
            schemas = [schema_of(shard.view), schema_of(_HISTORY)]
            tasks.append(asyncio.create_task(LettingGo(settings.postgres_url, schemas, let_go_of_scores).run()))
        await until_one_ends(*tasks)

    await LeaseKeeper(settings.postgres_url, _SCHEMA, tuple(shards), owner_name(settings.instance), work).run()


async def _serve(settings: ServiceSettings, client: Client, port: int) -> None:
    """Serve the API and the desk until cancelled, then finish the requests in flight."""
    async with views_pool(settings.postgres_url, [schema_of(view) for view in VIEWS]) as pool:
        reader = Reader(pool)
        changes = QueueChanges(reader, settings.postgres_url)
        audit = AuditWatch(client)
        app = create_app(
            Parts(
                reader=reader,
                changes=changes,
                commands=TouchCommands(client, settings.partitions, reader, changes),
                member_commands=MemberCommands(client, reader),
                health=HealthCheck(client, pool),
                progress=Progress(client, pool, VIEWS),
                sessions=Sessions(settings.token),
                suggestions=Suggestions(pool),
                audit=audit,
            )
        )
        server = PublicServer(
            app, settings.host, port, drain=_DRAIN_SECONDS, inherited=settings.desk_socket, lifespan=True
        )
        _log.info("desk_starting", host=settings.host, port=port)
        await serve_desk(server, changes, audit)


async def serve_desk(server: PublicServer, changes: QueueChanges, audit: AuditWatch) -> None:
    """Serve until cancelled; then let live pages go and finish the requests in flight."""
    watching = [asyncio.create_task(changes.run()), asyncio.create_task(audit.run())]
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    finally:
        await changes.close()
        server.stop()
        await serving
        await end(*watching)


async def _run(settings: ServiceSettings) -> None:
    async with nats_connection(settings.nats_url, settings.instance) as client, asyncio.TaskGroup() as group:
        group.create_task(_fold(settings, client))
        if settings.desk_port is not None:
            group.create_task(_serve(settings, client, settings.desk_port))


async def _until_stopped(settings: ServiceSettings) -> None:
    running = asyncio.create_task(_run(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        _log.info("projections_stopped")


def main() -> None:
    """Read the settings and run until SIGTERM; exits with 1 when the settings are wrong."""
    try:
        settings = ServiceSettings.from_env()
    except SettingsError as error:
        sys.exit(f"warmline projections cannot start:\n{error}")
    configure("projections", settings.instance, settings.metrics_at)
    collect_seldom()
    with drift_ends_the_process("projections"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(settings))


if __name__ == "__main__":
    main()

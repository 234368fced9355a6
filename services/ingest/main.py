"""Composition of the ingest service: ``python -m services.ingest.main``."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import structlog
import uvloop

from services.ingest.admin_api import admin_api
from services.ingest.admin_parts import AdminParts
from services.ingest.by_hand import ByHand
from services.ingest.communities import Communities, announce_until_done
from services.ingest.database import open_database
from services.ingest.events_route import PATH, EventsRoute
from services.ingest.feedback import FEEDBACK_SHARD, Feedback
from services.ingest.holdings import Holdings
from services.ingest.hook_troubles import HookTroubles
from services.ingest.hooks import Hooks
from services.ingest.http_message import Receive, Scope, Send
from services.ingest.imports import Imports
from services.ingest.intake import Intake
from services.ingest.policies import Policies
from services.ingest.policy_skew import PolicySkew
from services.ingest.polling.pollers import POLLING_SHARD, Pollers
from services.ingest.polling.polls import Polls
from services.ingest.quotas import Quotas
from services.ingest.rates import Rates
from services.ingest.redaction import Redaction
from services.ingest.sealing import Seal
from services.ingest.source_activity import SourceActivity
from services.ingest.sources import Sources
from services.ingest.taken_elsewhere import TakenElsewhere
from services.ingest.tone_opt_outs import ToneOptOuts
from services.ingest.webhooks_route import PREFIX, ROUTE_NAME, WebhooksRoute
from shared.bounded_wait import end
from shared.contracts.subjects import MEMBER_EVENTS
from shared.decider_process import owner_name
from shared.garbage import collect_seldom
from shared.http_server import PublicServer
from shared.leases import LeaseKeeper
from shared.nats_connection import nats_connection
from shared.publisher import DurablePublisher
from shared.settings import ServiceSettings, SettingsError
from shared.stream_check import drift_ends_the_process, wait_for_streams
from shared.telemetry.process import configure
from shared.telemetry.requests import ROUTE

_DRAIN_SECONDS: Final = 8
_PATIENCE_SECONDS: Final = 10.0
"""Senders of webhooks hang up after about so long, and send again either way."""
_log = structlog.get_logger()


async def serve(settings: ServiceSettings, port: int) -> None:
    """Run ingest until SIGTERM or SIGINT, then finish the requests in flight."""
    async with AsyncExitStack() as stack:
        nc = await stack.enter_async_context(nats_connection(settings.nats_url, f"warmline {settings.instance}"))
        database = await stack.enter_async_context(open_database(settings.postgres_url))
        await wait_for_streams(nc, [MEMBER_EVENTS], settings.streams)
        publisher = DurablePublisher(nc, MEMBER_EVENTS, patience=_PATIENCE_SECONDS)
        skew = PolicySkew(nc, database)
        communities = Communities(database, publisher, skew, settings.partitions)
        policies = Policies(database, communities)
        sources = Sources(database, settings.token)
        seal = Seal(settings.token)
        hooks, polls = Hooks(database, seal), Polls(database, seal)
        troubles = HookTroubles(database)
        admin = admin_api(
            AdminParts(
                nc=nc,
                database=database,
                publisher=publisher,
                communities=communities,
                policies=policies,
                sources=sources,
                hooks=hooks,
                polls=polls,
                imports=Imports(database, publisher, settings.partitions),
                tone_opt_outs=ToneOptOuts(publisher, settings.partitions),
            )
        )
        rates = Rates(settings.quota_rate, settings.quota_burst)
        elsewhere = TakenElsewhere(nc, rates)
        quotas = Quotas(rates, elsewhere, Holdings(nc, settings.partitions), settings.quota_share)
        activity = SourceActivity(database)
        intake = Intake(
            communities,
            quotas,
            publisher,
            activity=activity,
            partitions=settings.partitions,
            email_key=settings.email_key,
        )
        events = EventsRoute(sources, intake)
        webhooks = WebhooksRoute(hooks, troubles, intake)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == PATH:
                scope[ROUTE] = PATH
                await events(scope, receive, send)
            elif scope["path"].startswith(PREFIX):
                scope[ROUTE] = ROUTE_NAME
                await webhooks(scope, receive, send)
            else:
                await admin(scope, receive, send)  # type: ignore[arg-type]

        server = PublicServer(application, settings.host, port, drain=_DRAIN_SECONDS, inherited=settings.ingest_socket)
        _on_stop(server.stop)
        await ByHand(communities, policies, publisher, settings.partitions).listen(nc)
        await Redaction(nc, publisher, settings.partitions).listen()
        announcing = asyncio.create_task(announce_until_done(communities))
        feedback = Feedback(nc, database, publisher, skew, settings.partitions)
        pollers = Pollers(polls, intake, settings.poll_seconds)
        works = {FEEDBACK_SHARD: feedback.run, POLLING_SHARD: pollers.run}
        keeper = LeaseKeeper(
            settings.postgres_url,
            "ingest",
            tuple(works),
            owner_name(settings.instance),
            lambda lease: works[lease.shard](lease),
        )
        owning = asyncio.create_task(keeper.run())
        noting = asyncio.create_task(activity.run())
        minding = asyncio.create_task(troubles.run())
        telling = asyncio.create_task(elsewhere.run())
        _log.info("ingest_starting", host=settings.host, port=port)
        await server.serve()
        announcing.cancel()
        await end(owning, noting, minding, telling)
        await activity.flush()
        await troubles.flush()


def _on_stop(act: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, act)


async def _until_stopped(settings: ServiceSettings, port: int) -> None:
    task = asyncio.create_task(serve(settings, port))
    _on_stop(task.cancel)  # until the server listens
    try:
        await task
    except asyncio.CancelledError:
        _log.info("ingest_stopped_while_starting")
    else:
        _log.info("ingest_stopped")


def main() -> None:
    """Read the settings and run; exits with 1 when they are wrong."""
    try:
        settings = ServiceSettings.from_env()
        port = settings.required_port("ingest_port")
    except SettingsError as error:
        sys.exit(f"warmline ingest cannot start:\n{error}")
    configure("ingest", settings.instance, settings.metrics_at)
    if settings.email_key is None:
        _log.warning("addresses_not_told", mend="Name the key that imports use by WARMLINE_EMAIL_KEY_FILE.")
    collect_seldom()
    with drift_ends_the_process("ingest"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(settings, port))


if __name__ == "__main__":
    main()

"""The notifier service, put together."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvloop

from services.notifier.command_desk import CommandDesk, command_broker
from services.notifier.deliveries.lines import DeliveryLines
from services.notifier.deliveries.secrets import IntegratorSecrets
from services.notifier.inputs import INPUTS
from services.notifier.notices.notice import Channel, LogChannel, SmtpChannel
from services.notifier.notices.outbox import NoticeOutbox
from services.notifier.outage import Outage
from services.notifier.publications import PUBLIC
from services.notifier.service import NotifierService, notifier_codec
from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.subjects import TOUCH_FACTS
from shared.decider_process import DeciderProcess, Outlet, run
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.nats_connection import nats_connection
from shared.partition.runner import PartitionRunner
from shared.settings import ServiceSettings, SettingsError
from shared.stream_check import drift_ends_the_process
from shared.telemetry.process import configure


async def serve(settings: ServiceSettings, desk_url: str, smtp: SmtpSettings | None) -> None:
    """Run until SIGTERM; notices link to ``desk_url``."""
    channels: list[Channel] = [LogChannel()]
    if smtp is not None:
        channels.append(SmtpChannel(smtp))
    outage = Outage()
    outbox = NoticeOutbox(settings.postgres_url, desk_url, channels, outage)
    broker = command_broker(settings.nats_url, f"{settings.instance} commands")
    desk = CommandDesk(broker)

    async with broker, nats_connection(settings.nats_url, f"{settings.instance} deliveries") as client:
        lines = DeliveryLines(client, settings.postgres_url, IntegratorSecrets.from_env(settings), outage)

        @asynccontextmanager
        async def beside(store: PartitionStore, runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
            async with (
                desk.beside(store, runner, lease),
                outbox.beside(store, runner, lease),
                lines.beside(store, runner, lease),
            ):
                yield

        process = DeciderProcess(
            schema="notifier",
            codec=notifier_codec(),
            service=lambda partition: NotifierService(partition, settings.partitions),
            inputs=lambda _partition: INPUTS,
            outlet=Outlet(stream=TOUCH_FACTS, subject="touch.>", public=PUBLIC),
            beside=beside,
        )
        await run(settings, process)


def _desk_url(settings: ServiceSettings) -> str:
    if not settings.desk_url:
        raise SettingsError(
            "WARMLINE_DESK_URL is not set: it holds the address of the desk, to which notices link, such as "
            "https://desk.example.org"
        )
    return settings.desk_url


def main() -> None:
    """Read the settings and run until SIGTERM; exits with 1 when the settings are wrong."""
    try:
        settings = ServiceSettings.from_env()
        desk_url, smtp = _desk_url(settings), SmtpSettings.from_env()
    except SettingsError as error:
        sys.exit(f"warmline notifier cannot start:\n{error}")
    configure("notifier", settings.instance, settings.metrics_at)
    with drift_ends_the_process("notifier"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, desk_url, smtp))


if __name__ == "__main__":
    main()

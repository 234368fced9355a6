"""The notifier service, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.nats import NatsBroker

from services.notifier.command_desk import CommandDesk
from services.notifier.notices.notice import Channel, LogChannel, SmtpChannel
from services.notifier.notices.outbox import NoticeOutbox
from services.notifier.publications import PUBLIC
from services.notifier.service import NotifierService, notifier_codec
from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.decider_process import DeciderProcess, Outlet, run
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input
from shared.settings import ServiceSettings
from shared.telemetry import configure

INPUTS = (
    Input(stream=MEMBER_EVENTS, subjects=("p.*.member.*.warmline.policy-adopted",)),
    Input(stream=TOUCHES, subjects=("needs-touch.>",)),
)


async def serve(settings: ServiceSettings) -> None:
    """Run until SIGTERM."""
    channels: list[Channel] = [LogChannel()]
    smtp = SmtpSettings.from_env()
    if smtp is not None:
        channels.append(SmtpChannel(smtp))
    outbox = NoticeOutbox(settings.postgres_url, settings.desk_url or "", channels)
    broker = NatsBroker(
        settings.nats_url,
        name=f"{settings.instance} commands",
        max_reconnect_attempts=-1,
        ping_interval=5,
        max_outstanding_pings=2,
        logger=None,
    )
    desk = CommandDesk(broker)

    @asynccontextmanager
    async def beside(store: PartitionStore, runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        async with desk.beside(store, runner, lease), outbox.beside(store, runner, lease):
            yield

    process = DeciderProcess(
        schema="notifier",
        codec=notifier_codec(),
        service=lambda partition: NotifierService(partition, settings.partitions),
        inputs=lambda _partition: INPUTS,
        outlet=Outlet(stream=TOUCH_FACTS, subject="touch.>", public=PUBLIC),
        beside=beside,
    )
    async with broker:
        await run(settings, process)


def main() -> None:
    """Run until SIGTERM."""
    settings = ServiceSettings.from_env()
    configure("notifier", settings.instance)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()

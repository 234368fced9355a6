"""The triage service, put together."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvloop
from nats.aio.client import Client

from services.triage.publications import PUBLIC
from services.triage.redaction import Redaction
from services.triage.service import TriageService, triage_codec
from services.triage.tone_loading import load_aside, load_where_read
from services.triage.tone_plug_in import PlugInError, installed
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.decider_process import DeciderProcess, Outlet, run
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.nats_connection import nats_connection
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input
from shared.settings import ServiceSettings, SettingsError
from shared.stream_check import drift_ends_the_process
from shared.telemetry.process import configure


class _Beside:
    """What runs beside an owned partition. The reader of tone is there before its first message."""

    def __init__(self, client: Client) -> None:
        self._redaction = Redaction(client)

    @asynccontextmanager
    async def of(self, store: PartitionStore, runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        await store.aside(load_where_read, store)
        async with self._redaction.beside(store, runner, lease):
            yield


async def serve(settings: ServiceSettings) -> None:
    """Run until SIGTERM."""
    async with nats_connection(settings.nats_url, f"{settings.instance} redaction") as client:
        process = DeciderProcess(
            schema="triage",
            codec=triage_codec(),
            service=lambda _partition: TriageService(tone_turned_on=load_aside),
            inputs=lambda partition: (Input(stream=MEMBER_EVENTS, subjects=(f"p.{partition}.member.>",)),),
            outlet=Outlet(stream=TOUCHES, subject="needs-touch.>", public=PUBLIC),
            beside=_Beside(client).of,
        )
        await run(settings, process)


def main() -> None:
    """Read the settings and run until SIGTERM; exits with 1 when they or the installed reader of tone are wrong."""
    try:
        settings = ServiceSettings.from_env()
        installed()
    except (SettingsError, PlugInError) as error:
        sys.exit(f"warmline triage cannot start:\n{error}")
    configure("triage", settings.instance, settings.metrics_at)
    with drift_ends_the_process("triage"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))


if __name__ == "__main__":
    main()

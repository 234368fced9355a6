"""Composition of the auditor: ``python -m infra.audit.main``."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx
import structlog
import uvicorn
from nats.aio.client import Client

from infra.audit.auditor import Auditor, Watched
from infra.audit.dead_man import DeadMansSwitch
from infra.audit.eyes import DatabaseEye, bus_eye
from infra.audit.face import face_of
from infra.audit.measures import Measures
from infra.audit.settings import AuditorSettings
from infra.looking.streams import TIMEOUT_SECONDS
from shared.bounded_wait import end
from shared.contracts.subjects import AUDIT_REPORT
from shared.settings import SettingsError
from shared.telemetry.process import configure
from shared.topology import streams

_log = structlog.get_logger()


async def serve(settings: AuditorSettings) -> None:
    """Look at everything until SIGTERM or SIGINT."""
    async with AsyncExitStack() as stack:
        # Two clients: what is ours is asked directly, the switch by whatever proxy the environment names.
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False))
        outside = await stack.enter_async_context(httpx.AsyncClient())
        url = settings.deadman_url
        switch = DeadMansSwitch(url, settings.deadman_seconds, outside) if url else None
        if switch is not None:
            stack.push_async_callback(switch.close)
        name = f"warmline {settings.service.instance}"
        database = DatabaseEye(settings.service.postgres_url, name)
        stack.push_async_callback(database.close)
        measures = Measures()
        watched = Watched(faces=settings.faces, folders=settings.folders, streams=streams(settings.service.streams))
        auditor = Auditor(watched, database, http, measures, switch)

        async def listen(client: Client) -> None:
            await client.subscribe(AUDIT_REPORT, cb=auditor.answer)

        bus = await stack.enter_async_context(bus_eye(settings.service.nats_url, name, listen))
        looking = asyncio.create_task(auditor.run(bus), name="look at everything")
        stack.push_async_callback(end, looking)
        server = _Server(
            uvicorn.Config(
                face_of(auditor, measures),
                host=settings.service.host,
                port=settings.port,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        looking.add_done_callback(lambda _: server.stop())
        _log.info("auditor_starting", host=settings.service.host, port=settings.port, deadman=switch is not None)
        await server.serve()
    _log.info("auditor_stopped")


class _Server(uvicorn.Server):
    """A server that leaves signals to this module: uvicorn would raise them again at its end, and exit by them."""

    def stop(self) -> None:
        """Take no more requests, and end."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the handlers as they are."""
        yield


def main() -> None:
    """Read the settings and run; exits with 1 when they are wrong."""
    try:
        settings = AuditorSettings.from_env()
    except SettingsError as error:
        sys.exit(f"warmline auditor cannot start:\n{error}")
    configure("auditor", settings.service.instance)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()

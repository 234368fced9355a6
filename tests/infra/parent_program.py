"""Run with DATA as argument: both servers and two stand-in services under a supervisor, until a signal comes.

Prints one line of JSON with what an observer needs once everything runs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.ports import claim_internal
from infra.service_process import Service, service_processes
from infra.stop_signals import StopSignals
from infra.supervisor import Supervisor

STAND_IN = "import sys, threading; threading.Event().wait()"


async def main(data: Path) -> None:
    signals = StopSignals()
    postgres, nats = PostgresServer(data, claim_internal(None).port), NatsServer(data, claim_internal(None).port)
    service = Service(name="stand-in", argv=(sys.executable, "-c", STAND_IN, str(data)), processes=2)
    supervisor = Supervisor(
        servers=[postgres, nats],
        services=service_processes((service,), env={}, data=data),
        report=logging.getLogger("supervisor").warning,
    )
    try:
        await supervisor.start_servers()
        await supervisor.start_services()
        told = {"nats": nats.url, "postgres": postgres.url, "data_directory": str(postgres.data_directory)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        await signals.received.wait()
    finally:
        await supervisor.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

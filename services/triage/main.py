"""The triage service, put together."""

from __future__ import annotations

import asyncio

from services.triage.publications import PUBLIC
from services.triage.service import TriageService, triage_codec
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.decider_process import DeciderProcess, Outlet, run
from shared.partition.service import Input
from shared.settings import ServiceSettings
from shared.telemetry import configure


def main() -> None:
    """Run until SIGTERM."""
    settings = ServiceSettings.from_env()
    configure("triage", settings.instance)
    process = DeciderProcess(
        schema="triage",
        codec=triage_codec(),
        service=lambda _partition: TriageService(),
        inputs=lambda partition: (Input(stream=MEMBER_EVENTS, subjects=(f"p.{partition}.member.>",)),),
        outlet=Outlet(stream=TOUCHES, subject="needs-touch.>", public=PUBLIC),
    )
    asyncio.run(run(settings, process))


if __name__ == "__main__":
    main()

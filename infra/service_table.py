"""The services of one machine: what runs, and what each is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from infra.run_file import RunFile
from infra.service_process import Service

_SOCKETS: Final = {"ingest": "WARMLINE_INGEST_SOCKET", "projections": "WARMLINE_DESK_SOCKET"}


MEASURED: Final = ("ingest", "triage", "notifier", "projections")
"""The services each of whose processes has a port for its metrics; the auditor has one of its own."""


def measured_processes(processes: int) -> tuple[str, ...]:
    """Return the names of all that tell their metrics where there are `processes` of each service."""
    return tuple(f"{name}-{index}" for name in MEASURED for index in range(processes))


def service_table(
    *,
    processes: int,
    desk_port: int,
    nats_url: Callable[[str], str],
    email_key: str,
    sockets: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Service, ...]:
    """One auditor, and `processes` of each of the others.

    `nats_url` gives the address of NATS for a user; each service is one of its own. Ingest alone is told `email_key`.
    `sockets` are the file numbers of the listening sockets of ingest and of projections, which all their processes
    share.
    """

    def service(name: str, **env: str) -> Service:
        return Service(
            name=name,
            argv=_own_module(f"services.{name}.main"),
            processes=processes,
            env={"WARMLINE_NATS_URL": nats_url(name), **env},
            sockets={_SOCKETS[name]: sockets[name]} if name in sockets else {},
        )

    return (
        service("ingest", WARMLINE_EMAIL_KEY=email_key),
        service("triage"),
        service("notifier"),
        service("projections", WARMLINE_DESK_PORT=str(desk_port)),
        Service(name="auditor", argv=_own_module("infra.audit.main"), env={"WARMLINE_NATS_URL": nats_url("auditor")}),
    )


def service_environment(run: RunFile, *, token: str, data: Path, ingest_port: int) -> dict[str, str]:
    """Return what every service is told, besides the environment of the supervisor itself and its own row."""
    return {
        "WARMLINE_POSTGRES_URL": run.postgres_url,
        "WARMLINE_PARTITIONS": str(run.partitions),
        "WARMLINE_STREAM_BYTES": str(run.streams.max_bytes),
        "WARMLINE_STREAM_REPLICAS": str(run.streams.replicas),
        "WARMLINE_TOKEN": token,
        "WARMLINE_INGEST_PORT": str(ingest_port),
        "WARMLINE_INGEST_URL": run.ingest_url,
        # Where people reach the desk, as notices tell them: through a proxy, perhaps.
        "WARMLINE_DESK_URL": os.environ.get("WARMLINE_DESK_URL") or run.desk_url,
        "WARMLINE_AUDITOR_PORT": str(run.auditor_port or 0),
        "WARMLINE_WATCH_DESK": run.desk_url,
        "WARMLINE_WATCH_INGEST": run.ingest_url,
        "WARMLINE_DATA": str(data),
    }


def _own_module(module: str) -> tuple[str, ...]:
    # -P: a folder named `services` where the operator happens to be must not be taken for ours.
    return (sys.executable, "-P", "-m", module)


DEMO: Final = Service(name="demo", argv=_own_module("infra.demo.main"))
"""The living demo community, which is no part of Warmline: it speaks to ingest as any source does."""

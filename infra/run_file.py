"""DATA/run.json: the addresses of the latest run; and the lock that lets only one Warmline use a DATA."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from infra.operator_error import OperatorError
from infra.private_file import write_private
from infra.process_table import process_identity
from shared.nats_address import NatsAddress
from shared.topology import StreamSettings

_NAME = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """One run. The NATS and PostgreSQL addresses hold their credentials.

    `process` tells the supervisor `pid` from a later process with the same number. `metrics_ports` is where each
    process of a service tells its metrics, on this machine only.
    """

    pid: int
    process: str
    started_at: datetime
    partitions: int
    streams: StreamSettings = field(default_factory=StreamSettings)
    nats_url: str
    postgres_url: str
    desk_url: str
    ingest_url: str
    auditor_url: str | None = None
    metrics_ports: dict[str, int] = field(default_factory=dict)

    @property
    def nats_ports(self) -> tuple[int | None, ...]:
        """The port of each server in nats_url."""
        return tuple(urlsplit(server).port for server in NatsAddress.of(self.nats_url).servers)

    @property
    def postgres_port(self) -> int | None:
        """The port in postgres_url."""
        return urlsplit(self.postgres_url).port

    @property
    def auditor_port(self) -> int | None:
        """The port in auditor_url; None where an earlier version had no auditor."""
        return urlsplit(self.auditor_url).port if self.auditor_url else None


def read_run(data: Path) -> RunFile | None:
    """Read the latest run of `data`, which may have ended; None if there was none.

    Raises OperatorError if unreadable.
    """
    try:
        return msgspec.json.decode((data / _NAME).read_bytes(), type=RunFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise OperatorError(
            f"{data / _NAME} cannot be read: {error}. Delete it while Warmline is stopped; the next start writes it."
        ) from error


def write_run(data: Path, run: RunFile) -> None:
    """Write DATA/run.json, readable by its owner only."""
    write_private(data / _NAME, msgspec.json.format(msgspec.json.encode(run), indent=2).decode() + "\n")


def running(data: Path) -> RunFile | None:
    """Return the run that now uses `data`, or None. The file outlives a stop, so that the next run keeps its ports."""
    run = read_run(data)
    return run if run is not None and process_identity(run.pid) == run.process else None


@contextmanager
def sole_use(data: Path) -> Iterator[None]:
    """Make `data` if needed and hold it for this process alone; a crash releases it.

    Raises OperatorError naming the process that holds it, or why it cannot be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"DATA {data} cannot be used: {error.strerror}. Make it writable for this user, or choose another with "
            "--data or the environment variable DATA."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode() or "unknown"
        os.close(lock)
        raise OperatorError(
            f"Warmline already runs on {data} (process {holder}). Use it, stop it with: kill {holder}, or choose "
            "another folder with --data or the environment variable DATA."
        ) from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)

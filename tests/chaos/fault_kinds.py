"""The faults, as data: what each is called, whom it can hit, and what it must have for itself meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from shared.crash_points import CrashPoint
from tests.chaos.link import Trouble

Act = Literal["crash", "kill", "stop", "server", "power", "link", "cable"]
Needs = Literal["power cut", "cable", "cluster"]
_SERVICES = ("ingest", "triage", "notifier", "projections")
_REACHED_BY: dict[CrashPoint, tuple[str, ...]] = {
    "store.before-commit": ("triage", "notifier"),
    "store.after-commit": ("triage", "notifier"),
    "view.before-commit": ("projections",),
    "view.after-commit": ("projections",),
    "publisher.before-request": ("ingest", "triage", "notifier"),
    "publisher.after-puback": ("ingest", "triage", "notifier"),
    "ingest.before-answer": ("ingest",),
    "relay.before-noting": ("triage", "notifier"),
    "feedback.before-position": ("ingest",),
    "redaction.before-erasure": ("ingest",),
    "notices.before-recording": ("notifier",),
    "lease.before-renewal": _SERVICES,
}
_LINKED = (*_SERVICES, "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One line of the table.

    ``targets`` are services, ``service/bus`` for a link, or a server and how it is hurt; ``seconds`` bound how long it
    lasts; ``needs`` is what not every machine or deployment has.
    """

    name: str
    act: Act
    targets: tuple[str, ...]
    seconds: tuple[float, float] = (3.0, 8.0)
    needs: Needs | None = None


def _crash(point: CrashPoint) -> FaultKind:
    return FaultKind(name=f"kill -9 at {point}", act="crash", targets=_REACHED_BY[point])


def _link(trouble: Trouble, server: str, name: str) -> FaultKind:
    targets = tuple(f"{service}/{server}/{trouble}" for service in _LINKED)
    return FaultKind(name=f"{name}: {trouble}", act="link", targets=targets)


FAULT_KINDS: tuple[FaultKind, ...] = (
    *(_crash(point) for point in get_args(CrashPoint)),
    *(FaultKind(name=f"kill -9 of {service}", act="kill", targets=(service,)) for service in _SERVICES),
    FaultKind(
        name="owner stopped beyond its lease",
        act="stop",
        targets=("triage", "notifier", "projections"),
        seconds=(8.0, 8.0),
    ),
    FaultKind(name="NATS: kill -9 of one node", act="server", targets=("nats/one",)),
    FaultKind(name="NATS: kill -9 of all nodes", act="server", targets=("nats/all",), needs="cluster"),
    FaultKind(name="NATS: power cut", act="power", targets=("nats/power",), needs="power cut"),
    FaultKind(name="PostgreSQL: kill -9", act="server", targets=("postgres/kill",)),
    FaultKind(name="PostgreSQL: immediate restart", act="server", targets=("postgres/restart",)),
    *(
        _link(trouble, server, name)
        for server, name in (("nats", "line to NATS"), ("postgres", "line to PostgreSQL"))
        for trouble in get_args(Trouble)
    ),
    FaultKind(name="cable of one process pulled", act="cable", targets=("triage",), needs="cable"),
)

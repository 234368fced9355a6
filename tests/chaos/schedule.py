"""When which fault happens to whom: a pure function of the seed, the seconds, and what can be done here."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass

from tests.chaos.fault_kinds import FaultKind

_AT_ONCE = (3, 3, 4)
_WARM_UP_SECONDS = 2.0
_QUIET_SECONDS = 5.0
_SPREAD_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: it begins ``at`` seconds after the start and lasts ``seconds``."""

    kind: FaultKind
    target: str
    at: float
    seconds: float

    @property
    def until(self) -> float:
        return self.at + self.seconds


Round = tuple[Fault, ...]
"""Faults that overlap. Between two rounds it is quiet for a while, so that it is seen how soon all works again."""


def schedule(seed: int, seconds: float, kinds: Collection[FaultKind]) -> tuple[Round, ...]:
    """Return the rounds that end before ``seconds``; each of ``kinds`` comes as often as any other, give or take one.

    What happens at the same time never hits the same part in the same way.
    """
    draw = random.Random(seed)
    bag: list[FaultKind] = []
    rounds: list[Round] = []
    begins = _WARM_UP_SECONDS
    while True:
        faults: list[Fault] = []
        taken: set[str] = set()
        wanted = draw.choice(_AT_ONCE)
        while len(faults) < wanted:
            fitting = _take(bag, taken, draw)
            if fitting is None:
                bag += sorted(kinds, key=lambda _: draw.random())
                continue
            kind, target = fitting
            taken.add(_part(kind, target))
            at = begins + draw.random() * _SPREAD_SECONDS
            lasts = draw.uniform(*kind.seconds)
            faults.append(Fault(kind=kind, target=target, at=round(at, 2), seconds=round(lasts, 2)))
        ends = max(fault.until for fault in faults)
        if ends > seconds:
            return tuple(rounds)
        rounds.append(tuple(sorted(faults, key=lambda fault: fault.at)))
        begins = ends + _QUIET_SECONDS


def _take(bag: list[FaultKind], taken: set[str], draw: random.Random) -> tuple[FaultKind, str] | None:
    """Take the first fault from the bag that can be done beside what is ``taken``, and whom it hits."""
    for kind in bag:
        targets = [target for target in kind.targets if _part(kind, target) not in taken]
        if targets:
            bag.remove(kind)
            return kind, draw.choice(targets)
    return None


def _part(kind: FaultKind, target: str) -> str:
    """Return what a fault has for itself: a service's processes, a server, or the lines to a server."""
    return f"line to {target.split('/')[1]}" if kind.act == "link" else target.split("/", maxsplit=1)[0]

"""Occasions: what may need a human, from arising until it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.needs_touch import Evidence, Scalar
from shared.decider import Deadline

FADING: Final = "fading"
CHECK_IN: Final = "check-in"
ONCE: Final = frozenset({"first-post", "first-gathering", "accepted-answer", "first-contribution"})
"""Occasions of which the first counts."""
EARLIEST: Final = ONCE | {"solved"}
"""Occasions of which the earliest waits, and what is newer moves nothing; of all others the newest waits."""


class Occasion(Struct, frozen=True, kw_only=True, gc=False):
    """An event that may need a human, and when that is looked at; ``values`` are what the event tells beside."""

    evidence: Evidence
    due: datetime
    values: dict[str, Scalar] = {}


class OccasionArose(Struct, frozen=True, kw_only=True, gc=False):
    """There is something to look at. ``name`` is that of its deadline."""

    name: str
    occasion: Occasion


class OccasionPostponed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came, and by the policy that holds now it is later."""

    name: str
    due: datetime


class OccasionLookedAt(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came; ``against`` says what stood against a touch, and is None where one is needed.

    ``of`` is the time of the event that was looked at.
    """

    name: str
    of: datetime
    against: str | None
    at: datetime


class Occasions(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What waits to be looked at, and as of which event each kind was looked at last; by name.

    Whatever order events arrive in before they are looked at, the same ones wait.
    """

    waiting: dict[str, Occasion] = {}
    looked_at: dict[str, datetime] = {}

    def changed_by(self, name: str, occasion: Occasion) -> bool:
        """Tell whether ``occasion`` is news: neither looked at, nor outdone by the one that waits."""
        looked_at, waits = self.looked_at.get(name), self.waiting.get(name)
        if looked_at is not None and (name in ONCE or occasion.evidence.time <= looked_at):
            return False
        if waits is None:
            return True
        return _place(occasion) < _place(waits) if name in EARLIEST else _place(occasion) > _place(waits)

    def arise(self, name: str, occasion: Occasion) -> Occasions:
        """Return them with ``occasion`` waiting in place of any other of that name."""
        return replace(self, waiting={**self.waiting, name: occasion})

    def postpone(self, name: str, due: datetime) -> Occasions:
        """Return them with that one waiting until ``due``."""
        return self.arise(name, replace(self.waiting[name], due=due))

    def look_at(self, name: str, of: datetime) -> Occasions:
        """Return them with the one of that name looked at."""
        waiting = {known: one for known, one in self.waiting.items() if known != name}
        return Occasions(waiting=waiting, looked_at={**self.looked_at, name: of})

    def deadlines(self) -> Iterator[Deadline]:
        """Yield when each that waits is looked at."""
        for name, occasion in self.waiting.items():
            yield Deadline(name=name, due=occasion.due)


def _place(occasion: Occasion) -> tuple[datetime, str, str]:
    evidence = occasion.evidence
    return (evidence.time, evidence.source, evidence.event)

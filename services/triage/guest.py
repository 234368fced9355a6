"""One identity of a member as a guest of gatherings: since when they come to any."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from shared.decider import Decider


class CameFirst(Struct, frozen=True, kw_only=True, gc=False):
    """At that time they were at the earliest gathering that is known of them."""

    at: datetime


class NoteCame(Struct, frozen=True, kw_only=True, gc=False):
    """They were at a gathering."""

    at: datetime


class GuestState(Struct, frozen=True, kw_only=True, gc=False):
    """When they were at the earliest gathering that is known."""

    first: datetime | None = None


def decide(command: Any, state: GuestState) -> tuple[CameFirst, ...]:
    """Return the events that ``command`` leads to."""
    if isinstance(command, NoteCame) and (state.first is None or command.at < state.first):
        return (CameFirst(at=command.at),)
    return ()


def evolve(state: GuestState, event: Any) -> GuestState:
    """Return the state after ``event``."""
    return replace(state, first=event.at) if isinstance(event, CameFirst) else state


GUEST: Final[Decider[GuestState]] = Decider(
    category="guest", initial=GuestState(), decide=decide, evolve=evolve, events=(CameFirst,)
)

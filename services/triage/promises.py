"""What the team promised a member: to come back to them on a day.

Each promise waits for its day, and for the team's hours on it. Those that are due at once become one need.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.contact import ContactDeclined
from shared.contracts.needs_touch import Evidence, MemberRef
from shared.decider import Deadline

PROMISED: Final = "promised"
MOST: Final = 32
"""So many promises to one member wait at once; those that come last are told in the history alone."""


# What happened


class FollowUpPromised(Struct, frozen=True, kw_only=True, gc=False):
    """The responder ``by`` said that they come back to the member at ``due``."""

    by: str
    due: datetime
    evidence: Evidence


class PromisesPostponed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline of those that were due came, and by the policy that holds now it is later."""

    of: tuple[Evidence, ...]
    due: datetime


class PromisesLookedAt(Struct, frozen=True, kw_only=True, gc=False):
    """The time of some promises came; ``against`` says what stood against a touch, and is None where one is needed."""

    of: tuple[Evidence, ...]
    against: str | None
    at: datetime


# What is asked


class NotePromise(Struct, frozen=True, kw_only=True, gc=False):
    """A responder says that they come back to ``member``."""

    member: MemberRef
    by: str
    due: datetime
    evidence: Evidence


Promises = tuple[FollowUpPromised, ...]
"""Those that wait, the earliest first."""


def with_promise(waiting: Promises, promise: FollowUpPromised) -> Promises:
    """Return those that wait with ``promise``."""
    return _in_order((*waiting, promise))[:MOST]


def postponed(waiting: Promises, event: PromisesPostponed) -> Promises:
    """Return those that wait, some of them for longer."""
    return _in_order(replace(one, due=event.due) if one.evidence in event.of else one for one in waiting)


def without(waiting: Promises, event: PromisesLookedAt) -> Promises:
    """Return those that wait yet."""
    return tuple(one for one in waiting if one.evidence not in event.of)


def due_at(waiting: Promises, declined: ContactDeclined | None, at: datetime) -> Promises:
    """Return those whose time has come at ``at``."""
    dues = ((one, _due(one, declined)) for one in waiting)
    return tuple(one for one, due in dues if due is not None and due <= at)


def deadlines(waiting: Promises, declined: ContactDeclined | None) -> tuple[Deadline, ...]:
    """Return when the first of those that wait is looked at."""
    dues = [due for one in waiting if (due := _due(one, declined)) is not None]
    return (Deadline(name=PROMISED, due=min(dues)),) if dues else ()


def _due(promise: FollowUpPromised, declined: ContactDeclined | None) -> datetime | None:
    """Return when it is due: if promised before the member asked not to be contacted, not before the end of that."""
    if declined is None or promise.evidence.time > declined.at:
        return promise.due
    return max(promise.due, declined.until) if declined.until is not None else None


def _in_order(promises: Iterable[FollowUpPromised]) -> Promises:
    return tuple(sorted(promises, key=lambda one: (one.due, one.evidence.time, one.evidence.event)))

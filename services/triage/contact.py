"""Members who asked not to be contacted: for a while, or until somebody says otherwise.

Meanwhile nobody is asked to turn to them: what rules wait for is looked at when it ends, what they find at once is told
to nobody, and what stood before is withdrawn. A few needs are for a person to decide all the same, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.needs import is_crisis
from shared.contracts.needs_touch import TouchReason
from shared.decider import Deadline

DECLINED: Final = "asked not to be contacted"
MARK: Final = "asked_not_to_be_contacted"
"""What says so among the values of a need that is raised nevertheless."""

_DECIDED_BY_PEOPLE: Final = frozenset({"by-hand", "heated"})
"""What somebody of the team asked for, knowing it; and what is about others as much as about the member."""


# What happened


class ContactDeclined(Struct, frozen=True, kw_only=True, gc=False):
    """From ``at`` on the member is not to be contacted before ``until``; None: until somebody says otherwise."""

    until: datetime | None
    at: datetime

    def holds(self, at: datetime) -> bool:
        """Tell whether it does at that time."""
        return self.until is None or at < self.until


class ContactAllowed(Struct, frozen=True, kw_only=True, gc=False):
    """From ``at`` on the member may be contacted again."""

    at: datetime


# What is asked


class NoteDeclined(Struct, frozen=True, kw_only=True, gc=False):
    """The member does not want to be contacted before ``until``, or at all."""

    until: datetime | None
    at: datetime


class NoteAllowed(Struct, frozen=True, kw_only=True, gc=False):
    """The member may be contacted again."""

    at: datetime


def note(
    command: NoteDeclined | NoteAllowed, declined: ContactDeclined | None
) -> tuple[ContactDeclined | ContactAllowed, ...]:
    """Return what follows; ``declined`` is what was known."""
    if isinstance(command, NoteDeclined):
        return (ContactDeclined(until=command.until, at=command.at),)
    return (ContactAllowed(at=command.at),) if declined is not None else ()


def strictest(told: Iterable[ContactDeclined]) -> ContactDeclined | None:
    """Return what one person said as several identities: the longest that they asked for, as of the last time."""
    said = list(told)
    if not said:
        return None
    ends = [one.until for one in said if one.until is not None]
    return ContactDeclined(until=max(ends) if len(ends) == len(said) else None, at=max(one.at for one in said))


def allowed_from(due: datetime | None, declined: ContactDeclined | None) -> datetime | None:
    """Return ``due``, or the day from which the member may be contacted again, if that is known and later."""
    if due is None or declined is None or declined.until is None:
        return due
    return max(due, declined.until)


def put_off(deadlines: tuple[Deadline, ...], declined: ContactDeclined | None) -> tuple[Deadline, ...]:
    """Return when is looked at what waits: not before the member may be contacted."""
    if declined is None:
        return deadlines
    until = declined.until
    return () if until is None else tuple(replace(one, due=max(one.due, until)) for one in deadlines)


def is_for_people(need: TouchReason, declined: ContactDeclined) -> bool:
    """Tell whether a person decides what becomes of the need, though the member asked not to be contacted.

    A crisis is such a need, and so is what the member was promised after they had asked for that.
    """
    if need.reason in _DECIDED_BY_PEOPLE or is_crisis(need):
        return True
    return need.promised_by is not None and need.evidence[-1].time > declined.at


def against(need: TouchReason, declined: ContactDeclined | None) -> str | None:
    """Return what stands against telling anybody of the need, if anything does."""
    if declined is None or not declined.holds(need.at) or is_for_people(need, declined):
        return None
    return DECLINED if declined.until is None else f"{DECLINED} before {declined.until.date()}"


def marked(need: TouchReason, declined: ContactDeclined | None) -> TouchReason:
    """Return the need as it is told: of somebody who is not to be contacted, it says so."""
    if declined is None or not declined.holds(need.at):
        return need
    return replace(need, values={**need.values, MARK: True})

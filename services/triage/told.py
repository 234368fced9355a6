"""What the team tells of one identity of a member, which no platform reports, and how it follows from what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.contact import ContactAllowed, ContactDeclined
from services.triage.promises import (
    FollowUpPromised,
    Promises,
    PromisesLookedAt,
    PromisesPostponed,
    postponed,
    with_promise,
    without,
)
from services.triage.tags import TagGiven, TagTaken

TOLD_EVENTS: Final = (
    ContactDeclined,
    ContactAllowed,
    FollowUpPromised,
    PromisesPostponed,
    PromisesLookedAt,
    TagGiven,
    TagTaken,
)


class Told(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Whether the member asked not to be contacted, what they were promised, and which tags they were given."""

    declined: ContactDeclined | None = None
    promises: Promises = ()
    tags: tuple[str, ...] = ()

    def declines_contact(self, at: datetime) -> bool:
        """Tell whether the member is not to be contacted at that time."""
        return self.declined is not None and self.declined.holds(at)


def evolve(told: Told, event: Any) -> Told:
    """Return what is told after one of TOLD_EVENTS."""
    match event:
        case ContactDeclined():
            return replace(told, declined=event)
        case ContactAllowed():
            return replace(told, declined=None)
        case FollowUpPromised():
            return replace(told, promises=with_promise(told.promises, event))
        case PromisesPostponed():
            return replace(told, promises=postponed(told.promises, event))
        case TagGiven():
            return replace(told, tags=(*told.tags, event.tag))
        case TagTaken():
            return replace(told, tags=tuple(tag for tag in told.tags if tag != event.tag))
        case _:
            return replace(told, promises=without(told.promises, event))

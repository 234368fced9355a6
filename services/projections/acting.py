"""What people ask of the API to be done, and what they are answered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from services.projections.resources import QueueItem
from shared.contracts.names import Label, Name, Note, Tag, Urgency
from shared.contracts.warmline_facts import CareWay


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action on a touch: by whom, on which revision of it.

    With the same ``command_id`` it is done once, however often it is sent.
    """

    responder: Name
    revision: int
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """The touch's revision after the action. ``item`` is the touch as the queue holds it now.

    ``shown`` is false when the queue had not caught up with that revision in time.
    """

    touch: str
    revision: int
    shown: bool
    item: QueueItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Have somebody turn to a member: who asks, and why. With the same ``command_id`` it is done once."""

    responder: Name
    why: Note
    urgency: Urgency = "soon"
    conversation: Label | None = None
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Care that was given where no source reports it, now or ``at`` an earlier time. With one ``command_id``, once."""

    responder: Name
    way: CareWay
    note: Note | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whether a member wants to be contacted; if not, not before ``until``, or until somebody says otherwise.

    With one ``command_id``, once.
    """

    responder: Name
    wanted: bool
    until: Annotated[datetime, Meta(tz=True)] | None = None
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Come back to a member on ``day``, as of the team's time zone. With one ``command_id``, it is promised once."""

    responder: Name
    day: date
    note: Note | None = None
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Say of two identities that they are one person, or take it back; ``why`` tells how one knows.

    ``other`` is the other's key or ``platform:id``. With the same ``command_id`` it is done once.
    """

    responder: Name
    other: Label
    why: Note
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """Give a member a tag of the team's, or take it away (``given`` is false). With one ``command_id``, once."""

    responder: Name
    tag: Tag
    given: bool = True
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteForTeam:
    """Something to know of a member, for the team alone. With one ``command_id``, it is written once."""

    responder: Name
    text: Note
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneWish:
    """Whether a member wants nothing read for its tone. With one ``command_id``, it is told once."""

    responder: Name
    opted_out: bool
    command_id: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told is kept under the key ``event``; ``touch`` is the touch that it led to.

    ``shown`` is false when the pages had not caught up with it in time.
    """

    event: str
    shown: bool
    touch: str | None


def id_of_command(given: str | None = None) -> str:
    """Return the id by which a command is done once however often it is sent: ``given``, or else a new one."""
    return given or secrets.token_urlsafe(18)

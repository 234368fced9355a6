"""What people ask of the API to be done, and what they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.projections.resources import QueueItem
from shared.contracts.names import Label, Name, Note, Urgency
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
class Told:
    """What was told is kept under the key ``event``; ``touch`` is the touch that it led to.

    ``shown`` is false when the pages had not caught up with it in time.
    """

    event: str
    shown: bool
    touch: str | None

"""Commands of people, sent by request and reply, and their answers: on a touch to its owner, on a member to ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final

from msgspec import Meta

from shared.contracts.names import Label, Name, Note, Tag, Urgency
from shared.contracts.policy import Identity
from shared.contracts.touch_facts import Outcome
from shared.contracts.warmline_facts import CareWay


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchCommand:
    """What every command on a touch holds.

    ``command_id`` makes acting twice do nothing twice; ``revision`` is the touch's revision that the person saw.
    """

    command_id: Label
    organisation: Name
    touch: Label
    responder: Name
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTouch(TouchCommand):
    """Take the touch into one's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTouch(TouchCommand):
    """Give a touch back that is assigned to or claimed by the responder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleTouch(TouchCommand):
    """Say how the touch ended."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """The answer to a command: the touch's revision that a page awaits, or why it was refused.

    ``position`` is the owner's log position after the command. ``refused`` is one of ``unknown-touch``,
    ``unknown-responder``, ``stale-revision``, ``not-allowed``, ``already-ended`` and ``bad-command``.
    """

    touch: Label
    revision: int
    position: int
    refused: str | None = None
    detail: str = ""


COMMAND_TYPES: Final[dict[str, type[TouchCommand]]] = {
    "claim": ClaimTouch,
    "release": ReleaseTouch,
    "settle": SettleTouch,
}
"""The last token of the command's subject to the form of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCommand:
    """What every command on a member holds; ``command_id`` makes acting twice do nothing twice."""

    command_id: Label
    community: Name
    member: Identity
    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForTouch(MemberCommand):
    """Have somebody turn to the member; ``why`` is for whoever will."""

    why: Note
    urgency: Urgency
    conversation: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCare(MemberCommand):
    """Say that one has cared for the member where no source reports it: now, or ``at`` an earlier time."""

    way: CareWay
    note: Note | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCommand(MemberCommand):
    """What a command on the link of the member and ``other`` holds: ``why`` says how one knows."""

    other: Identity
    why: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMember(LinkCommand):
    """Say that the two are one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkMember(LinkCommand):
    """Take back that the two are one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineContact(MemberCommand):
    """Say that the member does not want to be contacted before ``until``; without it, until somebody says otherwise."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowContact(MemberCommand):
    """Say that the member may be contacted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFollowUp(MemberCommand):
    """Say that one comes back to the member on ``day``, as of the team's time zone."""

    day: date
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTag(MemberCommand):
    """Let the member carry the tag."""

    tag: Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTag(MemberCommand):
    """Take a tag away that the team had given."""

    tag: Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteNote(MemberCommand):
    """Write something down about the member, for the team alone."""

    text: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutOfTone(MemberCommand):
    """Say that the member wants nothing read for its tone; or, with ``opted_out`` false, that they take that back."""

    opted_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberReply:
    """The answer to a command on a member: what it has become in MEMBER_EVENTS, or why it was refused.

    ``event`` is the key under which the fact is known, ``position`` where the stream holds it; empty and 0 when it was
    refused. ``refused`` is one of
    ``bad-command``, ``unknown-community``, ``unknown-responder``, ``not-allowed`` and ``unavailable``.
    """

    event: str
    position: int
    refused: str | None = None
    detail: str = ""


MEMBER_COMMAND_TYPES: Final[dict[str, type[MemberCommand]]] = {
    "ask": AskForTouch,
    "log-care": LogCare,
    "link": LinkMember,
    "unlink": UnlinkMember,
    "decline-contact": DeclineContact,
    "allow-contact": AllowContact,
    "promise": PromiseFollowUp,
    "tag": GiveTag,
    "untag": TakeTag,
    "note": WriteNote,
    "tone": OptOutOfTone,
}
"""The last token of the command's subject to the form of the body."""

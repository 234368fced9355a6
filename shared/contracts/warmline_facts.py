"""Warmline's own facts, which enter MEMBER_EVENTS as events of the platform ``warmline``.

Triage learns from nothing but MEMBER_EVENTS; these are how it hears of a policy, an import or a settled touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from shared.contracts.names import Label, Name, Note, Tag, Urgency
from shared.contracts.policy import Identity, Policy
from shared.contracts.touch_facts import Outcome

PLATFORM: Final = "warmline"

CareWay = Literal["call", "message", "meeting", "other"]
"""How somebody was cared for where no source reports it: by telephone, in writing, face to face, or otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted:
    """From here on ``policy`` holds in the community; ``version`` is derived from the policy's content."""

    community: Name
    version: Label
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBegan:
    """History is being imported: facts are folded, and no deadline of the community fires until it ends."""

    community: Name
    import_id: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEnded:
    """The import is over: each deadline of the community is looked at once."""

    community: Name
    import_id: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchSettled:
    """The need is met or was none; ``about`` is the triage stream that raised the touch.

    ``need_revision`` is the needs-touch that was known then: a reason of a later one is not settled.
    """

    community: Name
    touch: Label
    about: Label
    outcome: Outcome
    need_revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneOptOut:
    """From here on nothing that the member writes is read for its tone; or, when taken back, it is read again.

    ``responder`` told it; where that is nobody, the administrator did.
    """

    community: Name
    member: Identity
    opted_out: bool
    responder: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamTold:
    """What a responder tells of a member; the fact's time is when it happened.

    What they write is for the team: it stands here and in the history, and nowhere else.
    """

    community: Name
    member: Identity
    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchAsked(TeamTold):
    """Somebody needs a human, says ``responder``: ``why`` in their words."""

    why: Note
    urgency: Urgency
    conversation: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareLogged(TeamTold):
    """``responder`` cared for the member where no source reports it."""

    way: CareWay
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDeclined(TeamTold):
    """The member does not want to be contacted before ``until``; without it, until somebody says otherwise."""

    until: Annotated[datetime, Meta(tz=True)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAllowed(TeamTold):
    """The member may be contacted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpPromised(TeamTold):
    """``responder`` said that they come back to the member on ``day``, as of the team's time zone."""

    day: date
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagGiven(TeamTold):
    """From here on the member carries the tag, beside those that platforms tell."""

    tag: Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTaken(TeamTold):
    """The tag that the team had given is taken away."""

    tag: Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(TeamTold):
    """``responder`` wrote something down for the team. Nothing is decided by it."""

    text: Note


MOST_LINKED: Final = 16
"""So many identities are one person at most: a link that would make it more is not followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTold:
    """Of two identities of a community, ``why`` they are one person or not: said by ``responder`` or by ``rule``.

    Of what is told of two, in whichever order they are named, the last in the stream holds.
    """

    community: Name
    member: Identity
    other: Identity
    why: Note
    responder: Name | None = None
    rule: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLinked(LinkTold):
    """From here on the two are one person: who cares for one, cares for the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUnlinked(LinkTold):
    """The two are not linked any more: each is as if they never had been."""


WarmlineFact = PolicyAdopted | ImportBegan | ImportEnded | TouchSettled | ToneOptOut | TeamTold | LinkTold

WARMLINE_FACT_TYPES: Final[dict[str, type[WarmlineFact]]] = {
    "warmline.community.policy-adopted.v1": PolicyAdopted,
    "warmline.community.import-began.v1": ImportBegan,
    "warmline.community.import-ended.v1": ImportEnded,
    "warmline.community.touch-settled.v1": TouchSettled,
    "warmline.community.tone-opt-out.v1": ToneOptOut,
    "warmline.community.touch-asked.v1": TouchAsked,
    "warmline.community.care-logged.v1": CareLogged,
    "warmline.community.contact-declined.v1": ContactDeclined,
    "warmline.community.contact-allowed.v1": ContactAllowed,
    "warmline.community.follow-up-promised.v1": FollowUpPromised,
    "warmline.community.tag-given.v1": TagGiven,
    "warmline.community.tag-taken.v1": TagTaken,
    "warmline.community.note-written.v1": NoteWritten,
    "warmline.community.member-linked.v1": MemberLinked,
    "warmline.community.member-unlinked.v1": MemberUnlinked,
}
"""CloudEvents ``type`` to the form of ``data``."""

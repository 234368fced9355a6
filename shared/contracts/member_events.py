"""Member events: facts that a source reported about members, as they enter at ``POST /v1/events``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from shared.contracts.names import Audience, Label, Name, Text, Url

Score = Annotated[int, Meta(ge=0, le=10)]
Roles = Annotated[tuple[Label, ...], Meta(max_length=100)]
Mentions = Annotated[tuple[Label, ...], Meta(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One identity of a member, as the platform names it at the time of the event."""

    id: Label
    name: Annotated[str, Meta(max_length=300)] | None = None
    handle: Annotated[str, Meta(max_length=300)] | None = None
    roles: Roles = ()
    bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEventData:
    """What every member event holds. A source's token decides community and platform, so both may be left out."""

    member: Member
    community: Name | None = None
    platform: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(MemberEventData):
    """The member became part of the community."""

    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(MemberEventData):
    """The member wrote something. ``conversation`` is the thread, topic or channel in which answers are looked for."""

    conversation: Label
    message: Label
    text: Text
    reply_to: Label | None = None
    channel: Annotated[str, Meta(max_length=300)] | None = None
    audience: Audience = "public"
    mentions: Mentions = ()
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(MemberEventData):
    """The member changed what stood in ``message``; ``text`` is what stands there now."""

    conversation: Label
    message: Label
    text: Text
    audience: Audience = "public"
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(MemberEventData):
    """``message``, written by the member, is gone from the platform."""

    conversation: Label
    message: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted(MemberEventData):
    """The member put ``reaction`` on somebody's ``message``."""

    conversation: Label
    message: Label
    reaction: Label
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended(MemberEventData):
    """The member was at a gathering: a call, a meet-up, a course."""

    gathering: Label
    title: Annotated[str, Meta(max_length=300)] | None = None
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed(MemberEventData):
    """The member answered a survey; ``score`` is 0 to 10, as in "would you recommend us"."""

    survey: Label
    score: Score
    comment: Text | None = None
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderated(MemberEventData):
    """A moderator or a rule of the platform acted on the member or on one of the member's messages."""

    action: Label
    conversation: Label | None = None
    message: Label | None = None
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed(MemberEventData):
    """The member prolonged a membership or a subscription."""

    plan: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(MemberEventData):
    """The member cancelled a membership or a subscription."""

    plan: Label | None = None
    comment: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(MemberEventData):
    """The member left the community."""

    comment: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved(MemberEventData):
    """The conversation was marked as solved by the member; ``message`` is the accepted answer where there is one."""

    conversation: Label
    message: Label | None = None
    url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated(MemberEventData):
    """The member's profile, roles or tags changed; ``member`` and ``tags`` are what holds now."""

    tags: Annotated[tuple[Label, ...], Meta(max_length=100)] = ()


MEMBER_EVENT_TYPES: Final[dict[str, type[MemberEventData]]] = {
    f"warmline.member.{kind.__name__.lower()}.v1": kind
    for kind in (
        Joined,
        Posted,
        Edited,
        Deleted,
        Reacted,
        Attended,
        Surveyed,
        Moderated,
        Renewed,
        Cancelled,
        Left,
        Solved,
        Updated,
    )
}
"""CloudEvents ``type`` to the form of ``data``."""

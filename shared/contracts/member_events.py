"""Member events: facts that a source reported about members, as they enter at ``POST /v1/events``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from shared.contracts.names import ADDRESS_HASH, Audience, Label, Name, Text, Url

Score = Annotated[int, Meta(ge=0, le=10)]
AddressHash = Annotated[str, Meta(pattern=ADDRESS_HASH)]
"""What stands for an e-mail address: a keyed hash of it."""
Accounts = Annotated[dict[Name, Annotated[str, Meta(pattern=r"^@?[^@\s]{1,200}$(?!\n)")]], Meta(max_length=20)]
"""Platforms, and under which login or id the member says to be there: no address."""
Roles = Annotated[tuple[Label, ...], Meta(max_length=100)]
Mentions = Annotated[tuple[Label, ...], Meta(max_length=100)]


class Member(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One identity of a member, as the platform names it at the time of the event."""

    id: Label
    name: Annotated[str, Meta(max_length=300)] | None = None
    handle: Annotated[str, Meta(max_length=300)] | None = None
    roles: Roles = ()
    bot: bool = False


class MemberEventData(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What every member event holds. A source's token decides community and platform, so both may be left out.

    What is as it is by default is not stored: it was a quarter of most events.
    """

    member: Member
    community: Name | None = None
    platform: Name | None = None


class Joined(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member became part of the community. What else the profile tells is as in a change of it."""

    url: Url | None = None
    address: AddressHash | None = None
    accounts: Accounts = {}


class Posted(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member wrote something. ``conversation`` is the thread, topic or channel in which answers are looked for.

    ``place`` is the channel, by its id, in which the message stands outside of threads. Where it is told, what follows
    there may answer a message that is a conversation of its own.
    """

    conversation: Label
    message: Label
    text: Text
    reply_to: Label | None = None
    channel: Annotated[str, Meta(max_length=300)] | None = None
    audience: Audience = "public"
    mentions: Mentions = ()
    url: Url | None = None
    place: Label | None = None


class Edited(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member changed what stood in ``message``; ``text`` is what stands there now.

    ``recovered`` when it is on the platform again after it was deleted, with that text.
    """

    conversation: Label
    message: Label
    text: Text
    audience: Audience = "public"
    url: Url | None = None
    recovered: bool = False


class Deleted(MemberEventData, frozen=True, kw_only=True, gc=False):
    """``message``, written by the member, is gone from the platform."""

    conversation: Label
    message: Label


class Reacted(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member put ``reaction`` on somebody's ``message``."""

    conversation: Label
    message: Label
    reaction: Label
    url: Url | None = None


class Planned(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The gathering takes place as is told here, or is ``called_off``: of one gathering, what was told last holds.

    ``member`` is the host, else who announced it; a bot where the platform names nobody. ``gathering`` is as of who
    attended it, ``where`` the channel, the address or the link at which people meet.
    """

    gathering: Label
    starts_at: Annotated[datetime, Meta(tz=True)]
    ends_at: Annotated[datetime, Meta(tz=True)] | None = None
    title: Annotated[str, Meta(max_length=300)] | None = None
    where: Annotated[str, Meta(max_length=300)] | None = None
    audience: Audience = "public"
    url: Url | None = None
    called_off: bool = False


class Registered(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member said that they come to the gathering, or, where it is ``declined``, that they do not."""

    gathering: Label
    declined: bool = False


class Attended(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member was at a gathering: a call, a meet-up, a course."""

    gathering: Label
    title: Annotated[str, Meta(max_length=300)] | None = None
    url: Url | None = None


class Surveyed(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member answered a survey; ``score`` is 0 to 10, as in "would you recommend us"."""

    survey: Label
    score: Score
    comment: Text | None = None
    url: Url | None = None


class Moderated(MemberEventData, frozen=True, kw_only=True, gc=False):
    """A moderator or a rule of the platform acted on the member or on one of the member's messages."""

    action: Label
    conversation: Label | None = None
    message: Label | None = None
    url: Url | None = None


class Renewed(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member prolonged a membership or a subscription."""

    plan: Label | None = None


class Cancelled(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member cancelled a membership or a subscription."""

    plan: Label | None = None
    comment: Text | None = None


class Left(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member left the community."""

    comment: Text | None = None


class Solved(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The conversation was marked as solved by the member; ``message`` is the accepted answer where there is one.

    ``contributor`` is the member whose work was taken over with it, by their id, such as the author of a pull request
    that was merged.
    """

    conversation: Label
    message: Label | None = None
    url: Url | None = None
    contributor: Label | None = None


class Updated(MemberEventData, frozen=True, kw_only=True, gc=False):
    """The member's profile, roles or tags changed; ``member`` and ``tags`` are what holds now.

    ``address`` stands for the member's e-mail address, ``accounts`` are who they say to be on other platforms: both are
    kept as far as they were ever told, for people to see who may be one person.
    """

    tags: Annotated[tuple[Label, ...], Meta(max_length=100)] = ()
    address: AddressHash | None = None
    accounts: Accounts = {}


# Tuples, made once: a union is made anew wherever one is written, and each event is asked.
WRITTEN: Final = (Posted, Edited)
"""What holds a message as its writer has it."""
TOLD_OF: Final = (Moderated, Updated, Left, Cancelled)
"""What is told of a member wherever they are, and does not show that they are there."""

MEMBER_EVENT_TYPES: Final[dict[str, type[MemberEventData]]] = {
    f"warmline.member.{kind.__name__.lower()}.v1": kind
    for kind in (
        Joined,
        Posted,
        Edited,
        Deleted,
        Reacted,
        Planned,
        Registered,
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

"""Discord's objects as its API and its gateway give them, as far as they are read. Pure.

Forms: https://docs.discord.com/developers/resources/message, channel, guild, audit-log and guild-scheduled-event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from services.ingest.platforms.facts import name_of, stamp
from services.ingest.platforms.reading import Time
from shared.contracts.member_events import Member

Snowflake = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$(?!\n)")]
"""An id, which holds the moment at which it was made."""
Permissions = Annotated[str, Meta(pattern=r"^[0-9]{1,30}$(?!\n)")]

REPLY: Final = 19
SAID: Final = frozenset((0, REPLY, 20, 23))
"""The types of messages that somebody wrote: DEFAULT, REPLY, CHAT_INPUT_COMMAND and CONTEXT_MENU_COMMAND."""
PRIVATE_THREAD: Final = 12
THREADS: Final = frozenset((10, 11, PRIVATE_THREAD))
SPOKEN_IN: Final = frozenset((2, 13))
"""The types of channels that are joined to hear who speaks: voice and stages. Who cannot join reads nothing there."""
MESSAGES_IN: Final = SPOKEN_IN | {0, 5}
"""The types of channels in which messages stand: those, text and announcements."""
FORUMS: Final = frozenset((15, 16))
THREADS_IN: Final = FORUMS | {0, 5}
"""The types of channels that have threads: text, announcements, forums and media."""
_REJOINED: Final = 1
_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
_MOST_ROLES: Final = 100


class UserObject(Struct, frozen=True, kw_only=True):
    """An account. Its e-mail address never enters."""

    id: Snowflake
    username: str | None = None
    global_name: str | None = None
    bot: bool = False


class MemberObject(Struct, frozen=True, kw_only=True):
    """What an account is in a server; ``user`` is left out where it stands beside. Roles are told by id."""

    user: UserObject | None = None
    nick: str | None = None
    roles: tuple[Snowflake, ...] = ()
    joined_at: Time | None = None
    flags: int = 0

    @property
    def came_again(self) -> bool:
        """Whether the member had been in the server before."""
        return bool(self.flags & _REJOINED)


class PresentObject(MemberObject, frozen=True, kw_only=True):
    """A member of a server, in a list or in an event about it."""

    user: UserObject


class MentionObject(UserObject, frozen=True, kw_only=True):
    """A user whom a message addresses."""

    member: MemberObject | None = None


class ReferenceObject(Struct, frozen=True, kw_only=True):
    """What a message answers, or passes on."""

    message_id: Snowflake | None = None


class AnsweredObject(Struct, frozen=True, kw_only=True):
    """The message that one answers."""

    id: Snowflake
    type: int = 0
    message_reference: ReferenceObject | None = None

    @property
    def answers(self) -> str | None:
        """The message that it replies to."""
        reference = self.message_reference
        return reference.message_id if self.type == REPLY and reference is not None else None


class EmojiObject(Struct, frozen=True, kw_only=True):
    """A sign: itself, or the name of the server's own, which has an id."""

    name: str | None = None
    id: Snowflake | None = None


class ReactionObject(Struct, frozen=True, kw_only=True):
    """A sign that was put on a message; by whom is another list."""

    emoji: EmojiObject


class MessageObject(AnsweredObject, frozen=True, kw_only=True):
    """A message. Only the gateway tells ``member``."""

    channel_id: Snowflake
    author: UserObject
    timestamp: Time
    content: str = ""
    edited_timestamp: Time | None = None
    member: MemberObject | None = None
    webhook_id: Snowflake | None = None
    mentions: tuple[MentionObject, ...] = ()
    referenced_message: AnsweredObject | None = None
    reactions: tuple[ReactionObject, ...] = ()


class OverwriteObject(Struct, frozen=True, kw_only=True):
    """What a channel allows and denies to a role, or to a member."""

    id: Snowflake
    allow: Permissions = "0"
    deny: Permissions = "0"


class TagObject(Struct, frozen=True, kw_only=True):
    """A tag that a forum has for its posts."""

    id: Snowflake
    name: str = ""


class ThreadMetadataObject(Struct, frozen=True, kw_only=True):
    """Whether a thread is put away, and since when."""

    archived: bool = False
    archive_timestamp: Time | None = None


class ChannelObject(Struct, frozen=True, kw_only=True):
    """A channel, a category or a thread; a post of a forum is a thread."""

    id: Snowflake
    type: int
    guild_id: Snowflake | None = None
    name: str | None = None
    parent_id: Snowflake | None = None
    owner_id: Snowflake | None = None
    last_message_id: Snowflake | None = None
    permission_overwrites: tuple[OverwriteObject, ...] = ()
    available_tags: tuple[TagObject, ...] = ()
    applied_tags: tuple[Snowflake, ...] = ()
    thread_metadata: ThreadMetadataObject | None = None

    @property
    def archived_at(self) -> datetime | None:
        """When a thread was put away; None for one that is not."""
        metadata = self.thread_metadata
        return metadata.archive_timestamp if metadata is not None and metadata.archived else None


class RoleObject(Struct, frozen=True, kw_only=True):
    """A role; the one with the server's own id is everybody's."""

    id: Snowflake
    name: str = ""
    permissions: Permissions = "0"


class ChangeObject(Struct, frozen=True, kw_only=True):
    """What became of a property."""

    key: str
    new_value: object = None


class AuditObject(Struct, frozen=True, kw_only=True):
    """An entry of the audit log."""

    id: Snowflake
    action_type: int
    target_id: str | None = None
    changes: tuple[ChangeObject, ...] = ()


class EntityObject(Struct, frozen=True, kw_only=True):
    """Where an event takes place that is in no channel."""

    location: str | None = None


class ScheduledEventObject(Struct, frozen=True, kw_only=True):
    """An event that is announced in a server; ``channel_id`` is where it takes place, if that is a channel.

    One that recurs keeps its id, and its times become those of the next.
    """

    id: Snowflake
    status: int
    scheduled_start_time: Time
    scheduled_end_time: Time | None = None
    name: str | None = None
    channel_id: Snowflake | None = None
    creator_id: Snowflake | None = None
    creator: UserObject | None = None
    entity_metadata: EntityObject | None = None
    recurrence_rule: dict[str, Raw] | None = None

    @property
    def gathering(self) -> str:
        """What stands for the gathering, each time that it takes place."""
        if self.recurrence_rule is None:
            return self.id
        return f"{self.id}:{stamp(self.scheduled_start_time)}"


def time_of_id(snowflake: str) -> datetime:
    """Return when an id was made."""
    return _EPOCH + timedelta(milliseconds=int(snowflake) >> 22)


def id_at(time: datetime) -> str:
    """Return an id that is no later than any that is made from ``time`` on."""
    return str(max((time - _EPOCH) // timedelta(milliseconds=1), 0) << 22)


def member_of(user: UserObject, member: MemberObject | None, roles: Mapping[str, str]) -> Member:
    """Return an account as a member; ``roles`` are the names of the server's."""
    named = (roles.get(role) for role in member.roles) if member is not None else ()
    return Member(
        id=user.id,
        name=(name_of(member.nick) if member is not None else None)
        or name_of(user.global_name)
        or name_of(user.username),
        handle=name_of(user.username),
        roles=tuple(role for role in named if role)[:_MOST_ROLES],
        bot=user.bot,
    )

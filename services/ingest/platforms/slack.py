"""Slack's objects as facts: messages, reactions and users, whether an event or an export brought them; pure.

Formats: https://docs.slack.dev/reference/events/message and https://docs.slack.dev/reference/objects/user-object.
A thread is a conversation, and so is each message outside of threads, for answers are given in its thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.ingest.platforms.facts import (
    Fact,
    NotAFactError,
    deletion_id,
    edit_id,
    link,
    member_fact_id,
    name_of,
    post_id,
    reaction_id,
    text_of,
)
from services.ingest.platforms.slack_text import plain_text
from shared.contracts.member_events import Deleted, Edited, Joined, Left, Member, Posted, Reacted, Updated
from shared.contracts.names import Audience

PLATFORM: Final = "slack"

SAID: Final = frozenset((None, "bot_message", "file_comment", "file_share", "me_message", "thread_broadcast"))
"""The subtypes of messages that somebody wrote."""
_JOINED: Final = frozenset(("channel_join", "group_join"))
_LEFT: Final = frozenset(("channel_leave", "group_leave"))
_ROLES: Final = (
    ("is_primary_owner", "primary-owner"),
    ("is_owner", "owner"),
    ("is_admin", "admin"),
    ("is_restricted", "guest"),
    ("is_ultra_restricted", "single-channel-guest"),
)
_SLACKBOT: Final = "USLACKBOT"
_NAME: Final = 300
_LATEST: Final = 32_503_680_000.0
"""The year 3000: later times are a mistake, and not all of them fit into a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where a message stands. Everybody is in the ``general`` channel: joining it is joining the workspace."""

    id: str
    name: str | None = None
    audience: Audience = "members"
    general: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What is known beside the message: its members by id, and the workspace's address if links are wanted."""

    members: Mapping[str, Member]
    url: str | None = None


def member_of(user: Mapping[str, Any]) -> Member:
    """Return a user object as a member; raises NotAFactError."""
    profile = user.get("profile")
    profile = profile if isinstance(profile, Mapping) else {}
    user_id = _text(user, "id")
    handle = _maybe(user.get("name"))
    return Member(
        id=user_id,
        name=_maybe(profile.get("display_name")) or _maybe(profile.get("real_name")) or handle,
        handle=handle,
        roles=tuple(role for flag, role in _ROLES if user.get(flag) is True),
        bot=user.get("is_bot") is True or user_id == _SLACKBOT,
    )


def address_of(user: Mapping[str, Any]) -> str | None:
    """Return the e-mail address that a user object tells: an export does, an event where the app may read it."""
    profile = user.get("profile")
    return _maybe(profile.get("email")) if isinstance(profile, Mapping) else None


def updated_fact(user: Mapping[str, Any]) -> Fact:
    """Return what a profile tells since it was changed last; raises NotAFactError."""
    member, changed = member_of(user), user.get("updated")
    if changed is None:
        raise NotAFactError("updated is missing")
    return Fact(
        id=member_fact_id("updated", member.id, str(changed)),
        time=time_of(str(changed)),
        data=Updated(member=member),
        address=address_of(user),
    )


def facts_of(message: Mapping[str, Any], channel: Channel, workspace: Workspace) -> Iterator[Fact]:
    """Yield what a message tells: that it was posted, edited and reacted to, or that its member came or went.

    Raises NotAFactError before the first when it tells nothing of a member.
    """
    subtype = message.get("subtype")
    if not isinstance(subtype, str | None):
        raise NotAFactError("subtype has the wrong type")
    if subtype in SAID:
        yield from _said(message, channel, workspace)
    elif subtype in _JOINED | _LEFT:
        if not channel.general:
            raise NotAFactError(f"a {subtype} tells of a channel, not of the workspace")
        yield _moved(message, workspace, joined=subtype in _JOINED)
    else:
        raise NotAFactError(f"a {subtype} is no word of a member")


def deletion_of(message: Mapping[str, Any], channel: Channel, workspace: Workspace, time: datetime) -> Fact:
    """Return that a message was deleted; raises NotAFactError if it was no word of a member."""
    member, stamp = _author(message, workspace), _text(message, "ts")
    thread, name = _maybe(message.get("thread_ts")) or stamp, f"{channel.id}:{stamp}"
    data = Deleted(member=member, conversation=f"{channel.id}:{thread}", message=name)
    return Fact(id=deletion_id(name), time=time, data=data)


def time_of(stamp: str) -> datetime:
    """Return the time in a ``ts``: seconds since 1970, and a number that tells messages of one moment apart."""
    try:
        seconds = float(stamp)
        if 0 < seconds < _LATEST:
            return datetime.fromtimestamp(seconds, UTC)
    except ValueError:
        pass
    raise NotAFactError(f"ts {stamp[:40]!r} is no time")


def _said(message: Mapping[str, Any], channel: Channel, workspace: Workspace) -> Iterator[Fact]:
    stamp, text = _text(message, "ts"), message.get("text")
    time, member = time_of(stamp), _author(message, workspace)
    if not isinstance(text, str):
        raise NotAFactError("text is missing")
    edited = _edited(message.get("edited"))
    thread = _maybe(message.get("thread_ts")) or stamp
    plain = plain_text(text_of(text), workspace.members)
    conversation, name = f"{channel.id}:{thread}", f"{channel.id}:{stamp}"
    url = _link(workspace.url, channel.id, stamp, thread)
    yield Fact(
        id=post_id(name),
        time=time,
        data=Posted(
            member=member,
            conversation=conversation,
            message=name,
            text=plain.text,
            reply_to=f"{channel.id}:{thread}" if thread != stamp else None,
            channel=channel.name,
            audience=channel.audience,
            mentions=plain.mentions,
            url=url,
            place=channel.id if thread == stamp else None,
        ),
    )
    if edited is not None:
        revision, edited_at = edited
        yield Fact(
            id=edit_id(name, revision),
            time=edited_at,
            data=Edited(
                member=member,
                conversation=conversation,
                message=name,
                text=plain.text,
                audience=channel.audience,
                url=url,
            ),
        )
    for reaction, user in _reactions(message.get("reactions")):
        yield Fact(
            id=reaction_id(name, user, reaction),
            time=time,
            data=Reacted(
                member=workspace.members.get(user) or Member(id=user),
                conversation=conversation,
                message=name,
                reaction=reaction,
                url=url,
            ),
        )


def _edited(edited: Any) -> tuple[str, datetime] | None:
    revision = _maybe(edited.get("ts")) if isinstance(edited, Mapping) else None
    return (revision, time_of(revision)) if revision is not None else None


def _reactions(reactions: Any) -> Iterator[tuple[str, str]]:
    for reaction in reactions if isinstance(reactions, list) else ():
        if isinstance(reaction, Mapping) and (name := _maybe(reaction.get("name"))):
            users = reaction.get("users")
            yield from ((name, user) for user in (users if isinstance(users, list) else ()) if _maybe(user) == user)


def _moved(message: Mapping[str, Any], workspace: Workspace, *, joined: bool) -> Fact:
    member, time = _author(message, workspace), time_of(_text(message, "ts"))
    if joined:
        return Fact(id=member_fact_id("joined", member.id, "1"), time=time, data=Joined(member=member))
    return Fact(id=member_fact_id("left", member.id, _text(message, "ts")), time=time, data=Left(member=member))


def _author(message: Mapping[str, Any], workspace: Workspace) -> Member:
    """Whoever wrote it. A bot's message has a ``bot_id``, also where it speaks in a user's name."""
    comment = message.get("comment")
    user = _maybe(message.get("user")) or (_maybe(comment.get("user")) if isinstance(comment, Mapping) else None)
    bot = _maybe(message.get("bot_id"))
    if user is None:
        if bot is None:
            raise NotAFactError("user is missing")
        return Member(id=bot, name=_maybe(message.get("username")), bot=True)
    known = workspace.members.get(user)
    if known is None:
        profile = message.get("user_profile")
        profile = profile if isinstance(profile, Mapping) else {}
        name = _maybe(profile.get("display_name")) or _maybe(profile.get("real_name"))
        known = Member(id=user, name=name, handle=_maybe(profile.get("name")), bot=user == _SLACKBOT)
    if bot is None or known.bot:
        return known
    return Member(id=known.id, name=known.name, handle=known.handle, roles=known.roles, bot=True)


def _link(site: str | None, channel: str, stamp: str, thread: str) -> str | None:
    if site is None:
        return None
    message = f"{site.rstrip('/')}/archives/{channel}/p{stamp.replace('.', '')}"
    return link(message if thread == stamp else f"{message}?thread_ts={thread}&cid={channel}")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _NAME:
        raise NotAFactError(f"{name} is missing" if value is None else f"{name} has the wrong form")
    return value


def _maybe(value: Any) -> str | None:
    return name_of(value) if isinstance(value, str) else None

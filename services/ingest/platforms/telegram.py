"""Telegram: updates of a bot to member events. Pure.

Forms: https://core.telegram.org/bots/api#update. A group is one stream of messages, so a message that answers none is a
conversation of its own, and whoever replies goes on with it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    moderation_id,
    name_of,
    post_id,
    reaction_id,
    text_of,
)
from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, Passed, Reading, decoded, time_of
from shared.contracts.member_events import Joined, Left, Member, Moderated, Posted, Reacted, Updated
from shared.contracts.names import Audience

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"update_id":1,"message":{"message_id":1,"date":1795335300,"text":"Does this arrive?","from":{"id":1,'
        b'"first_name":"Ada"},"chat":{"id":-1001,"type":"supergroup","title":"Help","username":"acme_help"}}}'
    ),
)
_PRESENT: Final = frozenset(("creator", "administrator", "member", "restricted"))
_MODERATED: Final = {"kicked": "banned", "restricted": "restricted"}
_MAX_MENTIONS: Final = 100


class User(Struct, frozen=True, kw_only=True):
    """A person or a bot."""

    id: int
    first_name: str = ""
    last_name: str = ""
    username: str | None = None
    is_bot: bool = False


class Chat(Struct, frozen=True, kw_only=True):
    """Where something was said. A group with a ``username`` can be read by everybody."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None


class _Entity(Struct, frozen=True, kw_only=True):
    type: str
    user: User | None = None


class _Answered(Struct, frozen=True, kw_only=True):
    message_id: int


class Message(Struct, frozen=True, kw_only=True):
    """A message of a chat. One without text tells of the group, or shows something without a word."""

    message_id: int
    date: int
    chat: Chat
    sender: User | None = field(name="from", default=None)
    sender_chat: Chat | None = None
    text: str | None = None
    caption: str | None = None
    entities: tuple[_Entity, ...] = ()
    edit_date: int | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    reply_to_message: _Answered | None = None


class _Reaction(Struct, frozen=True, kw_only=True):
    type: str
    emoji: str | None = None
    custom_emoji_id: str | None = None


class _Reactions(Struct, frozen=True, kw_only=True):
    chat: Chat
    message_id: int
    date: int
    user: User | None = None
    old_reaction: tuple[_Reaction, ...] = ()
    new_reaction: tuple[_Reaction, ...] = ()


class _Standing(Struct, frozen=True, kw_only=True):
    status: str
    user: User
    is_member: bool = True


class _Change(Struct, frozen=True, kw_only=True):
    chat: Chat
    date: int
    sender: User | None = field(name="from", default=None)
    old_chat_member: _Standing
    new_chat_member: _Standing


class _Update(Struct, frozen=True, kw_only=True):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    message_reaction: _Reactions | None = None
    chat_member: _Change | None = None


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    update = decoded(delivery.body, _Update)
    of = update.message or update.edited_message or update.message_reaction or update.chat_member
    if of is None:
        return NO_CONCERN
    audience = _audience(of.chat, settings)
    if isinstance(audience, Passed):
        return audience
    if update.message_reaction is not None:
        return _reacted(update.message_reaction)
    if update.chat_member is not None:
        return _changed(update.chat_member)
    message = update.message or update.edited_message
    return NO_CONCERN if message is None else _said(message, audience)


def _audience(chat: Chat, settings: HookSettings) -> Audience | Passed:
    if chat.type == "private":
        return Passed(why="direct-message")
    if chat.username:
        return "public"
    return "private" if str(chat.id) in settings.private else Passed(why="private-place")


def _said(message: Message, audience: Audience) -> Reading:
    text = message.text if message.text is not None else message.caption
    if text is None:
        return NO_CONCERN
    if message.sender is None or message.sender_chat is not None:
        return Passed(why="no-member")  # a channel or an anonymous administrator speaks
    name, chat = _name(message.chat, message.message_id), message.chat
    replied, answered = _replied(message), _answered(message)
    mentioned = {str(each.user.id): None for each in message.entities if each.user is not None}
    posted = Posted(
        member=_member(message.sender),
        conversation=_name(chat, answered) if answered is not None else name,
        message=name,
        text=text_of(text),
        reply_to=_name(chat, replied) if replied is not None else None,
        channel=name_of(chat.title),
        audience=audience,
        mentions=tuple(mentioned)[:_MAX_MENTIONS],
        url=_link(chat, message.message_id),
        place=_place(message),
    )
    if (edited := message.edit_date) is not None:
        return (Fact(id=edit_id(name, str(edited)), time=time_of(edited), data=edit_of(posted)),)
    return (Fact(id=post_id(name), time=time_of(message.date), data=posted),)


def _reacted(reactions: _Reactions) -> Reading:
    if reactions.user is None:
        return Passed(why="no-member")  # it is anonymous
    name, member, facts = _name(reactions.chat, reactions.message_id), _member(reactions.user), []
    known = frozenset(reactions.old_reaction)
    for reaction in reactions.new_reaction:
        if reaction in known:
            continue
        sign = reaction.emoji or reaction.custom_emoji_id or reaction.type
        url = _link(reactions.chat, reactions.message_id)
        data = Reacted(member=member, conversation=name, message=name, reaction=sign[:300], url=url)
        facts.append(Fact(id=reaction_id(name, member.id, sign), time=time_of(reactions.date), data=data))
    return tuple(facts) or NO_CONCERN


def _changed(change: _Change) -> Reading:
    """Return each thing that one change of standing is: who is banned has left as well, who joins may be restricted."""
    old, new = change.old_chat_member, change.new_chat_member
    was, now, member = _is_in(old), _is_in(new), _member(new.user, new.status)
    place, at, revision = str(change.chat.id), time_of(change.date), f"{change.chat.id}:{change.date}"
    facts = []
    if now and not was:
        facts.append(Fact(id=member_fact_id("joined", member.id, revision), time=at, data=Joined(member=member)))
    if new.status != old.status and (action := _MODERATED.get(new.status)):
        fact_id = moderation_id(f"{place}/{member.id}", action, revision)
        facts.append(Fact(id=fact_id, time=at, data=Moderated(member=member, action=action)))
    if was and not now:
        facts.append(Fact(id=member_fact_id("left", member.id, revision), time=at, data=Left(member=member)))
    # Roles stand for all that a member has in the community: a group that restricts one takes no role of another.
    if was and member.roles != _member(old.user, old.status).roles:
        fact_id = member_fact_id("updated", member.id, f"{revision}:{new.status}")
        facts.append(Fact(id=fact_id, time=at, data=Updated(member=member)))
    return tuple(facts) or NO_CONCERN


def _is_in(standing: _Standing) -> bool:
    return standing.status in _PRESENT and (standing.status != "restricted" or standing.is_member)


def _replied(message: Message) -> int | None:
    """Return the message that it answers; in a forum, each message of a topic "answers" the one that began it."""
    answered = message.reply_to_message
    if answered is None or (message.is_topic_message and answered.message_id == message.message_thread_id):
        return None
    return answered.message_id


def _answered(message: Message) -> int | None:
    """Return the message in whose conversation this one stands, if it is not its own."""
    if message.message_thread_id is not None and not message.is_topic_message:
        return message.message_thread_id
    return _replied(message)


def _place(message: Message) -> str | None:
    """Return the group, or the topic of a forum; None for what stands in the thread of another message."""
    if message.message_thread_id is None:
        return str(message.chat.id)
    return _name(message.chat, message.message_thread_id) if message.is_topic_message else None


def _name(chat: Chat, message: int) -> str:
    return f"{chat.id}:{message}"


def _member(user: User, status: str | None = None) -> Member:
    roles = (status,) if status in {"creator", "administrator"} else ()
    name = name_of(f"{user.first_name} {user.last_name}")
    return Member(id=str(user.id), name=name, handle=name_of(user.username), roles=roles, bot=user.is_bot)


def _link(chat: Chat, message: int) -> str | None:
    if chat.username:
        return link(f"https://t.me/{chat.username}/{message}")
    number = str(chat.id)
    return link(f"https://t.me/c/{number[4:]}/{message}") if number.startswith("-100") else None

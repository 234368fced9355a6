"""Discord's channels as DiscordChatExporter writes them with ``--format Json``: a file for each channel or thread.

Form: DiscordChatExporter.Core/Exporting/JsonMessageWriter.cs in Tyrrrz/DiscordChatExporter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
from msgspec import Raw, Struct

from infra.importing.archive import ArchiveFile, TooLargeError
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from services.ingest.platforms.discord import PLATFORM, Message, Place, audience_of, joined_fact, message_facts
from services.ingest.platforms.facts import Fact, NotAFactError, name_of
from services.ingest.platforms.reading import HookSettings, Time
from services.ingest.refusal import field_problem
from shared.contracts.member_events import Member
from shared.contracts.names import digest

_MESSAGES_A_PIECE: Final = 500
_SAID: Final = frozenset(("Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "20", "23"))
_JOINED: Final = frozenset(("GuildMemberJoin", "7"))
_THREADS: Final = frozenset(("GuildNewsThread", "GuildPublicThread", "GuildPrivateThread"))
_DIRECT: Final = frozenset(("DirectTextChat", "DirectGroupTextChat"))


class _Guild(Struct, frozen=True, kw_only=True):
    id: str


class _Channel(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    type: str
    name: str | None = None
    category_id: str | None = None


class _Export(Struct, frozen=True, kw_only=True):
    guild: _Guild
    channel: _Channel
    messages: list[Raw]


class _Role(Struct, frozen=True, kw_only=True):
    name: str


class _User(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    name: str | None = None
    nickname: str | None = None
    is_bot: bool = False
    roles: tuple[_Role, ...] = ()


class _Emoji(Struct, frozen=True, kw_only=True):
    name: str | None = None


class _Reaction(Struct, frozen=True, kw_only=True):
    emoji: _Emoji
    users: tuple[_User, ...] = ()


class _Reference(Struct, frozen=True, kw_only=True, rename="camel"):
    message_id: str | None = None


class _Link(Struct, frozen=True, kw_only=True):
    id: str
    type: str
    reference: _Reference | None = None


class _Message(Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    type: str
    timestamp: Time
    author: _User
    content: str = ""
    timestamp_edited: Time | None = None
    mentions: tuple[_User, ...] = ()
    reactions: tuple[_Reaction, ...] = ()
    reference: _Reference | None = None


_exports: Final = msgspec.json.Decoder(_Export)
_links: Final = msgspec.json.Decoder(_Link)
_messages: Final = msgspec.json.Decoder(_Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordExport:
    """``settings`` says which channels are taken: a file does not tell who can read its channel."""

    settings: HookSettings

    platform = PLATFORM
    index: frozenset[str] = frozenset()
    expected = "JSON files of channels, as DiscordChatExporter writes them"
    selection = ""

    def holds(self, path: str) -> bool:
        """A channel, or a stretch of one, is a JSON file."""
        return path.endswith(".json")

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader."""
        return partial(self._pieces, {})

    def _pieces(self, roots: dict[str, str], file: ArchiveFile) -> Iterator[Piece | Skipped]:
        try:
            export = _exports.decode(file.read())
            place = self._place(export)
        except TooLargeError as error:
            why = f"{error}: export with --partition 20mb"
        except msgspec.ValidationError as error:
            why = f"not of DiscordChatExporter: {_words(error)}"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why = f"not JSON: {error}"
        except NotAFactError as error:
            why = str(error)
        else:
            yield from _cut(file, export.messages, place, roots)
            return
        yield Skipped(file=file.path, place=None, why=why)

    def _place(self, export: _Export) -> Place:
        channel = export.channel
        if channel.type in _DIRECT:
            raise NotAFactError("direct messages, which are never taken")
        audience = audience_of(
            channel.id, channel.category_id, self.settings, private_thread=channel.type == "GuildPrivateThread"
        )
        if audience is None:
            raise NotAFactError("a channel that neither --public nor --private names")
        return Place(
            guild=export.guild.id,
            channel=channel.id,
            name=name_of(channel.name),
            thread=channel.type in _THREADS,
            audience=audience,
        )


def _cut(file: ArchiveFile, messages: Sequence[Raw], place: Place, roots: dict[str, str]) -> Iterator[Piece]:
    """Cut a file into pieces; ``roots`` are those of the replies in it and in the files before."""
    for begin in range(0, len(messages), _MESSAGES_A_PIECE):
        stretch = messages[begin : begin + _MESSAGES_A_PIECE]
        for each in stretch:
            _note_root(each, roots)
        content = hashlib.sha256(b",".join(bytes(each) for each in stretch)).hexdigest()
        yield Piece(
            id=digest(file.path, str(begin), content),
            file=file.path,
            size=file.size * len(stretch) // len(messages),
            lane=place.channel,
            read=partial(_read, file.path, begin + 1, stretch, place, roots),
        )


def _note_root(message: Raw, roots: dict[str, str]) -> None:
    try:
        link = _links.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if link.type == "Reply" and link.reference is not None and link.reference.message_id is not None:
        answered = link.reference.message_id
        roots[link.id] = roots.get(answered, answered)


def _read(path: str, first: int, messages: Sequence[Raw], place: Place, roots: Mapping[str, str]) -> Read:
    for number, message in enumerate(messages, start=first):
        yield from found(path, f"item {number}", partial(_facts, message, place, roots))


def _facts(raw: Raw, place: Place, roots: Mapping[str, str]) -> Iterator[Fact]:
    try:
        message = _messages.decode(raw)
    except msgspec.ValidationError as error:
        raise NotAFactError(_words(error)) from None
    except UnicodeDecodeError:
        raise NotAFactError("the text is not UTF-8") from None
    if message.type in _JOINED:
        yield joined_fact(_member(message.author), message.timestamp)
        return
    if message.type not in _SAID:
        raise NotAFactError(f"a {message.type} is no word of a member")
    answers = message.reference.message_id if message.reference is not None and message.type == "Reply" else None
    yield from message_facts(
        Message(
            id=message.id,
            author=_member(message.author),
            text=message.content,
            at=message.timestamp,
            edited=message.timestamp_edited,
            answers=answers,
            root=roots.get(message.id) if answers is not None else None,
            mentions=tuple(dict.fromkeys(user.id for user in message.mentions))[:100],
            reactions=tuple(
                (reaction.emoji.name, _member(user))
                for reaction in message.reactions
                if reaction.emoji.name
                for user in reaction.users
            ),
        ),
        place,
    )


def _member(user: _User) -> Member:
    return Member(
        id=user.id,
        name=name_of(user.nickname) or name_of(user.name),
        handle=name_of(user.name),
        roles=tuple(role.name for role in user.roles)[:100],
        bot=user.is_bot,
    )


def _words(error: msgspec.ValidationError) -> str:
    problem = field_problem(error, "")
    return f"{problem.field}: {problem.reason}"

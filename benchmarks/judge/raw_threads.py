"""Archives read a second time, straight from their files: who wrote what when in which thread, and nothing else.

Written from the platforms' documentation and from what stands in the files, apart from Warmline's readers and from
triage, so that the one can be held against the other. All they share is how an archive is unpacked.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from infra.importing.archive import open_archive

_QUOTED_IN_HTML: Final = re.compile(r"<(blockquote|pre|code|annotation)\b[^>]*>.*?</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]+>")
_QUOTED_IN_BBCODE: Final = re.compile(r"\[quote\b[^\]]*\](?:(?!\[quote\b).)*?\[/quote\]", re.DOTALL)
_BOT_BY_NAME: Final = re.compile(r"(?<!\w)bot(?!\w)|^(?:Notification|Welcome) Bot$")
_NAMED: Final = re.compile(r"<@(\w+)")
_REFERENCE: Final = re.compile(r"<[^<>\s]+>")
_MARKED_AS_SOLVED: Final = "has marked this topic as resolved"
_SOLVED: Final = "✔"
_NO_WORDS: Final = frozenset(("channel_join", "channel_leave", "channel_topic", "channel_purpose", "pinned_item"))

_Files = Iterable[tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person wrote, without what they quote.

    ``outside`` when it stands in a channel outside of its threads; ``names`` are the ids of those whom it names there.
    """

    id: str
    time: datetime
    writer: str
    text: str
    outside: bool = False
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What people wrote under one head, in the order of time; what a bot said, or was deleted, is not among it.

    ``place`` is the channel, stream or category; ``beside`` is all that stands in a channel outside of its threads.
    ``solved`` is when somebody marked it so.
    """

    name: str
    place: str
    messages: list[Message] = field(default_factory=list)
    beside: list[Message] = field(default_factory=list)
    solved: list[datetime] = field(default_factory=list)


def has_threads(path: Path) -> bool:
    """Tell whether what is in the archive stands in threads."""
    return any(path.name.startswith(name) for name in _READERS)


def raw_threads(path: Path) -> list[Thread]:
    """Return the threads of the archive at ``path``; its name begins with what it is."""
    read = next(reader for name, reader in _READERS.items() if path.name.startswith(name))
    files = ((file.path, json.loads(file.read())) for file in open_archive(path).files() if file.path.endswith(".json"))
    threads = [thread for thread in read(files) if thread.messages]
    for thread in threads:
        thread.messages.sort(key=lambda message: (message.time, message.id))
        thread.beside.sort(key=lambda message: (message.time, message.id))
    return threads


def _zulip(files: _Files) -> Iterable[Thread]:
    """Read ``<stream>/<topic>.json``; a topic goes on under another name, with a tick before it, once it is solved."""
    threads: dict[tuple[str, str], Thread] = {}
    for path, messages in files:
        stream, _, file = path.rpartition("/")
        topic = unquote(file.removesuffix(".json").replace(".", "%"))
        name = topic.removeprefix(_SOLVED).lstrip() if topic.startswith(_SOLVED) else topic
        thread = threads.setdefault((stream, name), Thread(name=name, place=unquote(stream)))
        for message in messages:
            sender, time = message["sender_full_name"], datetime.fromtimestamp(message["timestamp"], UTC)
            if not _BOT_BY_NAME.search(sender):
                text = html.unescape(_TAG.sub("", _QUOTED_IN_HTML.sub(" ", message["content"])))
                thread.messages.append(Message(id=str(message["id"]), time=time, writer=sender, text=text))
            elif _MARKED_AS_SOLVED in message["content"]:
                thread.solved.append(time)
    return threads.values()


def _discourse(files: _Files) -> Iterable[Thread]:
    """Read one post a file, as the API gives it; of a post that was written to two of them the later."""
    threads: dict[int, Thread] = {}
    posts: dict[int, Any] = {}
    for _, post in files:
        if post["id"] not in posts or post["updated_at"] > posts[post["id"]]["updated_at"]:
            posts[post["id"]] = post
    for post in posts.values():
        thread = threads.setdefault(post["topic_id"], Thread(name=post["topic_slug"], place=str(post["category_id"])))
        if post.get("accepted_answer"):
            thread.solved.append(datetime.fromisoformat(post["created_at"]))
        if post["user_id"] < 0 or post["post_type"] != 1 or post["user_deleted"]:
            continue
        own = post["raw"]
        while (without := _QUOTED_IN_BBCODE.sub(" ", own)) != own:
            own = without
        title = post["topic_title"] if post["post_number"] == 1 else ""
        time, writer = datetime.fromisoformat(post["created_at"]), str(post["user_id"])
        thread.messages.append(Message(id=str(post["id"]), time=time, writer=writer, text=f"{title}\n\n{own}"))
    return threads.values()


def _slack(files: _Files) -> Iterable[Thread]:
    """Read ``<channel>/<day>.json``; ``users.json`` tells who is a bot, ``channels.json`` the channels' ids."""
    threads: dict[tuple[str, str], Thread] = {}
    channels: dict[str, list[Message]] = {}
    bots, ids = {"USLACKBOT"}, {}
    told: list[tuple[str, dict[str, Any]]] = []
    for path, content in files:
        channel, _, file = path.rpartition("/")
        if file == "users.json":
            bots |= {user["id"] for user in content if user.get("is_bot")}
        elif file == "channels.json":
            ids = {entry["name"]: entry["id"] for entry in content}
        else:
            told += [(channel, message) for message in content]
    for channel, message in told:
        writer = message.get("user") or (message.get("comment") or {}).get("user")
        if message.get("subtype") in _NO_WORDS or writer is None or writer in bots or message.get("bot_id"):
            continue
        stamp, text = message["ts"], message["text"]
        head = message.get("thread_ts", stamp)
        said = Message(
            id=f"{ids[channel]}:{stamp}",
            time=datetime.fromtimestamp(float(stamp), UTC),
            writer=writer,
            text=html.unescape(_REFERENCE.sub(" ", text)),
            outside=head == stamp,
            names=frozenset(_NAMED.findall(text)),
        )
        beside = channels.setdefault(channel, [])
        thread = threads.setdefault((channel, head), Thread(name=head, place=channel, beside=beside))
        thread.messages.append(said)
        if said.outside:
            beside.append(said)
    return threads.values()


_READERS: Final[dict[str, Callable[[_Files], Iterable[Thread]]]] = {
    "zulip": _zulip,
    "discourse": _discourse,
    "slack": _slack,
}

"""A fact that a platform reported, and the ids that facts have. Pure.

An id stands for the fact alone, never for the delivery: a redelivery, a poll and an import find the same one. It holds
no name of a member, for ids stand in logs: who reacted or joined is in it as a digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.contracts.member_events import Edited, MemberEventData, Posted
from shared.contracts.names import digest

_ADDRESS: Final = re.compile(r"(?:mailto:)?[^\s@]+@[^\s@]+\.[^\s@.]+", re.IGNORECASE)
_LONGEST_PART: Final = 80
_MOST_TEXT: Final = 100_000
_MOST_TEXT_BYTES: Final = 200_000
_LONGEST_NAME: Final = 300
_LONGEST_URL: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What happened at ``time``. ``data`` names neither community nor platform: the source decides both.

    ``address`` is the e-mail address that a profile tells. It is part of no event: ``told_address.keyed`` takes it out.
    """

    id: str
    time: datetime
    data: MemberEventData
    address: str | None = field(default=None, repr=False)


class NotAFactError(ValueError):
    """What was read tells nothing of a member that is taken; the message says why."""


def edit_of(post: Posted, *, recovered: bool = False) -> Edited:
    """Return that what stands in a message now, or again after it was deleted, is what ``post`` says."""
    return Edited(
        member=post.member,
        conversation=post.conversation,
        message=post.message,
        text=post.text,
        audience=post.audience,
        url=post.url,
        recovered=recovered,
    )


def post_id(message: str) -> str:
    """Return the id of a message's first version; one that is found edited has it too."""
    return _id("post", message, "1")


def edit_id(message: str, revision: str) -> str:
    """Return the id of an edit: ``revision`` is what the platform counts versions by, or the time of the edit."""
    return _id("edit", message, revision)


def deletion_id(message: str, revision: str = "1") -> str:
    """Return the id of a message's deletion; where it can be recovered, ``revision`` tells one time from the next."""
    return _id("delete", message, revision)


def reaction_id(message: str, member: str, reaction: str) -> str:
    """Return the id of a member's reaction: put, taken back and put again it is the same."""
    return _id("react", message, digest(member, reaction))


def solved_id(conversation: str, revision: str = "1") -> str:
    """Return the id of a conversation's solution; ``revision`` tells later ones apart."""
    return _id("solved", digest(conversation), revision)


def moderation_id(about: str, action: str, revision: str) -> str:
    """Return the id of an act of moderation on a message, a conversation or a member."""
    return _id("moderate", digest(about, action), revision)


def plan_id(gathering: str, revision: str) -> str:
    """Return the id of what is planned of a gathering; ``revision`` tells it from what was planned before."""
    return _id("plan", gathering, revision)


def registration_id(gathering: str, member: str, revision: str) -> str:
    """Return the id of what a member said of coming to a gathering; they may say it more than once."""
    return _id("register", gathering, digest(member, revision))


def attendance_id(gathering: str, member: str) -> str:
    """Return the id of a member's having been at a gathering."""
    return _id("attend", gathering, digest(member))


def member_fact_id(kind: str, member: str, revision: str) -> str:
    """Return the id of what befell a member, such as ``joined``; ``revision`` tells one time from the next."""
    return _id(kind, digest(member), revision)


def answer_id(response: str) -> str:
    """Return the id of an answer to a survey."""
    return _id("survey", response)


def stamp(time: datetime) -> str:
    """Return a time as a revision: milliseconds since 1970."""
    return str(round(time.timestamp() * 1000))


def text_of(written: str) -> str:
    """Return a text as far as an event holds it, without NUL, which the store cannot keep."""
    text = written.replace("\0", "")[:_MOST_TEXT]
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= _MOST_TEXT_BYTES else encoded[:_MOST_TEXT_BYTES].decode("utf-8", "ignore")


def name_of(name: str | None) -> str | None:
    """Return a name or title as far as an event holds it; None for one that says nothing."""
    return (name or "").replace("\0", "").strip()[:_LONGEST_NAME] or None


def link(url: str | None) -> str | None:
    """Return ``url`` if it can stand in an event as a link for people, else None."""
    return url if url and url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL else None


def is_address(text: str) -> bool:
    """Tell whether ``text`` is an e-mail address, which never enters."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def _id(kind: str, *parts: str) -> str:
    return ":".join((kind, *(part if len(part) <= _LONGEST_PART else digest(part) for part in parts)))

"""Redaction: what was changed or deleted on its platform goes from MEMBER_EVENTS, and copies without text stand for it.

The history finds such messages, triage says what it took from a text, and ingest, to whom the stream belongs, stores
the copy and erases the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

REDACT: Final = "command.redact"
"""Any process of ingest stores copies here, and erases what they stand for."""

TEXTS_INBOX: Final = "texts"
"""Below the inbox of whoever asks triage about texts: its answers go there, and it may publish to no other inbox."""

KIND: Final = "redacted"
"""What stands for the kind in a copy's subject: so the copies are found without reading the rest."""

STANDS_FOR: Final = "warmline-stands-for"
"""The header of a copy: the sequence of the message that it stands for, a space, and when that was stored."""

TAKEN: Final = "warmline-taken"
"""The header of a copy: what triage took from the text, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAt:
    """A text's sequence, and its event's identity: of a stream that was put back, another may stand there."""

    seq: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTexts:
    """What did triage take from these texts, of one partition?"""

    texts: tuple[TextAt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Textless:
    """A copy without text, for the message at ``seq``, ``stored`` then; nobody but triage reads ``taken``."""

    seq: int
    stored: datetime
    taken: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsTaken:
    """The copies, and of which messages no text is there any more; triage has not come to the others yet."""

    copies: tuple[Textless, ...] = ()
    without_text: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact:
    """Store these copies, and erase the messages that they stand for."""

    copies: tuple[Textless, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactReply:
    """``refused`` says why not; some of it may have been done, and to ask again does the rest."""

    refused: str | None = None


def take_texts_subject(partition: int) -> str:
    """Return ``command.texts.<partition>``: triage's owner of the partition answers there."""
    return f"command.texts.{partition}"

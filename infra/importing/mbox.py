"""Archives of mailing lists as mbox, as Mailman and others keep them: messages, each after a line with From."""

from __future__ import annotations

import email
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from functools import partial
from typing import Final

from infra.importing.archive import ArchiveFile
from infra.importing.mail_headers import date, first_id, header, last_id, list_name, sender
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from services.ingest.platforms.facts import Fact, NotAFactError
from services.ingest.platforms.html_text import plain_text
from services.ingest.platforms.mailing_list import PLATFORM, Mail, member_id, posted
from shared.contracts.names import Audience, digest

_BLOCK_BYTES: Final = 1_000_000
_MOST_OF_A_MESSAGE: Final = 1_000_000
"""What follows is attachments, or nothing that a person reads."""
_LONGEST_LINE: Final = 100_000
_SEPARATOR: Final = re.compile(rb"From \S.*?\d\d:\d\d")
_YEAR: Final = re.compile(rb"\d{4}")
_UNREADABLE: Final = (MessageError, LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError)
"""What the standard library's parser was seen to raise for hostile messages: it promises nothing."""
_SUFFIXES: Final = (".mbox", ".mbx", ".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class MboxArchive:
    """``key`` turns addresses into what stands for their owners; ``audience`` is who can read the list."""

    key: str
    audience: Audience = "members"

    platform = PLATFORM
    index: frozenset[str] = frozenset()
    expected = "mbox files (.mbox, or .txt as Mailman has them) with messages that begin with a From line"
    selection = ""

    def holds(self, path: str) -> bool:
        """A file of messages is known by its name, and one that is named mbox by that."""
        return path.endswith(_SUFFIXES) or path.rpartition("/")[2] == "mbox"

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader."""
        return self._pieces

    def _pieces(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        with file.open() as opened:
            position, held, first, mails = 0, 0, 1, list[bytes]()
            for mail in _mails(opened.stream):
                mails.append(mail)
                held += len(mail)
                if held >= _BLOCK_BYTES:
                    now = opened.position()
                    yield self._piece(file, first, mails, now - position)
                    position, held, first, mails = now, 0, first + len(mails), []
            if mails:
                yield self._piece(file, first, mails, file.size - position)
            elif first == 1:
                yield Skipped(file=file.path, place=None, why="no From line begins it: not an mbox file")

    def _piece(self, file: ArchiveFile, first: int, mails: Sequence[bytes], size: int) -> Piece:
        content = hashlib.sha256()
        for mail in mails:
            content.update(mail)
        return Piece(
            id=digest(file.path, str(first), content.hexdigest()),
            file=file.path,
            size=size,
            lane=file.path,
            read=partial(self._read, file.path, first, mails),
        )

    def _read(self, path: str, first: int, mails: Sequence[bytes]) -> Read:
        for number, mail in enumerate(mails, start=first):
            yield from found(path, f"message {number}", partial(self._facts, path, mail))

    def _facts(self, path: str, raw: bytes) -> Iterator[Fact]:
        try:
            message = email.message_from_bytes(raw)
            address, name = sender(message)
            own, thread = first_id(message, "Message-ID"), first_id(message, "References")
            answers = last_id(message, "In-Reply-To") or last_id(message, "References")
            mail_id = own or digest(
                member_id(address, self.key), str(message.get("Date", "")), str(message.get("Subject", ""))
            )
            mail = Mail(
                id=mail_id,
                thread=thread or answers or mail_id,
                answers=answers,
                address=address,
                name=name,
                bot=str(message.get("Auto-Submitted", "no")).strip().lower() != "no",
                at=date(message),
                subject=header(message, "Subject"),
                body=_body(message),
                channel=list_name(message) or path.rpartition("/")[2].partition(".")[0],
                audience=self.audience,
                url=str(message.get("Archived-At", "")).strip(" <>") or None,
            )
        except NotAFactError:
            raise
        except _UNREADABLE as error:
            raise NotAFactError(f"not a message that can be read: {type(error).__name__}") from error
        yield posted(mail, self.key)


def _mails(stream: io.BufferedIOBase) -> Iterator[bytes]:
    """Yield each message without its From line, cut where it is too long."""
    mail: list[bytes] | None = None
    size, blank = 0, True
    while line := stream.readline(_LONGEST_LINE):
        if blank and _separates(line):
            if mail is not None:
                yield b"".join(mail)
            mail, size = [], 0
        elif mail is not None and size < _MOST_OF_A_MESSAGE:
            mail.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
        blank = not line.strip()
    if mail is not None:
        yield b"".join(mail)


def _separates(line: bytes) -> bool:
    begins = _SEPARATOR.match(line)
    return begins is not None and _YEAR.search(line, begins.end()) is not None


def _body(message: Message) -> str:
    html = None
    for part in message.walk():
        if part.is_multipart() or part.get_filename():
            continue
        if part.get_content_type() == "text/plain":
            return _text(part)
        if part.get_content_type() == "text/html" and html is None:
            html = part
    return plain_text(_text(html)).text if html is not None else ""


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    try:
        text = body.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = body.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").strip().encode("utf-8", "replace").decode()

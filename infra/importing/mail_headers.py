"""The headers of an e-mail: who wrote it, even where a list stands in From, when, and what it answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from typing import Final

from services.ingest.platforms.facts import NotAFactError

_OBSCURED: Final = re.compile(r"(?P<local>\S+) at (?P<domain>\S+)(?: \((?P<name>.*)\))?")
_ID: Final = re.compile(r"<([^<>\s]{1,500})>")
_POSTED_TO: Final = re.compile(r"mailto:([^\s<>?]+)", re.IGNORECASE)
_VIA: Final = re.compile(r"\s\(?via\s\S")


def sender(message: Message) -> tuple[str, str | None]:
    """Return the address and the name of who wrote ``message``; raises NotAFactError if From holds no address.

    A list that must not send in others' names puts itself into From ("Ada via Help"), and them into another header.
    Where there is none, as in Mailman's text archives, the list's address with the name stands for them.
    """
    name, address = _written(_raw(message, "From"))
    if "@" not in address:
        raise NotAFactError("From holds no address")
    lists = set(_list_addresses(message))
    via = _VIA.search(name)
    if via is None and address.lower() not in lists:
        return address, name
    for other, original in getaddresses([_raw(message, "X-Original-From"), _raw(message, "Reply-To")]):
        if "@" in original and original.lower() not in lists | {address.lower()}:
            return original, decoded(other) or _before(via, name)
    return (address, name) if via is None else (f"{_before(via, name)} via {address}", _before(via, name))


def _written(value: str) -> tuple[str, str]:
    """Return a name and an address, also where Mailman wrote ``ada at example.org (Ada)``."""
    obscured = _OBSCURED.fullmatch(value)
    if obscured is not None:
        return decoded(obscured["name"] or ""), f"{obscured['local']}@{obscured['domain']}"
    # Only a name may be encoded. Decoded before it is parsed, one with a comma would end there, and one that holds an
    # address would be taken for it.
    name, address = parseaddr(value)
    return decoded(name), address


def _before(via: re.Match[str] | None, name: str) -> str:
    return (name[: via.start()] if via else name).strip(" '\"")


def _list_addresses(message: Message) -> Iterator[str]:
    yield from (address.lower() for address in _POSTED_TO.findall(_raw(message, "List-Post")))
    local, _, domain = _raw(message, "List-Id").rpartition("<")[2].strip(" >").partition(".")
    yield f"{local}@{domain}".lower()


def header(message: Message, name: str) -> str:
    """Return what a header says, in one line; empty if there is none."""
    return decoded(message.get(name, ""))


def decoded(value: object) -> str:
    """Return a value of a header, or the part of one, as text in one line."""
    try:
        text = str(make_header(decode_header(value)))  # type: ignore[arg-type]  # the library gives Header or str
    except (HeaderParseError, LookupError, ValueError):
        text = str(value)
    return _one_line(text)


def _raw(message: Message, name: str) -> str:
    return _one_line(str(message.get(name, "")))


def _one_line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().replace("\0", "").split())


def first_id(message: Message, name: str) -> str | None:
    """Return the first Message-ID in a header."""
    match = _ID.search(header(message, name))
    return match[1] if match else None


def last_id(message: Message, name: str) -> str | None:
    """Return the last Message-ID in a header."""
    ids = _ID.findall(header(message, name))
    return ids[-1] if ids else None


def date(message: Message) -> datetime:
    """Return when it was written; raises NotAFactError."""
    try:
        written = parsedate_to_datetime(header(message, "Date"))
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise NotAFactError("Date is no time") from None


def list_name(message: Message) -> str | None:
    """Return the list's name: of ``Help for all <help.lists.example.org>``, what stands before the address."""
    name, _, rest = header(message, "List-Id").partition("<")
    return name.strip(' "') or rest.partition(".")[0].strip(" >") or None

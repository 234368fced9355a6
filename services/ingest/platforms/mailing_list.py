"""E-mail of a mailing list as facts. Pure.

An address never enters: its owner is known by a keyed hash of it, and in texts something else stands in its place.
A thread is the conversation, known by the message that it began with.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import Fact, is_address, link, name_of, post_id, text_of
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import Audience, digest

PLATFORM: Final = "email"

_LETTER: Final = r"\w\u0300-\u036f\u0900-\u0eff-"
"""With the vowel signs of scripts that have them apart."""
_IN_LOCAL: Final = rf"[{_LETTER}.!#$%&'*+=?^`{{|}}~]"
_LOCAL: Final = rf"(?<!{_IN_LOCAL}){_IN_LOCAL}+"
_DOMAIN: Final = rf"(?:[{_LETTER}]{{1,63}}\.){{1,20}}(?!\d)[{_LETTER}]{{2,63}}"
_ADDRESS: Final = re.compile(
    rf"(?:mailto:)?{_LOCAL}@{_DOMAIN}"
    rf"|(?:mailto:|(?<=[<\[])|(?<=From: )|(?<=To: )|(?<=Cc: )){_LOCAL} at {_DOMAIN}"
    rf"|{_LOCAL} at {_DOMAIN}(?= \(|[^\n]{{0,80}}:[ \t]{{0,4}}$)",
    re.IGNORECASE | re.MULTILINE,
)
"""Archives write ``<ada at example.org>`` and ``ada at example.org wrote:``, too; elsewhere that may be anything."""
_NAMED: Final = re.compile(rf"[^<>@]*<((?:mailto:)?{_LOCAL}@{_DOMAIN})>")
_NO_NAME: Final = re.compile(r"@|\bat\b.*\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message to a list. ``id`` and ``thread`` are Message-IDs; ``answers`` is the one that it replies to."""

    id: str
    thread: str
    answers: str | None
    address: str
    name: str | None
    bot: bool
    at: datetime
    subject: str
    body: str
    channel: str | None
    audience: Audience
    url: str | None


def member_id(address: str, key: str) -> str:
    """Return what stands for the owner of ``address``: by an HMAC, so that nobody without ``key`` can try guesses."""
    plain = address.strip().lower().removeprefix("mailto:")
    mac = hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest()
    return f"e-{mac[:32]}"


def without_address(value: str, key: str) -> str:
    """Return what stands for the owner if ``value`` is an address, or ``Ada <ada@example.org>``; else its text."""
    if is_address(value):
        return member_id(value, key)
    named = _NAMED.fullmatch(value.strip())
    return member_id(named[1], key) if named else without_addresses(value)


def without_addresses(text: str) -> str:
    """Return ``text`` with something else in the place of each e-mail address."""
    return _ADDRESS.sub("[address]", text)


def posted(mail: Mail, key: str) -> Fact:
    """Return ``mail`` as a post; the one that opens a thread begins with its subject."""
    message = digest(mail.id)
    opens = mail.thread == mail.id
    text = f"{mail.subject}\n\n{mail.body}" if opens and mail.subject else mail.body
    name = name_of(mail.name)
    return Fact(
        id=post_id(message),
        time=mail.at,
        data=Posted(
            member=Member(
                id=member_id(mail.address, key), name=None if name and _NO_NAME.search(name) else name, bot=mail.bot
            ),
            conversation=digest(mail.thread),
            message=message,
            text=text_of(without_addresses(text)),
            reply_to=digest(mail.answers) if mail.answers else None,
            channel=name_of(mail.channel),
            audience=mail.audience,
            url=link(mail.url),
        ),
    )

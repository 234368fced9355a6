"""RSS and Atom: what a blog, a podcast or a forum publishes as a feed. Pure.

Forms: RSS 2.0 (rssboard.org/rss-specification) and 1.0 (RDF), Atom (RFC 4287). An entry is a conversation that its
author opens. A feed comes from outside, so it has to be well-formed and has no DOCTYPE: no entity is expanded, and the
time goes with its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct, field

from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    link,
    name_of,
    post_id,
    stamp,
    text_of,
)
from services.ingest.platforms.html_text import text_of_html
from services.ingest.platforms.polled import Answered, Ask, Found, Odd, PollSettings, Read, ReadSoFar, Refused, Round
from services.ingest.platforms.reading import NotUnderstoodError
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import digest
from shared.retry_after import http_date

ENTRIES: Final = "entries"
_NOT_MODIFIED: Final = 304
_ACCEPT: Final = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.1"
_MOST_ENTRIES: Final = 1_000
_MOST_KNOWN: Final = 3 * _MOST_ENTRIES
"""Facts that are known from one round to the next: those of all entries, and as many that were listed earlier."""
_SHORT: Final = 12
_MOST_BYTES: Final = 4 * 1024 * 1024
_LONGEST_NAME: Final = 300
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ENTRIES: Final = frozenset(("item", "entry"))
_AUTHORS: Final = frozenset(("author", "creator"))
_LONGEST_AUTHOR: Final = 1_000
_BETWEEN: Final = re.compile(r"[\s<>()\[\],;\"]+")
"""What stands between names and addresses: ``ada@example.org (Ada)`` as RSS wants it, ``Ada <ada@example.org>``."""

Value = TypeVar("Value")


class _Known(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the feed was in the last round: the header that asks whether it still is, its oldest entry, and its facts.

    A feed lists late what is dated early: drafts, dates without a time, caches. So it is read by identity. What is
    older than all that was listed has moved up, because something else went, and is not new.
    """

    version: dict[str, str] = field(default_factory=dict)
    oldest: datetime | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a feed; ``id`` is the one that the feed gives it, else its address."""

    id: str
    title: str
    text: str
    author: str
    written: datetime
    changed: datetime | None
    url: str | None


def read(settings: PollSettings, so_far: ReadSoFar, _began: datetime) -> Round:
    """Ask for the feed, unless it is what it was."""
    before = _known(so_far.marks.get(ENTRIES))
    answer = yield Ask(path="", headers={"accept": _ACCEPT, **before.version})
    if isinstance(answer, Refused) and answer.status == _NOT_MODIFIED:
        yield Read(collection=ENTRIES, mark=so_far.marks.get(ENTRIES))
        return
    if not isinstance(answer, Answered):
        status = answer.status if isinstance(answer, Refused) else 0
        moved = ": it has moved, give its new address" if 300 <= status < 400 else ""
        yield Odd(why=f"the feed's server answers {status or 'nothing'}{moved}")
        return
    try:
        entries, odd = entries_of(answer.body, settings.site or "")
    except NotUnderstoodError as error:
        yield Odd(why=str(error))
        return
    for why in dict.fromkeys(odd):
        yield Odd(why=why)
    told = {_short(fact): fact for entry in entries for fact in facts_of(entry)}
    floor = min(so_far.first, before.oldest or so_far.first)
    known = frozenset(before.facts)
    facts = tuple(fact for short, fact in told.items() if fact.time >= floor and short not in known)
    if facts:
        yield Found(facts=facts)
    now = _Known(
        version=_version(answer),
        oldest=min((entry.written for entry in entries), default=before.oldest),
        facts=tuple(dict.fromkeys((*told, *before.facts)))[:_MOST_KNOWN],
    )
    yield Read(collection=ENTRIES, mark=msgspec.json.encode(now).decode())


def _known(mark: str | None) -> _Known:
    try:
        return msgspec.json.decode(mark or "{}", type=_Known)
    except msgspec.DecodeError:
        return _Known()


def _short(fact: Fact) -> str:
    return digest(fact.id)[:_SHORT]


def facts_of(entry: Entry) -> Iterator[Fact]:
    """Yield that an entry was written, and that it was changed."""
    message = entry.id if len(entry.id) <= _LONGEST_NAME else digest(entry.id)
    data = Posted(
        member=Member(id=entry.author, name=entry.author),
        conversation=message,
        message=message,
        text=text_of("\n\n".join(part for part in (entry.title, entry.text) if part)),
        audience="public",
        url=link(entry.url),
    )
    yield Fact(id=post_id(message), time=entry.written, data=data)
    if entry.changed is not None and entry.changed > entry.written:
        yield Fact(id=edit_id(message, stamp(entry.changed)), time=entry.changed, data=edit_of(data))


def entries_of(body: bytes, address: str) -> tuple[list[Entry], list[str]]:
    """Return the entries of the feed at ``address``, and why others are none; raises NotUnderstoodError."""
    if len(body) > _MOST_BYTES:
        raise NotUnderstoodError(f"the feed is longer than {_MOST_BYTES // 1024**2} MiB")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise NotUnderstoodError("the feed is no well-formed XML without a DOCTYPE") from None
    channel = next((each for each in root if _name(each) == "channel"), root)
    elements = [each for of in dict.fromkeys((root, channel)) for each in of if _name(each) in _ENTRIES]
    entries, why, whose = [], [], _author(channel)
    for element in elements[:_MOST_ENTRIES]:
        try:
            entries.append(_entry(element, whose, address))
        except NotUnderstoodError as error:
            why.append(str(error))
    return entries, why


def _entry(element: Element, whose: str | None, address: str) -> Entry:
    parts: dict[str, Element] = {}
    for part in element:
        if _name(part) != "link" or part.get("rel", "alternate") == "alternate":
            parts.setdefault(_name(part), part)
    url = _link(parts.get("link"))
    changed = _first(_date, parts, "updated", "modified")
    written = _first(_date, parts, "published", "pubDate", "date", "issued", "created") or changed
    identity, author = _first(_said, parts, "guid", "id") or element.get(_RDF_ABOUT) or url, _author(element) or whose
    if not identity:
        raise NotUnderstoodError("an entry has neither an id nor a link")
    if written is None:
        raise NotUnderstoodError("an entry has no date")
    if author is None:
        raise NotUnderstoodError("an entry names no author")
    return Entry(
        id=identity,
        title=_first(_text, parts, "title") or "",
        text=_first(_text, parts, "encoded", "content", "description", "summary") or "",
        author=author,
        written=written,
        changed=changed,
        url=_absolute(address, url) if url else None,
    )


def _absolute(address: str, url: str) -> str | None:
    try:
        return urljoin(address, url)
    except ValueError:
        return None


def _first(read: Callable[[Element], Value | None], parts: Mapping[str, Element], *names: str) -> Value | None:
    """Return what ``read`` finds in the first of the named parts in which it finds something."""
    found = (read(parts[name]) for name in names if name in parts)
    return next((value for value in found if value), None)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _said(element: Element) -> str:
    return (element.text or "").replace("\0", "").strip()


def _text(element: Element) -> str:
    """Return what an element says to people; only Atom tells whether it is HTML, and its own is plain text if not."""
    kind = element.get("type", "text" if str(element.tag).startswith(_ATOM) else "html")
    if kind == "xhtml":
        return "".join(element.itertext()).strip()
    return _said(element) if kind == "text" else text_of_html(_said(element))


def _date(element: Element) -> datetime | None:
    said = _said(element)
    try:
        date = datetime.fromisoformat(said)
    except ValueError:
        return http_date(said)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _link(element: Element | None) -> str | None:
    return None if element is None else (element.get("href") or _said(element)) or None


def _author(of: Element) -> str | None:
    """Return who wrote an entry or a feed, by name; an address alone names nobody."""
    for part in of:
        if _name(part) in _AUTHORS:
            named = next((_said(each) for each in part if _name(each) == "name"), _said(part))
            if (name := name_of(_without_addresses(named[:_LONGEST_AUTHOR]))) is not None:
                return name
    return None


def _without_addresses(named: str) -> str:
    words = _BETWEEN.split(named)
    kept = [word for word in words if "@" not in word[1:-1]]
    if len(kept) == len(words):
        return named
    return " ".join(kept).strip(" -,;:") if any(map(str.isalnum, "".join(kept))) else ""


def _version(answer: Answered) -> dict[str, str]:
    """Return the header that asks, the next time, whether the feed is still this one."""
    for told, asks in (("etag", "if-none-match"), ("last-modified", "if-modified-since")):
        value = answer.headers.get(told, "")
        if 0 < len(value) <= _LONGEST_NAME:
            return {asks: value}
    return {}

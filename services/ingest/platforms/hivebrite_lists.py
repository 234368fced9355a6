"""Hivebrite: how its Admin API gives a list page by page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from services.ingest.platforms.listing import Listing, Page
from services.ingest.platforms.polled import Answered, Ask
from services.ingest.platforms.reading import NotUnderstoodError, decoded

_PER_PAGE: Final = 100
_NO_SUCH_PAGE: Final = frozenset((404,))
_MOST_DIGITS: Final = 9
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

Record = TypeVar("Record")


def listing_of(
    path: str,
    form: type[Record],
    time: Callable[[Record], datetime] | None = None,
    params: Mapping[str, str] = _NOTHING,
) -> Listing[Record]:
    """Return the list at ``path``, newest first by ``time`` where Hivebrite gives it so."""

    def ask(page: int) -> Ask:
        return Ask(path=path, params={**params, "page": str(page), "per_page": str(_PER_PAGE)})

    return Listing(name=path, ask=ask, page=_page, size=_PER_PAGE, form=form, time=time, past=_NO_SUCH_PAGE)


def _page(answer: Answered) -> Page:
    """Return what is on a page: a list, or an object that has one, and in headers what is said of the others."""
    records, count = _records(answer.body)
    full = len(records) >= (_number(answer.headers.get("x-per-page")) or _PER_PAGE)
    more = answer.next_page is not None if "link" in answer.headers else full
    return Page(records=records, more=more, count=_number(answer.headers.get("x-total")) or count)


def _records(body: bytes) -> tuple[Sequence[msgspec.Raw], int | None]:
    if body.lstrip()[:1] != b"{":
        return decoded(body, tuple[msgspec.Raw, ...]), None
    fields = decoded(body, dict[str, msgspec.Raw])
    lists = [bytes(value) for value in fields.values() if bytes(value)[:1] == b"["]
    if len(lists) != 1:
        raise NotUnderstoodError("the body has no list, or more than one")
    total = bytes(fields["total_count"]).decode() if "total_count" in fields else None
    return decoded(lists[0], tuple[msgspec.Raw, ...]), _number(total)


def _number(written: str | None) -> int | None:
    return (
        int(written) if written and written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS else None
    )

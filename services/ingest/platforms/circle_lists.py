"""Circle: how its Admin API v2 gives a list page by page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from services.ingest.platforms.listing import Listing, Page
from services.ingest.platforms.polled import Answered, Ask
from services.ingest.platforms.reading import decoded

_PER_PAGE: Final = 100

Record = TypeVar("Record")


class _List(Struct, frozen=True, kw_only=True):
    records: tuple[msgspec.Raw, ...]
    has_next_page: bool = False
    count: int = 0


def listing_of(
    path: str,
    form: type[Record],
    time: Callable[[Record], datetime] | None = None,
    params: Mapping[str, str] = MappingProxyType({}),
) -> Listing[Record]:
    """Return the list at ``path``, newest first by ``time`` where Circle gives it so."""

    def ask(page: int) -> Ask:
        return Ask(path=path, params={**params, "page": str(page), "per_page": str(_PER_PAGE)})

    return Listing(name=path, ask=ask, page=_page, size=_PER_PAGE, form=form, time=time)


def _page(answer: Answered) -> Page:
    found = decoded(answer.body, _List)
    return Page(records=found.records, more=found.has_next_page, count=found.count)

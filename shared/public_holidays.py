"""Public holidays of a country or a part of it, as the ``holidays`` library of this build knows them.

What they led to is recorded in facts, so that another version of the library changes only what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import structlog

log = structlog.get_logger()


@lru_cache(maxsize=1)
def subdivisions_by_country() -> Mapping[str, tuple[str, ...]]:
    """Return the countries whose holidays are known, by two letters, each with the parts that differ."""
    from holidays.utils import list_supported_countries  # noqa: PLC0415 -- slow, and not every policy needs it

    known = list_supported_countries(include_aliases=False)
    return {country: tuple(parts) for country, parts in sorted(known.items())}


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return the days of ``year`` that are free by law, with those that make up for one on a weekend.

    A policy stays in force when a new version of the library drops its country, without holidays from then on, or its
    part of it, with those of the whole country. Either is logged.
    """
    from holidays.utils import country_holidays  # noqa: PLC0415 -- slow, and not every policy needs it

    parts = subdivisions_by_country().get(country)
    if parts is None or subdivision not in (None, *parts):
        log.error(
            "the policy's public holidays are not known to this version; adopt it again with others",
            country=country,
            subdivision=subdivision,
        )
    if parts is None:
        return frozenset()
    part = subdivision if subdivision in parts else None
    return frozenset(day for day in country_holidays(country, subdiv=part, years=year) if day.year == year)

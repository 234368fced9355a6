"""Deliveries of platforms, and what a reader makes of them, checked as ingest would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.ingest.community_map import Community, CommunityMap
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.reading import Delivery, Partly, Passed, Reading
from services.ingest.platforms.told_address import keyed
from services.ingest.principal import SourcePrincipal
from services.ingest.validation import ValidEvent, validate_fact

EMAIL_KEY = "k" * 32
ARRIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)
_KNOWN = CommunityMap(communities={"acme": Community(name="acme", organisation="o", announced=True)}, accepting=None)
_SOURCE = SourcePrincipal(community="acme", platform="any", name="one")


def delivery(payload: Any, **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Delivery(headers=named, body=body, arrived=ARRIVED)


def only_fact(reading: Reading) -> Fact:
    """Return the one fact in ``reading``, which ingest takes."""
    assert isinstance(reading, tuple), reading
    [fact] = reading
    taken(fact)
    return fact


def why_passed(reading: Reading) -> str:
    assert isinstance(reading, Passed), reading
    return reading.why


def problems_of(reading: Reading) -> tuple[str, ...]:
    assert isinstance(reading, Partly), reading
    return reading.problems


def taken(fact: Fact, key: str | None = EMAIL_KEY) -> ValidEvent:
    fate = validate_fact(keyed(fact, key), _SOURCE, _KNOWN, ARRIVED, None)
    assert isinstance(fate, ValidEvent), fate
    return fate

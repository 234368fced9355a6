"""E-mail addresses that profiles tell: a keyed hash of one is kept, under which mailing lists know its owner. Pure."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from services.ingest.platforms.facts import Fact, is_address
from services.ingest.platforms.mailing_list import member_id
from shared.contracts.member_events import Joined, Updated


def keyed(fact: Fact, key: str | None) -> Fact:
    """Return ``fact`` without the address that came with it: its data tells the hash, and nothing without a key."""
    told, data = fact.address, fact.data
    if told is None:
        return fact
    if key is None or not is_address(told) or not isinstance(data, Joined | Updated):
        return replace(fact, address=None)
    return replace(fact, address=None, data=structs.replace(data, address=member_id(told, key)))

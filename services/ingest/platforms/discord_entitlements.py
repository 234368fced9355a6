"""Discord: what users buy of an application, as its webhook and its gateway tell it. Pure.

Form: https://docs.discord.com/developers/resources/entitlement. One that is prolonged is told of no more: it is updated
when it ends. It is deleted when it is paid back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.facts import Fact, member_fact_id
from shared.contracts.member_events import Cancelled, Member, Renewed

_CREATED: Final = "ENTITLEMENT_CREATE"
_UPDATED: Final = "ENTITLEMENT_UPDATE"
ENTITLEMENTS: Final = frozenset((_CREATED, _UPDATED, "ENTITLEMENT_DELETE"))
"""The events that tell of one."""


class EntitlementObject(Struct, frozen=True, kw_only=True):
    """What somebody may use; a whole server's has no user."""

    id: str
    sku_id: str
    user_id: str | None = None
    ends_at: str | None = None


def of_entitlement(event: str, entitlement: EntitlementObject, at: datetime) -> tuple[Fact, ...]:
    """Return what one of the events means, that was told ``at``; nothing where it is no member's, or goes on."""
    if entitlement.user_id is None or (event == _UPDATED and entitlement.ends_at is None):
        return ()
    member, plan = Member(id=entitlement.user_id), entitlement.sku_id
    kind, data = (
        ("renewed", Renewed(member=member, plan=plan))
        if event == _CREATED
        else ("cancelled", Cancelled(member=member, plan=plan))
    )
    return (Fact(id=member_fact_id(kind, member.id, entitlement.id), time=at, data=data),)

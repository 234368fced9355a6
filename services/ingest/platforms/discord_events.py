"""Discord's webhook events: what an application is told of its users. Pure.

Forms: https://docs.discord.com/developers/events/webhook-events. Messages of a server never come this way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from services.ingest.platforms.discord_entitlements import ENTITLEMENTS, EntitlementObject, of_entitlement
from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, Passed, Reading, Reply, decoded

SAMPLE: Final = ({"content-type": "application/json"}, b'{"version":1,"application_id":"1","type":0}')
_PING: Final = 0


class _Event(Struct, frozen=True, kw_only=True):
    type: str
    timestamp: datetime
    data: dict[str, Any] = {}


class _Envelope(Struct, frozen=True, kw_only=True):
    type: int
    event: _Event | None = None


class _Entitled(Struct, frozen=True, kw_only=True):
    data: EntitlementObject


class _WithEntitlement(Struct, frozen=True, kw_only=True):
    event: _Entitled


def read(delivery: Delivery, _settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    envelope = decoded(delivery.body, _Envelope)
    if envelope.type == _PING:
        return Reply(status=204)
    event = envelope.event
    if event is None:
        return NO_CONCERN
    if event.type.startswith(("GAME_DIRECT_MESSAGE", "LOBBY_MESSAGE")):
        return Passed(why="direct-message")
    if event.type not in ENTITLEMENTS:
        return NO_CONCERN
    entitlement = decoded(delivery.body, _WithEntitlement).event.data
    if entitlement.user_id is None:
        return Passed(why="no-member")
    at = event.timestamp.replace(tzinfo=event.timestamp.tzinfo or UTC)  # it comes without a zone
    return of_entitlement(event.type, entitlement, at) or NO_CONCERN

"""What rows become for a viewer: resources that hold nothing which the viewer may not see. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Final

from services.projections import resources
from services.projections.history import queries as history
from services.projections.queue import queries as queue
from services.projections.viewer import Viewer
from shared.contracts.names import event_key

_SAID: Final = 160
_TEAM_ONLY: Final = "private"
"""Who reads what the team wrote of members: whoever reads private channels."""


def escalation(row: queue.TouchRow) -> resources.EscalationItem | None:
    """Return since when and why a touch waits for anybody to claim it, None when it does not."""
    if row.escalated_at is None or row.escalation_cause is None:
        return None
    return resources.EscalationItem(at=row.escalated_at, cause=row.escalation_cause)


def evidence_keys(row: queue.TouchRow) -> list[str]:
    """Return the keys of the events that a touch rests on."""
    return [event_key(row.community, each["source"], each["event"]) for each in row.evidence]


def beginning_of(
    key: str, events: Mapping[str, history.ToldEvent], by_hand: Mapping[str, history.ToldByHand], viewer: Viewer
) -> str | None:
    """Return how the text under ``key`` begins; None where there is none or the viewer may not read it."""
    told = events.get(key) or by_hand.get(key)
    audience = told.audience if isinstance(told, history.ToldEvent) else _TEAM_ONLY
    if told is None or not told.text or not viewer.may_read(audience, told.community):
        return None
    return textwrap.shorten(told.text, _SAID, placeholder=" …") or None


def person(known: history.KnownMember | None, key: str, platform: str, member_id: str) -> resources.Person:
    """Return a member as people call them, by what is known of them."""
    if known is None:
        return resources.Person(key=key, name=member_id, handle=None, platform=platform)
    name = known.name or known.handle or known.member_id
    return resources.Person(key=key, name=name, handle=known.handle, platform=platform)


def responder_named(
    communities: Mapping[str, history.KnownCommunity], community: str, responder: str
) -> resources.ResponderName:
    """Return a responder as people call them."""
    known = communities.get(community)
    display = next((each.display_name for each in known.responders if each.name == responder), None) if known else None
    return resources.ResponderName(name=responder, display_name=display or responder)


def by_hand_item(
    row: history.ToldByHand, communities: Mapping[str, history.KnownCommunity], viewer: Viewer
) -> resources.ByHandItem:
    """Return what the team told; its text for the team alone."""
    return resources.ByHandItem(
        key=row.key,
        kind=row.kind,
        time=row.time,
        responder=responder_named(communities, row.community, row.responder),
        text=row.text if viewer.may_read(_TEAM_ONLY, row.community) else None,
        detail=row.detail,
    )


def history_item(
    row: history.ToldEvent, people: Mapping[str, history.KnownMember], viewer: Viewer
) -> resources.HistoryItem:
    """Return a member event as the viewer may see it."""
    may_read = viewer.may_read(row.audience, row.community)
    return resources.HistoryItem(
        key=row.key,
        kind=row.kind,
        time=row.time,
        community=row.community,
        platform=row.platform,
        member=person(people.get(row.member_key), row.member_key, row.platform, row.member_key),
        conversation=row.conversation,
        message=row.message,
        reply_to=row.reply_to,
        channel=row.channel if may_read else None,
        audience=row.audience,
        text=row.text if may_read else None,
        withheld=not may_read and row.text is not None,
        url=row.url if may_read else None,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        extra=row.extra,
    )

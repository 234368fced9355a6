"""Reads one member for a viewer: what is known of them at a glance, of all their identities."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import psycopg

from services.projections.history import links, presence
from services.projections.history import queries as history
from services.projections.member_resources import ConditionItem, MemberDetail, SegmentItem
from services.projections.queue import queries as queue
from services.projections.queue_items import queue_items
from services.projections.shaping import by_hand_item, link_items, longest, no_contact_item
from services.projections.viewer import Viewer
from shared.contracts.policy import Identity
from shared.segments import EVERYONE


async def member_detail(
    connection: psycopg.AsyncConnection[Any], key: str, viewer: Viewer, now: datetime
) -> MemberDetail | None:
    """Return one member, or None if no event of theirs is known."""
    keys = await links.person(connection, key)
    people = await history.members(connection, keys)
    known = people.get(key)
    if known is None:
        return None
    wanted = queue.QueueFilter(member_keys=tuple(keys), hidden=viewer.identities)
    open_touches = await queue_items(connection, await queue.touches_page(connection, wanted, None, 50), viewer)
    identities = (Identity(platform=one.platform, id=one.member_id) for one in people.values())
    themselves = not set(viewer.identities).isdisjoint(identities)
    by_hand = [] if themselves else await history.by_hand_of(connection, *keys)
    linked = [] if themselves else await links.links_of(connection, keys)
    no_contact = {} if themselves else await history.no_contact(connection, keys)
    tags = [] if themselves else await history.tags_of(connection, key)
    days = await presence.active_days(connection, keys, now)
    segment = None if themselves or known.bot else await _segment(connection, known, days[key], tags, now)
    opted_out = await history.opted_out_of_tone(connection, key)
    communities = await history.communities(connection)
    return MemberDetail(
        key=known.key,
        name=known.name or known.handle or known.member_id,
        handle=known.handle,
        organisation=communities[known.community].organisation if known.community in communities else None,
        community=known.community,
        platform=known.platform,
        platform_id=known.member_id,
        bot=known.bot,
        roles=known.roles,
        tags=tags,
        opted_out_of_tone=opted_out,
        segment=segment,
        first_seen=known.first_seen,
        last_seen=known.last_seen,
        events=known.events,
        active_days=sorted(set().union(*days.values()), reverse=True),
        no_contact=no_contact_item(longest(no_contact.values()), communities, known.community),
        open_touches=open_touches,
        by_hand=[by_hand_item(each, communities, viewer) for each in by_hand],
        links=link_items(linked, people, communities, known, viewer),
    )


async def _segment(
    connection: psycopg.AsyncConnection[Any],
    known: history.KnownMember,
    days: list[date],
    tags: list[str],
    now: datetime,
) -> SegmentItem | None:
    segments = await presence.segments_of(connection, known.community)
    if segments is None:
        return None
    facts = await presence.segment_facts(connection, known, days, tags, segments)
    found = next((one for one in segments.look(facts, now) if one.holds), None)
    if found is None:
        return SegmentItem(segment=EVERYONE, because=[])
    return SegmentItem(
        segment=found.segment,
        because=[
            ConditionItem(
                condition=one.condition,
                measured={name: list(v) if isinstance(v, tuple) else v for name, v in one.measured.items()},
            )
            for one in found.conditions
        ],
    )

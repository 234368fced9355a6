"""Touches as the queue lists them: rows in, resources out, nothing that the viewer may not see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from services.projections import resources
from services.projections.history import links
from services.projections.history import queries as history
from services.projections.queue import queries as queue
from services.projections.shaping import (
    beginning_of,
    escalation,
    evidence_keys,
    longest,
    no_contact_item,
    person,
    responder_named,
)
from services.projections.viewer import Viewer


async def queue_items(
    connection: psycopg.AsyncConnection[Any], rows: list[queue.TouchRow], viewer: Viewer
) -> list[resources.QueueItem]:
    """Return one item for each of ``rows``, in their order."""
    if not rows:
        return []
    members = await history.members(connection, {row.member_key for row in rows})
    no_contact = await wishes_of(connection, {row.member_key for row in rows})
    communities = await history.communities(connection)
    first = {row.touch: evidence_keys(row)[0] for row in rows if row.evidence}
    said = await history.events(connection, first.values())
    by_hand = await history.by_hand(connection, first.values())
    return [
        resources.QueueItem(
            id=row.touch,
            revision=row.fact_revision or 0,
            organisation=row.organisation,
            community=row.community,
            segment=row.segment,
            reason=row.reason,
            reasons=list(dict.fromkeys(one["reason"] for one in row.explained["reasons"])) or [row.reason],
            urgency=row.urgency,
            importance=row.explained["importance"],
            care_load=row.care_load,
            state=row.state,
            member=person(members.get(row.member_key), row.member_key, row.member_platform, row.member_id),
            said=beginning_of(first.get(row.touch, ""), said, by_hand, viewer),
            conversation=row.conversation,
            since=row.since,
            raised_at=row.raised_at,
            changed_at=row.changed_at,
            responder=responder_named(communities, row.community, row.responder) if row.responder else None,
            hold=row.hold,
            outcome=row.outcome,
            escalated=escalation(row),
            no_contact=no_contact_item(
                no_contact.get(row.member_key),
                communities,
                row.community,
            ),
        )
        for row in rows
    ]


async def wishes_of(connection: psycopg.AsyncConnection[Any], members: Collection[str]) -> dict[str, history.NoContact]:
    """Return who of ``members`` asked not to be contacted now, as whichever of their identities, by key."""
    people = await links.people_with(connection, set(members))
    told = await history.no_contact(connection, {key for person in people.values() for key in person})
    found = {one: longest(told[key] for key in people[one] if key in told) for one in people}
    return {one: wish for one, wish in found.items() if wish is not None}

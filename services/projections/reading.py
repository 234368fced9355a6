"""Reads the views for a viewer: rows in, resources out, nothing that the viewer may not see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from services.projections import resources
from services.projections.cursors import decode_cursor, encode_cursor
from services.projections.explaining import explained
from services.projections.history import links
from services.projections.history import queries as history
from services.projections.member_reading import member_detail
from services.projections.member_resources import MemberDetail
from services.projections.queue import queries as queue
from services.projections.queue_items import queue_items, wishes_of
from services.projections.shaping import (
    by_hand_item,
    emergency_contact,
    evidence_keys,
    history_item,
    no_contact_item,
    responder_named,
)
from services.projections.viewer import Viewer
from shared.contracts.policy import Identity, Tone

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderSeat:
    """A responder whom one can be at the desk."""

    organisation: str
    name: str
    display_name: str
    identities: tuple[Identity, ...]
    communities: frozenset[str]


class Reader:
    """Answers what the API and the desk ask. Raises psycopg.OperationalError or PoolTimeout without a database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def queue(
        self, wanted: queue.QueueFilter, cursor: str | None, limit: int, viewer: Viewer
    ) -> resources.QueuePage:
        """Return a page of the queue; raises CursorError."""
        after = decode_cursor(cursor, queue.Place) if cursor else None
        async with self._pool.connection() as connection:
            rows = await queue.touches_page(connection, replace(wanted, hidden=viewer.identities), after, limit + 1)
            items = await queue_items(connection, rows[:limit], viewer)
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        place = last and queue.Place(rank=last.rank, ranked_from=last.ranked_from, touch=last.touch)
        return resources.QueuePage(items=items, next=encode_cursor(place) if place else None)

    async def facets(self, viewer: Viewer) -> resources.Facets:
        """Return what the open touches can be filtered by."""
        async with self._pool.connection() as connection:
            tallies = await queue.tallies(connection, viewer.identities)
            communities = await history.communities(connection)
        names = {each.name: each.display_name for known in communities.values() for each in known.responders}
        return resources.Facets(
            communities=sorted(tallies.community),
            segments=sorted(tallies.segment),
            reasons=sorted(tallies.reason),
            responders=[
                resources.ResponderName(name=name, display_name=names.get(name, name))
                for name in sorted(tallies.responder)
            ],
            by_state=tallies.state,
            by_responder=tallies.responder,
            escalated=tallies.escalated,
        )

    async def touch(self, touch_id: str, viewer: Viewer) -> resources.TouchDetail | None:
        """Return one touch, or None if there is none that the viewer may see."""
        async with self._pool.connection() as connection:
            row = await queue.touch(connection, touch_id, viewer.identities)
            if row is None:
                return None
            (item,) = await queue_items(connection, [row], viewer)
            communities = await history.communities(connection)
            keys = evidence_keys(row)
            told = await history.events(connection, keys)
            by_hand = await history.by_hand(connection, keys)
            people = await _people(connection, told.values())
            wishes = await wishes_of(connection, [one.member_key for one in told.values()])
            timeline = await queue.timeline(connection, touch_id)
            kept = (communities.get(row.community) or Tone()).scores_kept_days
            reasons = explained(row, at=datetime.now(UTC), scores_kept_days=kept)
            playbook = await history.playbook(connection, row.community, reasons[0].policy_version, row.reason)

        def named(responder: str) -> resources.ResponderName:
            return responder_named(communities, row.community, responder)

        let_go = any(one.scores_let_go for one in reasons)
        return resources.TouchDetail(
            **{each.name: getattr(item, each.name) for each in fields(resources.QueueItem)},
            about=row.about,
            explained=reasons,
            rule=row.rule,
            policy_version=row.policy_version,
            values={} if let_go else row.measured,
            thresholds={} if let_go else row.thresholds,
            evidence=[
                resources.EvidenceItem(
                    source=each["source"],
                    event=each["event"],
                    time=datetime.fromisoformat(each["time"]),
                    told=history_item(told[key], people, viewer) if key in told else None,
                    by_hand=by_hand_item(by_hand[key], communities, viewer) if key in by_hand else None,
                    no_contact=no_contact_item(
                        wishes.get(told[key].member_key) if key in told else None, communities, row.community
                    ),
                )
                for key, each in zip(keys, row.evidence, strict=True)
            ],
            why=[
                resources.VerdictItem(responder=named(each["responder"]), chosen=each["chosen"], why=each["why"])
                for each in row.why or ()
            ],
            playbook=playbook,
            need_ended=resources.NeedEnd(kind=row.ended_kind, at=row.ended_at, cause=row.ended_cause)
            if row.ended_kind and row.ended_at and row.ended_cause
            else None,
            decides=emergency_contact(communities, row.community),
            timeline=[
                resources.TimelineEntry(
                    at=each.at,
                    kind=each.kind,
                    origin=each.origin,
                    responder=named(each.responder) if each.responder else None,
                    detail=each.detail,
                )
                for each in timeline
            ],
        )

    async def item(self, touch_id: str, viewer: Viewer) -> resources.QueueItem | None:
        """Return one touch as the queue lists it, or None if there is none that the viewer may see."""
        async with self._pool.connection() as connection:
            row = await queue.touch(connection, touch_id, viewer.identities)
            return (await queue_items(connection, [row], viewer))[0] if row else None

    async def member(self, key: str, viewer: Viewer) -> MemberDetail | None:
        """Return one member, or None if no event of theirs is known."""
        async with self._pool.connection() as connection:
            return await member_detail(connection, key, viewer, datetime.now(UTC))

    async def person(self, key: str) -> dict[str, history.KnownMember]:
        """Return all identities of the person one of whom has that key, by key: those of whom an event is known."""
        async with self._pool.connection() as connection:
            return await history.members(connection, await links.person(connection, key))

    async def left_alone(self, key: str) -> list[Identity]:
        """Return as which identities the person, one of whom has that key, is not to be contacted now."""
        async with self._pool.connection() as connection:
            keys = await links.person(connection, key)
            people = await history.members(connection, keys)
            wishes = await history.no_contact(connection, keys)
        return [Identity(platform=one.platform, id=one.member_id) for name, one in people.items() if name in wishes]

    async def history(self, key: str, cursor: str | None, limit: int, viewer: Viewer) -> resources.HistoryPage:
        """Return a page of the history of a member, as one person, newest first; raises CursorError."""
        after = decode_cursor(cursor, history.EventPlace) if cursor else None
        async with self._pool.connection() as connection:
            rows = await history.history_page(connection, await links.person(connection, key), after, limit + 1)
            people = await _people(connection, rows)
        more = len(rows) > limit
        last = history.EventPlace(time=rows[limit - 1].time, key=rows[limit - 1].key) if more else None
        return resources.HistoryPage(
            items=[history_item(row, people, viewer) for row in rows[:limit]],
            next=encode_cursor(last) if last else None,
        )

    async def revision_of(self, touch_id: str) -> int:
        """Return the revision of the newest touch fact that the queue holds, 0 if none."""
        async with self._pool.connection() as connection:
            return await queue.revision_of(connection, touch_id)

    async def shows(self, event: str) -> bool:
        """Tell whether the history holds what the team told under the key ``event``."""
        async with self._pool.connection() as connection:
            told = await history.by_hand(connection, [event])
            return event in told or await links.link_was_told(connection, event)

    async def touch_resting_on(self, event: str, member: str, viewer: Viewer) -> str | None:
        """Return the open touch about ``member`` that rests on the event of that key, None while there is none."""
        async with self._pool.connection() as connection:
            keys = await links.person(connection, member)
            wanted = queue.QueueFilter(member_keys=tuple(keys), hidden=viewer.identities)
            rows = await queue.touches_page(connection, wanted, None, 50)
        return next((row.touch for row in rows if event in evidence_keys(row)), None)

    async def queue_mark(self) -> tuple[int, int]:
        """Return how far the queue has come in its two streams."""
        async with self._pool.connection() as connection:
            return await queue.mark(connection)

    async def seats(self) -> list[ResponderSeat]:
        """Return the responders of every organisation."""
        async with self._pool.connection() as connection:
            communities = await history.communities(connection)
        seats: dict[tuple[str, str], ResponderSeat] = {}
        for known in communities.values():
            for each in known.responders:
                seat = seats.get((known.organisation, each.name))
                serves = not each.communities or known.community in each.communities
                seats[known.organisation, each.name] = ResponderSeat(
                    organisation=known.organisation,
                    name=each.name,
                    display_name=each.display_name,
                    identities=tuple(dict.fromkeys((*(seat.identities if seat else ()), *each.identities))),
                    communities=(seat.communities if seat else frozenset()) | ({known.community} if serves else set()),
                )
        return sorted(seats.values(), key=lambda seat: (seat.organisation, seat.display_name))


async def _people(
    connection: psycopg.AsyncConnection[Any], events: Iterable[history.ToldEvent]
) -> Mapping[str, history.KnownMember]:
    return await history.members(connection, {event.member_key for event in events})

"""The tallies: whatever is folded in whatever batches, they say what counting the open touches would."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from services.projections.queue.queries import QueueFilter, Tallies, TouchRow, tallies, touches_page
from services.projections.queue.view import QueueView
from shared.contracts import touch_facts
from shared.contracts.policy import Identity
from tests.projections import making
from tests.projections.folding import create_views, fold
from tests.projections.making import ADA, BO

_WHO = (ADA, BO)
_ABOUT_BO = (Identity(platform="discord", id=BO.id), Identity(platform="discord", id=BO.id))
_OPEN = ("raised", "held", "assigned", "claimed")
_ABOUTS = ("c-1", "c-2", "c-3")
_SHAPES: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "held": (touch_facts.TouchHeld, {"hold": "over-limit", "why": ()}),
    "to mira": (touch_facts.TouchAssigned, {"responder": "mira", "care_load": 2, "why": ()}),
    "to jonas": (touch_facts.TouchAssigned, {"responder": "jonas", "care_load": 2, "why": ()}),
    "claimed": (touch_facts.TouchClaimed, {"responder": "jonas"}),
    "released": (touch_facts.TouchReleased, {"responder": "jonas"}),
    "escalated": (touch_facts.TouchEscalated, {"cause": "nobody-claimed", "responder": None}),
    "annotated": (touch_facts.TouchAnnotated, {"note": "A peer answered"}),
    "withdrawn": (touch_facts.TouchWithdrawn, {"cause": "member-left"}),
    "settled": (touch_facts.TouchSettled, {"responder": "jonas", "outcome": "reached", "about": "c-1"}),
}

_changes = st.tuples(
    st.integers(0, len(_ABOUTS) - 1),
    st.integers(1, 6),
    st.sampled_from(["needed", "needed by newcomers", "needed in another community", "ended", *_SHAPES]),
)


def need(touch: int, revision: int, **changes: Any) -> Any:
    return making.need(
        _WHO[touch % 2], ("unanswered", "welcome")[touch // 2], about=_ABOUTS[touch], revision=revision, **changes
    )


def change(needs: making.BusStream, facts: making.BusStream, touch: int, revision: int, what: str) -> Any:
    match what:
        case "needed":
            return needs.add(need(touch, revision))
        case "needed by newcomers":
            return needs.add(need(touch, revision, segment="newcomers"))
        case "needed in another community":
            return needs.add(need(touch, revision, community="pier"))
        case "ended":
            return needs.add(making.ended(need(touch, revision)))
        case _:
            form, fields = _SHAPES[what]
            return facts.add(making.fact(form, need(touch, revision).touch, revision, **fields))


def counted(rows: list[TouchRow]) -> Tallies:
    """Return what the tallies must be where these touches are open."""

    def by(name: str) -> dict[str, int]:
        values = [getattr(row, name) for row in rows if getattr(row, name) is not None]
        return {value: values.count(value) for value in values}

    return Tallies(
        community=by("community"),
        segment=by("segment"),
        reason=by("reason"),
        state=by("state"),
        responder=by("responder"),
        escalated=sum(row.escalated_at is not None for row in rows),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(_changes, min_size=1, max_size=6), min_size=1, max_size=5))
def test_tallies_are_what_counting_would_say(postgres_url, batches):
    async def run() -> None:
        needs, facts = making.touches(), making.facts()
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
            schemas = await create_views(connection)
            for batch in batches:
                await fold(connection, QueueView(), [change(needs, facts, *one) for one in batch])
                for hidden in ((), _ABOUT_BO):
                    rows = await touches_page(connection, QueueFilter(hidden=hidden), None, 100)
                    assert {row.state for row in rows} <= set(_OPEN)
                    assert await tallies(connection, hidden) == counted(rows)
                kept = await connection.execute("SELECT count(*) FROM touch_tallies WHERE count <= 0")
                assert await kept.fetchone() == (0,)
            for schema in schemas:
                await connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))

    asyncio.run(run())

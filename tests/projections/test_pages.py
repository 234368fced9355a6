"""Pages of large views: PostgreSQL reads little more than it answers with, by its own account."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from services.projections.history import presence
from services.projections.history import queries as history
from services.projections.history.periods import make_periods, periods_of
from services.projections.pool import views_pool
from services.projections.queue import queries as queue
from services.projections.queue.tallies import tallied
from shared.contracts.names import member_key
from shared.contracts.policy import Identity
from tests.projections.folding import create_views
from tests.projections.making import NOON

ROWS = 20_000
PAGE = 50
PEOPLE = 5_000


def person(number: int) -> str:
    """Return the key of the person whom the touches of that number, modulo ``PEOPLE``, are about."""
    return member_key(f"c{number % 50}", "discord", f"u{number}")


_TOUCHES = sql.SQL(
    f"""
INSERT INTO touches (touch, need_revision, organisation, community, segment, reason, urgency, care_load, member_key,
    member_platform, member_id, about, since, raised_at, rank, ranked_from, evidence, rule, policy_version, measured,
    thresholds, fact_revision, standing_revision, standing, responder, changed_at, escalated_at, escalation_cause)
SELECT 't-' || i, 1, 'harbour', 'c' || i % 50, 's' || i % 20, CASE i % 100 WHEN 0 THEN 'welcome' ELSE 'unanswered' END,
    'routine', 2, ({{keys}}::text[])[1 + i % {PEOPLE}], 'discord', 'u' || i % {PEOPLE},
    'about' || i, at, at, 1, at, '[]', 'r', 'v', '{{{{}}}}', '{{{{}}}}', 1, 1,
    CASE i % 5 WHEN 0 THEN 'claimed' WHEN 1 THEN 'held' WHEN 2 THEN 'settled' ELSE 'assigned' END,
    'r' || i % 30, at, CASE WHEN i % 500 = 3 THEN at END, CASE WHEN i % 500 = 3 THEN 'nobody-claimed' END
FROM (SELECT i, '{NOON}'::timestamptz - i * interval '1 second' AS at FROM generate_series(1, {ROWS}) AS i) AS s
"""
).format(keys=[person(number) for number in range(PEOPLE)])
_HISTORY = f"""
INSERT INTO history (key, seq, community, platform, source, event, kind, time, member_key, message, text, extra)
SELECT 'e-' || i, i, 'harbour', 'discord', '/s', 'e' || i, 'posted', '{NOON}'::timestamptz - i * interval '1 hour',
    'm-' || i % 3, 'm' || i, 'words', '{{}}' FROM generate_series(1, {ROWS}) AS i;
INSERT INTO arrived SELECT key, seq, time, member_key FROM history;
INSERT INTO members (key, community, platform, member_id, bot, roles, first_seen, last_seen, events)
SELECT member_key, 'harbour', 'discord', member_key, false, '[]', min(time), max(time), count(*) FROM history GROUP BY 1
"""


class Explaining(psycopg.AsyncCursor[Any]):
    """Has every query explained as it is carried out: where it is prepared, with the plan that is kept for it."""

    steps: ClassVar[list[tuple[str, int]]] = []

    async def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        text = query if isinstance(query, str) else query.as_string(self.connection)
        if "SELECT" in text:
            plain = psycopg.AsyncCursor[Any](self.connection)
            if kwargs.get("prepare"):
                names = [*dict.fromkeys(re.findall(r"%\((\w+)\)s", text))]
                numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", text)
                values = sql.SQL(", ").join(sql.Literal(params[name]) for name in names)
                await plain.execute(f"PREPARE explained AS {numbered}".encode())
                await plain.execute(sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE explained ({})").format(values))
            else:
                await plain.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".encode(), params)
            row = await plain.fetchone()
            assert row is not None
            plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
            Explaining.steps += _steps(plan[0]["Plan"])
            if kwargs.get("prepare"):
                await plain.execute("DEALLOCATE explained")
        return await super().execute(query, params, **kwargs)


def _steps(node: dict[str, Any]) -> Iterator[tuple[str, int]]:
    name = " ".join(str(node[part]) for part in ("Node Type", "Relation Name", "Index Name") if part in node)
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    yield name, int(seen * node["Actual Loops"])
    for below in node.get("Plans", ()):
        yield from _steps(below)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def large(postgres_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        schemas = await create_views(connection)
        async with connection.transaction():
            await make_periods(connection, periods_of([NOON - timedelta(hours=number) for number in range(ROWS + 1)]))
        await connection.execute(sql.SQL("WITH {} SELECT").format(tallied(_TOUCHES)))
        await connection.execute(_HISTORY)
        await connection.execute("ANALYZE touches, touch_tallies, history, arrived, members")
        async with views_pool(postgres_url, schemas) as pool, pool.connection() as reading:
            reading.cursor_factory = Explaining
            yield reading
            reading.cursor_factory = psycopg.AsyncCursor
        for schema in schemas:
            await connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    Explaining.steps.clear()


def no_step_read_more_than(rows: int) -> None:
    assert Explaining.steps
    too_much = [step for step in Explaining.steps if step[1] > rows]
    assert not too_much, too_much


# How many rows may be read for a page, at most: where the wanted ones are many, passing over the others is cheapest.
FILTERS: list[tuple[dict[str, Any], int]] = [
    ({}, PAGE),
    ({"community": "c7"}, 2 * PAGE),
    ({"responder": "r5"}, 30 * PAGE),
    ({"reason": "welcome"}, 100 * PAGE),
    ({"segment": "nobody"}, 0),
    ({"state": "held"}, 5 * PAGE),
    ({"state": "settled"}, 5 * PAGE),
    ({"escalated": True}, PAGE),
    ({"member_keys": (person(7),)}, PAGE),
    ({"hidden": (Identity(platform="discord", id="u1"), Identity(platform="discord", id="u2"))}, 2 * PAGE + 2),
]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("wanted", "most"), FILTERS, ids=lambda one: " ".join(one) if isinstance(one, dict) else None)
async def test_a_page_of_the_queue_is_read_from_its_place(large, wanted, most):
    first = await queue.touches_page(large, queue.QueueFilter(**wanted), None, PAGE)
    if len(first) == PAGE:
        last = first[-1]
        place = queue.Place(rank=last.rank, ranked_from=last.ranked_from, touch=last.touch)
        first += await queue.touches_page(large, queue.QueueFilter(**wanted), place, PAGE)
    assert [row.ranked_from for row in first] == sorted(row.ranked_from for row in first)
    no_step_read_more_than(most)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_of_a_members_history_is_read_from_its_place(large):
    place: history.EventPlace | None = None
    for _ in range(3):
        page = await history.history_page(large, ["m-1"], place, PAGE)
        place = history.EventPlace(time=page[-1].time, key=page[-1].key)
    deep = history.EventPlace(time=NOON - timedelta(hours=ROWS - 1_000), key="e")
    assert len(await history.history_page(large, ["m-1"], deep, PAGE)) == PAGE
    no_step_read_more_than(PAGE)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_history_in_months_is_planned_once(large):
    large.cursor_factory = psycopg.AsyncCursor
    try:
        await large.execute("DEALLOCATE ALL")
        for _ in range(3):
            await history.history_page(large, ["m-1"], None, PAGE)
        asked = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%history%'"
        assert await (await large.execute(asked)).fetchall() == [(3, 0)]
    finally:
        large.cursor_factory = Explaining


@pytest.mark.asyncio(loop_scope="session")
async def test_the_evidence_of_a_page_is_read_by_its_place(large):
    keys = [f"e-{number}" for number in range(1, 20_000, 900)]
    assert len(await history.events(large, keys)) == len(keys)
    assert len(await history.members(large, ["m-1", "m-2"])) == 2
    no_step_read_more_than(len(keys))


@pytest.mark.asyncio(loop_scope="session")
async def test_a_touch_and_how_far_the_queue_is_are_read_by_their_keys(large):
    assert await queue.touch(large, "t-77") is not None
    assert await queue.revision_of(large, "t-77") == 1
    await queue.timeline(large, "t-77")
    await queue.mark(large)
    no_step_read_more_than(PAGE)


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_open_is_told_without_counting_it(large):
    about = (Identity(platform="discord", id="u1"), Identity(platform="discord", id="u2"))
    whole, told = await queue.tallies(large), await queue.tallies(large, about)
    assert (sum(whole.state.values()), whole.escalated, len(whole.community)) == (ROWS * 4 // 5, ROWS // 500, 40)
    assert 0 < sum(whole.state.values()) - sum(told.state.values()) <= 2 * ROWS // 5_000
    no_step_read_more_than(3 * PAGE)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_days_on_which_somebody_was_there_are_looked_up_one_by_one(large):
    found = await presence.active_days(large, ["m-1"], NOON)
    assert len(found["m-1"]) == presence.DAYS_SHOWN
    no_step_read_more_than(2 * presence.DAYS_SHOWN)

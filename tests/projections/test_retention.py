"""Retention: what the policy does not keep is told no more and deleted, and everything else stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.view_folding import compare_views
from services.projections.history import queries
from services.projections.history.retention import let_go
from services.projections.history.view import HistoryView
from shared.contracts import member_events as events
from shared.contracts.names import member_key
from shared.contracts.policy import CommunityRetention, Retention
from tests.projections import making
from tests.projections.folding import contents, create_views, fold
from tests.projections.making import ADA, ADA_KEY

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = timedelta(days=31)
POLICY = replace(
    making.care_policy(),
    communities=("harbour", "pier"),
    retention=Retention(history_months=6, communities=(CommunityRetention(community="pier", history_months=24),)),
)
PIER_KEY = member_key("pier", "discord", "u1")


def post(message: str, audience: events.Audience = "public") -> events.Posted:
    return events.Posted(member=ADA, conversation="c", message=message, text=f"words of {message}", audience=audience)


def edit(message: str) -> events.Edited:
    return events.Edited(member=ADA, conversation="c", message=message, text=f"other words of {message}")


class Told:
    """Both communities' events, one a month for 30 months, and edits of the oldest."""

    def __init__(self) -> None:
        self.stream = making.MemberEvents()
        for community in POLICY.communities:
            self.stream.adopt(POLICY, community=community)
        for number in range(30, 0, -1):
            for community in POLICY.communities:
                self.add(post(f"m{number}", "private"), number, community)
        self.add(edit("m30"), 29, "harbour")

    def add(self, data: Any, months_ago: float, community: str) -> Any:
        return self.stream.add(data, at=NOW - months_ago * MONTH, community=community)


async def times(connection: Any, key: str) -> list[datetime]:
    return [row.time for row in await queries.history_page(connection, [key], None, 100)]


async def partitions(connection: Any) -> int:
    row = await connection.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'history'::regclass")
    return int((await row.fetchone())[0])


async def test_each_community_keeps_its_months_and_what_nobody_keeps_is_dropped(connection, schemas):
    told = Told()
    await fold(connection, HistoryView(), told.stream.messages)
    assert len(await times(connection, ADA_KEY)) == 31
    before = await partitions(connection)
    member = (await queries.members(connection, [ADA_KEY]))[ADA_KEY]

    await let_go(connection)

    kept = await times(connection, ADA_KEY)
    assert 5 <= len(kept) <= 7
    assert min(kept) >= NOW - 7 * MONTH
    assert 22 <= len(await times(connection, PIER_KEY)) <= 25
    assert 5 <= before - await partitions(connection) <= 8
    assert (await queries.members(connection, [ADA_KEY]))[ADA_KEY] == member
    held = await connection.execute("SELECT count(*) FROM history WHERE community = 'harbour'")
    assert (await held.fetchone())[0] == len(kept)
    text = await connection.execute("SELECT count(*) FROM rewrites WHERE text IS NOT NULL")
    assert (await text.fetchone())[0] == 0


async def test_what_comes_again_or_too_late_is_not_told(connection, schemas):
    told = Told()
    await fold(connection, HistoryView(), told.stream.messages)
    await let_go(connection)
    kept = await times(connection, ADA_KEY)
    late = told.add(events.Joined(member=ADA), 20, "harbour")
    await fold(connection, HistoryView(), told.stream.messages[:20], [late])
    assert await times(connection, ADA_KEY) == kept
    assert await queries.events(connection, [late.key]) == {}
    assert (await queries.members(connection, [ADA_KEY]))[ADA_KEY].events == 32


async def test_an_edit_is_shown_to_no_more_people_than_the_post_that_is_gone(connection, schemas):
    told = Told()
    await fold(connection, HistoryView(), told.stream.messages)
    await let_go(connection)
    edited = told.add(edit("m20"), 0, "harbour")
    await fold(connection, HistoryView(), [edited])
    [row] = (await queries.events(connection, [edited.key])).values()
    assert row.audience == "private"


async def test_a_fresh_fold_is_the_same_above_the_horizon(connection, schemas):
    told = Told()
    await fold(connection, HistoryView(), told.stream.messages)
    await let_go(connection)
    told.add(edit("m20"), 0, "harbour")
    told.add(edit("m2"), 0, "harbour")
    await fold(connection, HistoryView(), told.stream.messages[-2:])
    tables = ("members", "history", "rewrites", "arrived", "communities")
    live = await contents(connection, tables)
    await create_views(connection)
    await fold(connection, HistoryView(), told.stream.messages)
    await let_go(connection)
    assert await contents(connection, tables) == live


async def test_the_checker_compares_above_the_horizon_and_sees_what_is_wrong_there(connection, schemas):
    told = Told()
    await fold(connection, HistoryView(), told.stream.messages)
    await let_go(connection)
    fresh = await create_views(connection)
    await fold(connection, HistoryView(), told.stream.messages)

    async def differing() -> dict[str, int]:
        _, found = await compare_views(connection, HistoryView(), expected=fresh[0], found=schemas[0])
        return {one.what: one.count for one in found}

    assert await differing() == {}
    await connection.execute(f"DELETE FROM {schemas[0]}.history WHERE message = 'm2' AND community = 'harbour'")
    await connection.execute(f"DELETE FROM {schemas[0]}.arrived WHERE time < '{NOW - 25 * MONTH}' AND seq = 9")
    assert await differing() == {"history.history: row missing": 1, "history.arrived: row missing": 1}


async def test_without_retention_everything_stays(connection, schemas):
    stream = making.MemberEvents()
    stream.adopt(making.care_policy())
    stream.add(post("m1"), at=NOW - 400 * MONTH)
    await fold(connection, HistoryView(), stream.messages)
    await let_go(connection)
    assert len(await times(connection, ADA_KEY)) == 1

"""What was measured of tone lives shorter than the touch that it was measured for: first untold, then gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace as changed

from infra.view_folding import compare_views
from services.projections.history.view import HistoryView
from services.projections.letting_go import LettingGo
from services.projections.queue.scores import let_go
from services.projections.queue.view import QueueView
from shared.bounded_wait import end
from shared.contracts import touch_facts
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Tone
from tests.projections import making
from tests.projections.folding import create_views, fold
from tests.waiting import until_async

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
POLICY = replace(making.care_policy(), tone=Tone(enabled=True, scores_kept_days=30))
SCORE = {"distress": 0.9, "found_at": "10-19", "reader": "7203241c"}
SHOWN_FROM = {"alerts_per_thousand": 1.0, "distress": 0.875}


def distressed(about: str, ended: float, *, alone: bool = False) -> NeedsTouch:
    """A touch for distress that joined an unanswered question, or of an earlier build for it ``alone``."""
    at = NOW - (ended + 1) * DAY
    need = making.need(reason="distress", about=about, since=at, values=SCORE, thresholds=SHOWN_FROM)
    if alone:
        return need
    question = making.reason(need, reason="unanswered", values={"answers_by_team": 0}, thresholds={"within_hours": 4.0})
    tone = making.reason(
        need,
        strength=1.2,
        baseline={"ill_humour": 0.125},
        difference="a fainter sign: a score below 0.875",
        why="soon, because of distress; 1.2 times as strong as the rule asks for",
    )
    survey = making.reason(
        need,
        reason="low-survey",
        values={"score": 9, "survey": "nps", "contradicted_by": "distress", **SCORE},
        thresholds=SHOWN_FROM,
        difference="a fainter sign in the comment, or a word of the team within 8 h",
    )
    return changed(need, reasons=(tone, question, survey), why=tone.why)


class Told:
    """Touches that ended so many days ago; the open one is as old as the first."""

    def __init__(self) -> None:
        self.members, self.needs, self.facts = making.MemberEvents(), making.touches(), making.facts()
        self.members.adopt(POLICY)
        self.old = self.settled("c-1", 31)
        self.alone = self.settled("c-2", 40, alone=True)
        self.kept = self.settled("c-3", 28)
        self.open = distressed("c-4", 31)
        self.needs.add(self.open)
        self.withdrawn = distressed("c-5", 32)
        self.needs.add(self.withdrawn)
        self.needs.add(making.ended(self.withdrawn, at=NOW - 32 * DAY))

    def settled(self, about: str, ended: float, *, alone: bool = False) -> NeedsTouch:
        need = distressed(about, ended, alone=alone)
        self.needs.add(need)
        at = NOW - ended * DAY
        how = {"about": about, "responder": "mira", "outcome": "reached"}
        self.facts.add(making.fact(touch_facts.TouchSettled, need.touch, 1, at, **how))
        return need

    async def fold(self, connection: Any) -> None:
        await fold(connection, HistoryView(), self.members.messages)
        await fold(connection, QueueView(), self.needs.messages, self.facts.messages)


async def of_touch(desk: Any, need: NeedsTouch) -> dict[str, Any]:
    return dict((await desk.api.get(f"/api/v1/touches/{need.touch}")).json())


async def test_the_scores_of_a_touch_that_ended_long_ago_are_told_no_more_all_else_is(desk):
    told = Told()
    await told.fold(desk.connection)
    for need in (told.old, told.withdrawn):
        touch = await of_touch(desk, need)
        tone, question, survey = touch["explained"]
        assert (touch["values"], touch["thresholds"]) == ({}, {})
        assert (tone["values"], tone["thresholds"], tone["baseline"]) == ({}, {}, {})
        assert (tone["difference"], tone["why"], tone["scores_let_go"]) == (None, None, True)
        assert (tone["reason"], tone["rule"], tone["policy_version"]) == ("distress", "distress", "v-1")
        assert (question["values"], question["scores_let_go"]) == ({"answers_by_team": 0}, False)
        assert survey["values"] == {"score": 9, "survey": "nps", "contradicted_by": "distress"}
        assert (survey["thresholds"], survey["difference"], survey["scores_let_go"]) == ({}, None, True)
    (alone,) = (await of_touch(desk, told.alone))["explained"]
    assert (alone["values"], alone["thresholds"], alone["why"]) == ({}, {}, None)


async def test_while_it_is_open_and_for_a_while_after_they_are_told(desk):
    told = Told()
    await told.fold(desk.connection)
    for need in (told.kept, told.open):
        touch = await of_touch(desk, need)
        tone, _, survey = touch["explained"]
        assert survey["thresholds"] == SHOWN_FROM
        assert (touch["values"], tone["values"], tone["thresholds"]) == (SCORE, SCORE, SHOWN_FROM)
        assert (tone["difference"], tone["scores_let_go"]) == ("a fainter sign: a score below 0.875", False)


async def test_without_a_known_policy_the_default_holds(desk):
    told = Told()
    told.settled("c-6", 91)
    await fold(desk.connection, QueueView(), told.needs.messages, told.facts.messages)
    assert (await of_touch(desk, told.old))["values"] == SCORE
    assert (await of_touch(desk, distressed("c-6", 91)))["values"] == {}


async def test_the_desk_says_that_they_are_gone(desk):
    told = Told()
    await told.fold(desk.connection)
    page = (await desk.api.get(f"/touches/{told.old.touch}")).text
    assert "What the reading of tone measured is no longer kept: this ended some time ago." in page
    assert "0.9" not in page
    kept = (await desk.api.get(f"/touches/{told.kept.touch}")).text
    assert "What the reading of tone measured is no longer kept: this ended some time ago." not in kept
    assert "0.9" in kept


async def rows(connection: Any) -> dict[str, str]:
    found = await connection.execute("SELECT touch, to_jsonb(t)::text FROM touches AS t")
    return dict(await found.fetchall())


async def swept(connection: Any, schemas: list[str]) -> None:
    """Let go as the service does: its search path has the queue first."""
    history, queue = schemas
    await connection.execute(f"SET search_path TO {queue}, {history}")
    await let_go(connection)
    await connection.execute(f"SET search_path TO {history}, {queue}")


async def test_they_leave_the_tables_and_nothing_else_does(connection, schemas):
    told = Told()
    await told.fold(connection)
    before = await rows(connection)
    await swept(connection, schemas)
    after = await rows(connection)
    gone = {told.old.touch, told.alone.touch, told.withdrawn.touch}
    assert {touch for touch in before if before[touch] != after[touch]} == gone
    for touch in gone:
        for trace in ("0.9", "0.875", "10-19", "0.125", "1.2"):
            assert trace not in after[touch]
        row, was = (msgspec.json.decode(one) for one in (after[touch], before[touch]))
        emptied = ("measured", "thresholds", "explained")
        assert {name: row[name] for name in row if name not in emptied} == {
            name: was[name] for name in was if name not in emptied
        }
    assert '"answers_by_team": 0' in after[told.old.touch].replace("\\", "")
    await swept(connection, schemas)
    assert await rows(connection) == after


async def test_the_service_has_them_go_by_itself(connection, schemas, postgres_url):
    told = Told()
    await told.fold(connection)
    history, queue = schemas
    going = asyncio.create_task(LettingGo(postgres_url, [queue, history], let_go).run())
    try:
        await until_async(lambda: lacks_scores(connection, told.old), seconds=20, what="the scores to be gone")
    finally:
        await end(going)


async def lacks_scores(connection: Any, need: NeedsTouch) -> bool:
    return "0.9" not in (await rows(connection))[need.touch]


async def test_what_was_let_go_is_told_as_before(desk, schemas):
    told = Told()
    await told.fold(desk.connection)
    before = [await of_touch(desk, need) for need in (told.old, told.alone, told.kept, told.open)]
    await swept(desk.connection, schemas)
    assert [await of_touch(desk, need) for need in (told.old, told.alone, told.kept, told.open)] == before


async def test_the_checker_compares_all_other_touches(connection, schemas):
    told = Told()
    await told.fold(connection)
    await swept(connection, schemas)
    fresh = await create_views(connection)
    await told.fold(connection)

    async def differing() -> dict[str, int]:
        _, found = await compare_views(connection, QueueView(), expected=fresh[1], found=schemas[1])
        return {one.what: one.count for one in found}

    assert await differing() == {}
    await connection.execute(f"UPDATE {schemas[1]}.touches SET segment = 'nobody' WHERE touch = '{told.kept.touch}'")
    await connection.execute(f"DELETE FROM {schemas[1]}.touches WHERE touch = '{told.open.touch}'")
    assert await differing() == {"queue.touches: row changed": 1, "queue.touches: row missing": 1}

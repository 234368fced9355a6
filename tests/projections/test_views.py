"""The folds: whatever the order of streams, cuts and repetitions, the tables are the same."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from services.projections.history.queries import playbook
from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from shared.contracts import member_events as events
from shared.contracts import touch_facts
from shared.contracts.policy import Playbook
from shared.delivery import Delivered
from tests.projections import making
from tests.projections.folding import HISTORY_TABLES, QUEUE_TABLES, contents, create_views, fold
from tests.projections.making import ADA, ADA_KEY, BO, NOON

HOUR = timedelta(hours=1)


def post(member: events.Member, message: str, text: str) -> events.Posted:
    return events.Posted(member=member, conversation="c-1", message=message, text=text, channel="help")


def edit(message: str, text: str) -> events.Edited:
    return events.Edited(member=ADA, conversation="c-1", message=message, text=text)


def recovery(message: str, text: str) -> events.Edited:
    return events.Edited(member=ADA, conversation="c-1", message=message, text=text, recovered=True)


def deletion(message: str) -> events.Deleted:
    return events.Deleted(member=ADA, conversation="c-1", message=message)


async def one(connection: psycopg.AsyncConnection[Any], query: str, *parameters: Any) -> Any:
    row = await (await connection.execute(query, parameters)).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


async def test_history_keeps_each_event_once_and_the_first_arrival_wins(connection, schemas):
    stream = making.MemberEvents()
    first = stream.add(post(ADA, "m1", "How do I bind a book?"), event_id="post:m1:1")
    again = stream.add(post(ADA, "m1", "something else"), event_id="post:m1:1")
    await fold(connection, HistoryView(), [first, again], [again], [first, again])
    assert await one(connection, "SELECT count(*), min(text), min(seq) FROM history") == (1, "How do I bind a book?", 1)
    assert await one(connection, "SELECT events FROM members") == 1


async def test_a_member_carries_the_newest_name_by_event_time(connection, schemas):
    stream = making.MemberEvents()
    await fold(
        connection,
        HistoryView(),
        [stream.add(events.Joined(member=events.Member(id="u1", name="Ada L.")), at=NOON)],
        [stream.add(events.Joined(member=events.Member(id="u1", name="old name")), at=NOON - HOUR)],
        [stream.add(events.Updated(member=events.Member(id="u1", roles=("helpers",))), at=NOON + HOUR)],
        [stream.add(events.Updated(member=events.Member(id="u1")), at=NOON + 2 * HOUR)],
    )
    row = await one(
        connection, "SELECT name, roles::json, first_seen, last_seen, events FROM members WHERE key = %s", ADA_KEY
    )
    assert row == ("Ada L.", [], NOON - HOUR, NOON + 2 * HOUR, 4)


async def test_an_edit_replaces_the_text_even_when_it_comes_before_the_post(connection, schemas):
    stream = making.MemberEvents()
    later = stream.add(edit("m1", "second thoughts"), at=NOON + 2 * HOUR)
    earlier = stream.add(edit("m1", "first thoughts"), at=NOON + HOUR)
    original = stream.add(post(ADA, "m1", "a thought"))
    await fold(connection, HistoryView(), [later], [earlier], [original])
    row = await one(connection, "SELECT text, edited_at FROM history WHERE kind = 'posted'")
    assert row == ("second thoughts", NOON + 2 * HOUR)


async def test_a_deletion_blanks_the_post_and_its_edits_whatever_comes_after(connection, schemas):
    stream = making.MemberEvents()
    gone = stream.add(deletion("m1"), at=NOON + HOUR)
    original = stream.add(post(ADA, "m1", "regretted"))
    edited = stream.add(edit("m1", "regretted too"), at=NOON + 2 * HOUR)
    other = stream.add(post(ADA, "m2", "kept"))
    await fold(connection, HistoryView(), [gone, original], [edited, other])
    rows = await (await connection.execute("SELECT kind, text, deleted_at FROM history ORDER BY seq")).fetchall()
    assert rows == [
        ("deleted", None, None),
        ("posted", None, NOON + HOUR),
        ("edited", None, NOON + HOUR),
        ("posted", "kept", None),
    ]


@pytest.mark.parametrize("in_one", [False, True], ids=["one-by-one", "in-one-batch"])
async def test_what_was_recovered_since_it_was_deleted_is_told_again(connection, schemas, in_one):
    stream, arriving, again = making.MemberEvents(), [], []
    for number, order in enumerate(itertools.permutations(range(4))):
        message = f"m{number}"
        told = [
            stream.add(post(ADA, message, "a thought"), at=NOON),
            stream.add(edit(message, "regretted"), at=NOON + HOUR),
            stream.add(deletion(message), at=NOON + 2 * HOUR),
            stream.add(recovery(message, "second thoughts"), at=NOON + 3 * HOUR),
        ]
        arriving += [told[each] for each in order]
        again.append(stream.add(deletion(message), at=NOON + 4 * HOUR))
    await fold(connection, HistoryView(), *([arriving] if in_one else [[one] for one in arriving]))
    rows = await connection.execute(
        "SELECT kind, time, text, deleted_at, count(*)::int FROM history WHERE kind <> 'deleted' GROUP BY 1, 2, 3, 4 "
        "ORDER BY time"
    )
    assert await rows.fetchall() == [
        ("posted", NOON, "second thoughts", None, 24),
        ("edited", NOON + HOUR, None, None, 24),
        ("edited", NOON + 3 * HOUR, "second thoughts", None, 24),
    ]
    await fold(connection, HistoryView(), again)
    assert await one(connection, "SELECT count(*) FROM history WHERE text IS NOT NULL") == 0
    assert await one(connection, "SELECT count(*) FROM rewrites WHERE text IS NOT NULL") == 0


async def test_an_edit_leaves_no_text_of_before(connection, schemas):
    stream = making.MemberEvents()
    first = stream.add(edit("m1", "first thoughts"), at=NOON + HOUR)
    original = stream.add(post(ADA, "m1", "a thought"))
    later = stream.add(edit("m1", "second thoughts"), at=NOON + 2 * HOUR)
    await fold(connection, HistoryView(), [first, original], [later])
    rows = await connection.execute("SELECT kind, text FROM history ORDER BY seq")
    assert await rows.fetchall() == [("edited", None), ("posted", "second thoughts"), ("edited", "second thoughts")]


async def listed(connection) -> list[int]:
    rows = await (
        await connection.execute("SELECT superseded.seq FROM superseded JOIN arrived USING (key) ORDER BY 1")
    ).fetchall()
    return [seq for (seq,) in rows]


@pytest.mark.parametrize("in_one", [False, True], ids=["one-by-one", "in-one-batch"])
async def test_the_texts_that_are_to_leave_the_stream_are_listed_whatever_the_order(connection, schemas, in_one):
    stream, arriving, expected = making.MemberEvents(), [], []
    for number, order in enumerate(itertools.permutations(range(5))):
        message = f"m{number}"
        told = [
            stream.add(post(ADA, message, "a thought"), at=NOON),
            stream.add(edit(message, "first thoughts"), at=NOON + HOUR),
            stream.add(deletion(message), at=NOON + 2 * HOUR),
            stream.add(recovery(message, "second thoughts"), at=NOON + 3 * HOUR),
            stream.add(edit(message, "third thoughts"), at=NOON + 4 * HOUR),
        ]
        arriving += [told[each] for each in order]
        expected += [told[each].seq for each in (0, 1, 3)]
    await fold(connection, HistoryView(), *([arriving] if in_one else [[one] for one in arriving]))
    assert await listed(connection) == sorted(expected)


async def test_what_was_struck_off_the_list_is_not_listed_again_by_another_edit(connection, schemas):
    stream = making.MemberEvents()
    await fold(connection, HistoryView(), [stream.add(post(ADA, "m1", "1"), at=NOON)])
    for number in range(1, 5):
        await fold(connection, HistoryView(), [stream.add(edit("m1", str(number)), at=NOON + number * HOUR)])
        assert await listed(connection) == [number]
        await connection.execute("DELETE FROM superseded")


async def test_a_text_that_came_again_is_listed_too_whether_before_or_after_it_was_superseded(connection, schemas):
    stream = making.MemberEvents()
    original = stream.add(post(ADA, "m1", "a thought"), event_id="post:m1:1")
    before = stream.add(post(ADA, "m1", "a thought"), event_id="post:m1:1")
    kept = [stream.add(post(ADA, "m2", "kept"), event_id="post:m2:1") for _ in range(2)]
    edited = stream.add(edit("m1", "second thoughts"), at=NOON + HOUR)
    after = stream.add(post(ADA, "m1", "a thought"), event_id="post:m1:1")
    without = stream.add(post(ADA, "m1", ""), event_id="post:m1:1")
    await fold(connection, HistoryView(), [original, before, *kept])
    assert await listed(connection) == []
    await fold(connection, HistoryView(), [edited], [after, without])
    assert await listed(connection) == [original.seq, before.seq, after.seq]


async def test_the_adopted_policy_is_the_one_with_the_highest_sequence_and_holds_no_addresses(connection, schemas):
    stream = making.MemberEvents()
    old = stream.adopt(making.care_policy(), "v-1")
    new = stream.adopt(making.care_policy(), "v-2")
    await fold(connection, HistoryView(), [old, new], [old])
    assert await one(connection, "SELECT policy_version FROM communities") == "v-2"
    assert "example.org" not in str(await contents(connection, HISTORY_TABLES))


async def test_the_guidance_of_an_earlier_policy_is_kept_beside_that_of_the_one_in_force(connection, schemas):
    stream, first = making.MemberEvents(), making.care_policy()
    other = replace(first, playbooks={"welcome": Playbook(steps=("Wave",))})
    again = [stream.adopt(first, "v-1"), stream.adopt(other, "v-2"), stream.adopt(first, "v-1")]
    await fold(connection, HistoryView(), again[:2], again)
    for version, steps in (("v-1", first.playbooks["welcome"].steps), ("v-2", ("Wave",))):
        told = await playbook(connection, making.COMMUNITY, version, "welcome")
        assert told is not None
        assert told.steps == steps
    assert await playbook(connection, making.COMMUNITY, "v-2", "unanswered") is None
    assert await playbook(connection, making.COMMUNITY, "v-3", "welcome") is None


async def test_what_has_no_column_of_its_own_is_kept(connection, schemas):
    stream = making.MemberEvents()
    answered = events.Surveyed(member=BO, survey="autumn", score=3, comment="Too loud")
    await fold(connection, HistoryView(), [stream.add(answered)])
    row = await one(connection, "SELECT text, extra::json FROM history")
    assert row == ("Too loud", {"survey": "autumn", "score": 3})


async def test_a_touch_is_raised_until_a_fact_says_more(connection, schemas):
    needs, facts = making.touches(), making.facts()
    raised = making.need()
    await fold(connection, QueueView(), [needs.add(raised)])
    assert await one(connection, "SELECT state, fact_revision FROM touches") == ("raised", None)
    held = making.fact(touch_facts.TouchHeld, raised.touch, 1, hold="outside-hours", why=())
    await fold(connection, QueueView(), [facts.add(held)])
    assert await one(connection, "SELECT state, hold, fact_revision FROM touches") == ("held", "outside-hours", 1)


async def test_an_annotation_moves_the_revision_and_nothing_else(connection, schemas):
    facts = making.facts()
    touch = making.need().touch
    await fold(
        connection,
        QueueView(),
        [
            facts.add(making.fact(touch_facts.TouchClaimed, touch, 1, responder="mira")),
            facts.add(making.fact(touch_facts.TouchAnnotated, touch, 2, note="A peer answered")),
        ],
    )
    assert await one(connection, "SELECT state, responder, fact_revision FROM touches") == ("claimed", "mira", 2)


async def test_a_touch_given_back_belongs_to_nobody(connection, schemas):
    facts = making.facts()
    touch = making.need().touch
    await fold(
        connection,
        QueueView(),
        [
            facts.add(making.fact(touch_facts.TouchClaimed, touch, 1, responder="mira")),
            facts.add(making.fact(touch_facts.TouchReleased, touch, 2, responder="mira")),
        ],
    )
    assert await one(connection, "SELECT state, responder FROM touches") == ("raised", None)


def touch_story() -> tuple[list[Delivered], list[Delivered]]:
    """Two touches, from raised to settled and withdrawn, as the two streams hold them, with repetitions."""
    needs, facts = making.touches(), making.facts()
    first = making.need(about="c-1")
    second = making.need(BO, "welcome", about="m-2", since=NOON - HOUR)
    chosen = (making.verdict("mira", "least load", chosen=True), making.verdict("jonas", "on leave", chosen=False))
    for each in (first, second, first, making.need(about="c-1", revision=2, care_load=9), making.ended(second)):
        needs.add(each)
    settled = {"responder": "mira", "outcome": "reached", "about": "c-1"}
    for each in (
        making.fact(touch_facts.TouchHeld, first.touch, 1, hold="over-limit", why=chosen[1:]),
        making.fact(touch_facts.TouchAssigned, first.touch, 2, responder="mira", care_load=2, why=chosen),
        making.fact(touch_facts.TouchHeld, first.touch, 1, hold="over-limit", why=chosen[1:]),
        making.fact(touch_facts.TouchReminded, first.touch, 3, responder="mira", to="responder"),
        making.fact(touch_facts.TouchPassedOn, first.touch, 4, responder="mira"),
        making.fact(touch_facts.TouchAssigned, first.touch, 5, responder="jonas", care_load=2, why=chosen),
        making.fact(touch_facts.TouchEscalated, first.touch, 6, cause="nobody-claimed", responder=None),
        making.fact(touch_facts.TouchEscalated, second.touch, 1, cause="held-too-long", responder="mira"),
        making.fact(touch_facts.TouchClaimed, first.touch, 7, responder="mira"),
        making.fact(touch_facts.TouchAnnotated, first.touch, 8, note="A peer answered"),
        making.fact(touch_facts.TouchWithdrawn, second.touch, 2, cause="member-left"),
        making.fact(touch_facts.TouchSettled, first.touch, 9, **settled),
    ):
        facts.add(each)
    return needs.messages, facts.messages


def member_story() -> list[Delivered]:
    """Posts, edits before and after their posts, deletions and repetitions, as one partition holds them."""
    stream = making.MemberEvents()
    stream.adopt(making.care_policy(), "v-1")
    for data, hours, event_id in (
        (edit("m1", "better"), 2, None),
        (post(ADA, "m1", "good"), 0, "post:m1:1"),
        (post(ADA, "m1", "good"), 0, "post:m1:1"),
        (edit("m1", "best"), 3, None),
        (edit("m1", "late but older"), 1, None),
        (post(BO, "m2", "oops"), 1, None),
        (deletion("m2"), 2, "delete:m2"),
        (edit("m2", "oops again"), 3, None),
        (deletion("m2"), 2, "delete:m2"),
        (events.Joined(member=events.Member(id="u1", name="Ada, earlier")), -5, None),
        (events.Updated(member=events.Member(id="u2", name="Bo!", roles=("host",)), tags=("new",)), 0, None),
    ):
        stream.add(data, at=NOON + hours * HOUR, event_id=event_id)
    stream.adopt(making.care_policy(), "v-2")
    return stream.messages


@st.composite
def interleavings(draw: st.DrawFn, *streams: Sequence[Delivered]) -> list[list[Delivered]]:
    """Return the streams' messages in some interleaving that keeps each stream's order, cut into batches."""
    tokens = draw(st.permutations([number for number, stream in enumerate(streams) for _ in stream]))
    sources = [iter(stream) for stream in streams]
    batches: list[list[Delivered]] = [[]]
    for token in tokens:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(next(sources[token]))
    return [batch for batch in batches if batch]


def same_tables(postgres_url: str, view: Any, tables: Sequence[str], *ways: Sequence[Sequence[Delivered]]) -> None:
    async def compare() -> None:
        results = []
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
            for way in ways:
                schemas = await create_views(connection)
                await fold(connection, view, *way)
                results.append(await contents(connection, tables))
                for schema in schemas:
                    await connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        assert all(result == results[0] for result in results)

    asyncio.run(compare())


_SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_NEEDS, _FACTS = touch_story()
_MEMBER_EVENTS = member_story()


@_SETTINGS
@given(batches=interleavings(_NEEDS, _FACTS))
def test_every_interleaving_and_every_cut_leaves_the_same_queue(postgres_url, batches):
    same_tables(postgres_url, QueueView(), QUEUE_TABLES, [[*_NEEDS, *_FACTS]], batches, [*batches, *batches])


@_SETTINGS
@given(batches=interleavings(_MEMBER_EVENTS))
def test_every_cut_and_every_repetition_leaves_the_same_history(postgres_url, batches):
    same_tables(postgres_url, HistoryView(), HISTORY_TABLES, [_MEMBER_EVENTS], batches, [*batches, *batches])

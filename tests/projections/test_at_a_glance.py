"""What is known of a member at a glance: the segment and why, how often they are there, what they were promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from services.projections.desk import glance
from services.projections.history.presence import THERE
from services.projections.history.view import HistoryView
from services.projections.resources import ByHandItem, ResponderName
from services.triage.handlers import MESSAGE_HANDLERS
from services.triage.occasion_handlers import note_activity
from shared.contracts import member_events as events
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.policy import Identity, Segment
from shared.contracts.subjects import kind_of
from shared.contracts.warmline_facts import MemberLinked, TagGiven
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA, BO, MIRA
from tests.projections.serving import Clerk, Desk
from tests.projections.test_by_hand import PAGE, send
from tests.projections.test_desk import visitor
from tests.waiting import day_lasts, until_async

DETAIL = f"/api/v1{PAGE}"
OFTEN = "member.active_days_30 >= 3 && member.days_since_active == 0"
PLACES = count(900, 50)
SEGMENTS = (
    Segment(name="new", member_for_less_than_days=30),
    Segment(name="unhappy", when="member.survey_score <= 6"),
    Segment(name="mentors", tags=("mentor",), roles=("helpers",)),
    Segment(name="often", when=OFTEN),
)


async def tell(desk: Desk, *told: tuple[Any, datetime]) -> None:
    stream = making.MemberEvents()
    stream.next = next(PLACES)
    adopted = stream.adopt(replace(making.care_policy(), segments=SEGMENTS), version="v-9")
    await fold(desk.connection, HistoryView(), [adopted, *(stream.add(data, at=at) for data, at in told)])


async def segment(desk: Desk) -> Any:
    return (await desk.api.get(DETAIL)).json()["segment"]


async def test_a_member_s_segment_and_what_of_them_makes_it_so(desk: Desk, told: Any) -> None:
    await until_async(day_lasts, seconds=90)
    now = datetime.now(UTC)
    assert await segment(desk) == {"segment": "everyone", "because": []}
    posted = events.Posted(member=ADA, conversation="c-7", message="m-7", text="Here.")
    await tell(desk, (posted, now))
    days = {now.date(), *((told.now - timedelta(hours=hours)).date() for hours in (300, 260, 6.2))}
    measured = {"member.active_days_30": len(days), "member.days_since_active": 0}
    assert await segment(desk) == {"segment": "often", "because": [{"condition": OFTEN, "measured": measured}]}
    async with visitor(desk, "harbour/mira") as mira:
        page = (await mira.get(PAGE)).text
    assert f"(active days 30: {len(days)}, days since active: 0)" in page


async def test_tags_of_platform_and_team_and_the_newest_survey_count(desk: Desk, told: Any) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    whom = Identity(platform="discord", id=ADA.id)
    await tell(desk, (events.Updated(member=ADA, tags=("mentor",)), now - 3 * hour))
    found = await segment(desk)
    assert found["segment"] == "mentors"
    assert [one["measured"] for one in found["because"]] == [{"roles": ["helpers"]}, {"tags": ["mentor"]}]
    await tell(desk, (events.Updated(member=ADA, tags=()), now - 2 * hour))
    assert (await segment(desk))["segment"] != "mentors"
    await tell(desk, (TagGiven(community="harbour", member=whom, responder="mira", tag="mentor"), now - hour))
    assert (await segment(desk))["segment"] == "mentors"
    for score, at, expected in ((6, 5, "unhappy"), (9, 4, "mentors"), (2, 6, "mentors")):
        await tell(desk, (events.Surveyed(member=ADA, survey="autumn", score=score), now - at * hour))
        assert (await segment(desk))["segment"] == expected


async def test_the_days_on_which_any_identity_of_the_person_was_there(desk: Desk, told: Any) -> None:
    now = datetime.now(UTC)
    both = {"member": Identity(platform="discord", id=ADA.id), "other": Identity(platform="discord", id=BO.id)}
    linked = MemberLinked(community="harbour", **both, why="She said so.", responder="mira")
    of_other = events.Posted(member=BO, conversation="c-8", message="m-8", text="Here, too.")
    joined = events.Joined(member=BO)
    before = {date.fromisoformat(day) for day in (await desk.api.get(DETAIL)).json()["active_days"]}
    assert before == {(told.now - timedelta(hours=hours)).date() for hours in (2000, 300, 260, 6.2)}
    await tell(
        desk,
        (linked, now),
        (of_other, now - timedelta(days=40)),
        (joined, now - timedelta(days=41)),
        (events.Posted(member=BO, conversation="c-8", message="m-10", text="Long ago."), now - timedelta(days=91)),
    )
    after = [date.fromisoformat(day) for day in (await desk.api.get(DETAIL)).json()["active_days"]]
    assert after == sorted({*before, (now - timedelta(days=40)).date()}, reverse=True)
    async with visitor(desk, "harbour/jonas") as jonas:
        page = (await jonas.get(PAGE)).text
    assert f"On {len(after)} days of the last 90" in page
    assert page.count('<i class="there">') == len(after)


async def test_the_page_tells_it_before_the_forms_and_the_story(desk: Desk, told: Any, clerk: Clerk) -> None:
    day = datetime.now(UTC).date() + timedelta(days=3)
    async with visitor(desk, "harbour/mira") as mira:
        page = (await send(mira, "promise", day=day.isoformat(), text="")).text
    assert f"You come back to them on {day:%-d %b %Y}" in page
    titles = ("At a glance", "What the team told", "Tell what you know", "The story so far")
    places = [page.index(title) for title in titles]
    assert places == sorted(places)


async def test_nobody_learns_of_themselves_what_the_team_tells(desk: Desk, told: Any) -> None:
    async with visitor(desk, "harbour/mira") as mira:
        page = (await mira.get(f"/members/{making.member_key('harbour', 'discord', MIRA.id)}")).text
    assert "How often they are here" in page
    assert "Segment" not in page


def test_who_is_there_for_triage_is_there_for_the_page() -> None:
    by_triage = {
        kind_of(name) for name, form in MEMBER_EVENT_TYPES.items() if note_activity in MESSAGE_HANDLERS.get(form, ())
    }
    assert set(THERE) == by_triage


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ((), "Not once in the last 90 days"),
        ((0,), "On 1 day of the last 90, 1 of them in the last 30"),
        ((29, 30, 89), "On 3 days of the last 90, 1 of them in the last 30"),
    ],
)
def test_how_often_somebody_is_there_in_words_and_as_days(back: tuple[int, ...], said: str) -> None:
    active = [TODAY - timedelta(days=one) for one in back]
    assert glance.presence(active, TODAY) == said
    assert [89 - place for place, there in enumerate(glance.days(active, TODAY)) if there] == sorted(back, reverse=True)


def test_only_promises_that_are_still_to_come_are_told_the_next_first() -> None:
    def promised(day: str, name: str) -> ByHandItem:
        by = ResponderName(name=name, display_name=name.capitalize())
        at = datetime(2026, 11, 1, tzinfo=UTC)
        return ByHandItem(key=day, kind="follow-up-promised", time=at, responder=by, text=None, detail={"day": day})

    found = glance.promises(
        [promised("2026-12-01", "mira"), promised("2026-11-22", "jonas"), promised("2026-11-23", "jonas")], TODAY
    )
    assert [glance.promise(one, "mira") for one in found] == [
        "Jonas comes back to them on 23 Nov 2026",
        "You come back to them on 1 Dec 2026",
    ]

"""What is planned in a Discord server, and who comes, heard without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.gatherings import NOBODY
from shared.contracts.member_events import Attended, Planned, Registered
from tests.polling.discord_line import Line, listen
from tests.polling.discord_server import GUILD, HELP, STAFF, Discord, at, member, user
from tests.polling.reading import RoundMade
from tests.waiting import until

LATER = datetime.now(UTC) + timedelta(days=2)


def announced(number: str = "70", **more: Any) -> dict[str, Any]:
    """An event as the API and the gateway give it."""
    return {
        "id": number,
        "guild_id": GUILD,
        "channel_id": None,
        "creator_id": "4",
        "name": "Office hours",
        "description": "Ask ada@example.org.",
        "scheduled_start_time": LATER.isoformat(),
        "scheduled_end_time": (LATER + timedelta(hours=1)).isoformat(),
        "privacy_level": 2,
        "status": 1,
        "entity_type": 3,
        "entity_metadata": {"location": "The old town hall"},
        "creator": user(4),
        "user_count": 0,
        "recurrence_rule": None,
        **more,
    }


def planned(made: RoundMade) -> list[Planned]:
    return [fact.data for fact in made.facts if isinstance(fact.data, Planned)]


def registered(made: RoundMade) -> list[tuple[str, str, bool]]:
    found = (fact.data for fact in made.facts)
    return [(one.gathering, one.member.id, one.declined) for one in found if isinstance(one, Registered)]


def again(discord: Discord, made: RoundMade, *moments: Callable[[], object], lost: bool = False) -> RoundMade:
    """Listen again as another process does, which goes on with the session unless it is ``lost``."""
    if lost:
        discord.sessions.clear()
    return listen(discord, *moments, marks=made.marks, until={"gateway": timedelta()})


def test_an_event_that_is_announced_is_planned_with_its_host_its_place_and_its_link() -> None:
    discord = Discord()
    made = listen(discord, lambda: discord.happen("GUILD_SCHEDULED_EVENT_CREATE", **announced()))
    plan = made.only(Planned)
    assert (plan.gathering, plan.title, plan.where) == ("70", "Office hours", "The old town hall")
    assert (plan.member.id, plan.member.handle, plan.audience) == ("4", "grace", "members")
    assert (plan.starts_at, plan.ends_at) == (LATER, LATER + timedelta(hours=1))
    assert (plan.url, plan.called_off) == (f"https://discord.com/events/{GUILD}/70", False)
    assert b"ada@example.org" not in msgspec.json.encode([fact.data for fact in made.facts])


def test_what_takes_place_in_a_channel_has_its_audience_and_is_dropped_where_that_is_not_taken() -> None:
    discord = Discord(
        events=[announced("70", channel_id=HELP, entity_metadata=None), announced("71", channel_id=STAFF)],
        interested=[{"user": user(4), "member": member(4)}],
    )
    [plan] = planned(listen(discord))
    assert (plan.gathering, plan.where, plan.audience) == ("70", "help", "members")
    made = listen(discord, private=(STAFF,))
    assert [(one.gathering, one.audience) for one in planned(made)] == [("70", "members"), ("71", "private")]
    assert registered(made) == [("70", "4", False), ("71", "4", False)]


def test_each_change_is_told_once_whichever_way_it_is_found() -> None:
    discord = Discord(events=[announced()])
    first = listen(discord)
    assert len(planned(first)) == 1
    moved = announced(scheduled_start_time=(LATER + timedelta(hours=2)).isoformat(), scheduled_end_time=None)

    def change() -> None:
        discord.events = [moved]
        discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **announced(user_count=5))  # nothing that is told
        discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **moved)

    live = again(discord, first, change)
    [change_told] = live.facts
    assert isinstance(change_told.data, Planned)
    assert (change_told.data.starts_at, change_told.data.ends_at) == (LATER + timedelta(hours=2), None)
    missed = again(discord, first, lost=True)
    assert [fact.id for fact in missed.facts] == [change_told.id]
    assert planned(again(discord, live, lost=True)) == []


def test_what_is_changed_back_is_told_with_another_id() -> None:
    discord = Discord()
    times = [LATER, LATER + timedelta(hours=1), LATER]

    def change() -> None:
        for time in times:
            event = announced(scheduled_start_time=time.isoformat(), scheduled_end_time=None)
            discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **event)

    made = listen(discord, change)
    assert [plan.starts_at for plan in planned(made)] == times
    assert len({fact.id for fact in made.facts}) == 3
    assert sorted(made.facts, key=lambda fact: fact.time) == made.facts


@pytest.mark.parametrize(("name", "status"), [("GUILD_SCHEDULED_EVENT_UPDATE", 4), ("GUILD_SCHEDULED_EVENT_DELETE", 1)])
def test_what_is_cancelled_or_deleted_is_called_off(name: str, status: int) -> None:
    discord = Discord(events=[announced()])

    def change() -> None:
        discord.events = []
        discord.happen(name, **announced(status=status))

    told = [plan.called_off for plan in planned(listen(discord, change))]
    assert told == [False, True]


def test_what_is_gone_when_nobody_listened_is_called_off_and_what_comes_back_takes_place() -> None:
    discord = Discord(events=[announced()])
    first = listen(discord)
    discord.events = []
    second = again(discord, first, lost=True)
    [gone] = planned(second)
    assert (gone.gathering, gone.called_off, gone.member, gone.title) == ("70", True, NOBODY, None)
    discord.events = [announced()]
    third = again(discord, second, lost=True)
    [back] = planned(third)
    assert not back.called_off
    assert back.title == "Office hours"
    assert {fact.id for fact in third.facts}.isdisjoint(fact.id for fact in (*first.facts, *second.facts))


def test_what_is_over_or_was_never_told_is_not_called_off() -> None:
    over = announced(scheduled_start_time=at(90), scheduled_end_time=at(30))
    discord = Discord(events=[over])
    first = listen(discord)
    assert planned(first) == []
    discord.events = []
    never_told = announced("71", status=4)
    made = again(discord, first, lambda: discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **never_told), lost=True)
    assert planned(made) == []


def test_who_is_interested_registers_and_who_is_no_longer_declines() -> None:
    discord = Discord(events=[announced()], members=[member(3)])
    interest = {"guild_scheduled_event_id": "70", "user_id": "3"}

    def change() -> None:
        for what in ("ADD", "REMOVE", "ADD"):
            discord.happen(f"GUILD_SCHEDULED_EVENT_USER_{what}", **interest)
        discord.happen("GUILD_SCHEDULED_EVENT_USER_ADD", **interest | {"guild_scheduled_event_id": "99"})

    made = listen(discord, change)
    assert registered(made) == [("70", "3", False), ("70", "3", True), ("70", "3", False)]
    assert len({fact.id for fact in made.facts}) == 4

    discord.interested = [{"user": user(3), "member": member(3)}, {"user": user(4), "member": member(4)}]
    by_list = again(discord, made, lost=True)
    known = {fact.id: fact for fact in made.facts}
    told: list[Fact] = [fact for fact in by_list.facts if isinstance(fact.data, Registered)]
    assert [(fact.data.member.id, fact.id in known) for fact in told] == [("3", True), ("4", False)]


def test_what_recurs_is_a_gathering_each_time() -> None:
    following = LATER + timedelta(days=7)
    rule = {"start": LATER.isoformat(), "frequency": 2, "interval": 1, "by_weekday": [1]}
    soon = datetime.now(UTC) + timedelta(seconds=2)
    first = announced(recurrence_rule=rule, scheduled_start_time=soon.isoformat(), scheduled_end_time=None)
    second = announced(recurrence_rule=rule, scheduled_start_time=following.isoformat(), scheduled_end_time=None)
    discord = Discord(events=[first])

    def begins() -> None:
        until(lambda: datetime.now(UTC) > soon)
        discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **first | {"status": 2})

    discord.interested = [{"user": user(4), "member": member(4)}]
    made = listen(discord, begins, lambda: discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **second))
    assert [(plan.starts_at, plan.called_off) for plan in planned(made)] == [(soon, False), (following, False)]
    one, other = (plan.gathering for plan in planned(made))
    assert one != other
    assert made.only(Attended).gathering == one


def test_a_recurring_one_that_is_put_off_before_it_begins_is_called_off_and_planned_anew() -> None:
    rule = {"start": LATER.isoformat(), "frequency": 2, "interval": 1}
    moved = announced(recurrence_rule=rule, scheduled_start_time=(LATER + timedelta(days=1)).isoformat())
    moved["scheduled_end_time"] = None
    discord = Discord(events=[announced(recurrence_rule=rule)])
    made = listen(discord, lambda: discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **moved))
    told = [(plan.starts_at, plan.called_off) for plan in planned(made)]
    assert sorted(told) == [(LATER, False), (LATER, True), (LATER + timedelta(days=1), False)]


def test_who_is_interested_in_an_event_is_there_when_it_begins() -> None:
    discord = Discord(interested=[{"user": user(4), "member": member(4)}])
    event = announced(scheduled_start_time=at(1), scheduled_end_time=None)
    hidden = {**event, "id": "71", "channel_id": STAFF}

    def happen() -> None:
        for one in (event, hidden):
            discord.happen("GUILD_SCHEDULED_EVENT_CREATE", **one)
            discord.happen("GUILD_SCHEDULED_EVENT_UPDATE", **{**one, "status": 2})
            discord.happen("GUILD_SCHEDULED_EVENT_USER_ADD", guild_scheduled_event_id=one["id"], user_id="5")
            discord.happen("GUILD_SCHEDULED_EVENT_USER_REMOVE", guild_scheduled_event_id=one["id"], user_id="5")

    made = listen(discord, happen)
    there = [fact.data for fact in made.facts if isinstance(fact.data, Attended)]
    assert [(one.member.id, one.title, one.gathering) for one in there] == [
        ("4", "Office hours", "70"),
        ("5", "Office hours", "70"),
    ]
    assert there[0].url == f"https://discord.com/events/{GUILD}/70"
    assert registered(made) == []


def test_a_place_that_is_kept_holds_no_title_and_no_name() -> None:
    discord = Discord(events=[announced()], interested=[{"user": user(4), "member": member(4)}])
    interest = {"guild_scheduled_event_id": "70", "user_id": "4"}
    made = listen(discord, lambda: discord.happen("GUILD_SCHEDULED_EVENT_USER_REMOVE", **interest))
    assert "withdrawn" in made.marks["gatherings"]
    assert not [word for word in ("Office", "grace", "Grace", "town hall", '"4"') if word in made.marks["gatherings"]]


def test_a_mark_that_cannot_be_read_is_told_anew_with_the_ids_that_were() -> None:
    discord = Discord(events=[announced()])
    first = listen(discord)
    broken = {**first.marks, "gatherings": "[1]"}
    discord.sessions.clear()
    made = listen(discord, marks=broken, until={"gateway": timedelta()}, line=Line(discord, ()))
    assert [fact.id for fact in made.facts] == [fact.id for fact in first.facts]


def test_what_is_not_understood_is_not_called_off() -> None:
    discord = Discord(events=[announced(), announced("71")])
    first = listen(discord)
    discord.events = [announced(status="soon, said Ada"), announced("71", name="Tea")]
    made = again(discord, first, lost=True)
    assert [(plan.gathering, plan.called_off) for plan in planned(made)] == [("71", False)]
    assert len(set(made.odd)) == 1
    assert "Ada" not in made.odd[0]

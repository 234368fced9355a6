"""What the team tells of members, at the desk and by the API: the forms, who may send them, and what is shown."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from services.projections.history import queries
from services.projections.history.retention import let_go
from services.projections.history.view import HistoryView
from shared.contracts.commands import AllowContact, AskForTouch, DeclineContact, LogCare, MemberReply
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import CareLogged, ContactDeclined, ToneOptOut
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA, ADA_KEY, MIRA
from tests.projections.serving import TOKEN, Clerk, Desk
from tests.projections.test_desk import form_token, visitor
from tests.projections.test_retention import POLICY
from tests.waiting import day_lasts, until_async

PAGE = f"/members/{ADA_KEY}"
WHY = "Her <mother> is ill."


async def send(browser: Any, verb: str, **fields: str) -> Any:
    page = await browser.get(PAGE)
    return await browser.post(
        f"{PAGE}/{verb}", data={"form_token": form_token(page.text), "command_id": "c1", **fields}
    )


async def test_who_asks_for_a_touch_is_led_to_it_and_it_says_who_asked_and_why(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "harbour/jonas") as jonas:
        page = await send(mira, "ask", text=WHY, urgency="urgent")
        assert page.url.path.startswith("/touches/")
        assert "You asked for a touch" in page.text
        assert "Her &lt;mother&gt; is ill." in page.text
        assert "Mira Okafor asked for a touch" in (await jonas.get(page.url.path)).text
        assert "Her &lt;mother&gt; is ill." in (await jonas.get("/")).text
    (command,) = clerk.seen
    assert command == AskForTouch(
        command_id="c1",
        community="harbour",
        member=Identity(platform="discord", id=ADA.id),
        responder="mira",
        why=WHY,
        urgency="urgent",
    )


@pytest.mark.parametrize(("days_ago", "now"), [(0, True), (3, False)])
async def test_care_given_elsewhere_is_told_on_the_members_page(
    desk: Desk, told: Any, clerk: Clerk, days_ago: int, now: bool
) -> None:
    await until_async(day_lasts, seconds=90)
    day = (datetime.now(UTC) - timedelta(days=days_ago)).date()
    async with visitor(desk, "harbour/mira") as mira:
        page = await send(mira, "log-care", way="call", day=day.isoformat(), text="")
        assert page.url.path == PAGE
        assert "You called them" in page.text
    (command,) = clerk.seen
    assert isinstance(command, LogCare)
    assert (command.way, command.note, command.at is None) == ("call", None, now)
    assert command.at is None or command.at.date() == day


async def test_who_wants_no_contact_is_marked_until_somebody_says_otherwise(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    mark, touch = "Asked not to be contacted", f"/touches/{told.question.touch}"
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    async with visitor(desk, "harbour/mira") as mira:
        assert mark not in (await mira.get("/")).text
        page = await send(mira, "decline-contact", day=day.isoformat())
        assert f"asked not to be contacted before {day:%-d %b %Y}" in page.text
        assert "You told that they want no contact" in page.text
        assert mark in (await mira.get("/")).text
        assert "is for Jonas Weber, the emergency contact, to decide" in (await mira.get(touch)).text
        detail = (await desk.api.get(f"/api/v1{PAGE}")).json()
        assert detail["no_contact"]["until"] == f"{day}T00:00:00Z"
        page = await send(mira, "allow-contact", command_id="c2")
        assert "asked not to be contacted" not in page.text.lower()
        for past in (datetime.now(UTC).date().isoformat(), "2026-13-01"):
            assert (await send(mira, "decline-contact", day=past)).status_code == 400
    assert [type(command) for command in clerk.seen] == [DeclineContact, AllowContact]


async def test_a_promise_is_told_with_its_day_and_not_for_the_past(desk: Desk, told: Any, clerk: Clerk) -> None:
    last_zone = timezone(timedelta(hours=-12))
    await until_async(lambda: day_lasts(zone=last_zone), seconds=90)
    today = datetime.now(last_zone).date()
    """As it may be for the team, wherever it is."""
    async with visitor(desk, "harbour/mira") as mira:
        page = await send(mira, "promise", day=today.isoformat(), text="Ask how the move went.")
        assert f"You promised to come back to them on {today:%-d %b %Y}" in page.text
        assert "Ask how the move went." in page.text
        for day in ("", "2026-01-01"):
            assert (await send(mira, "promise", day=day)).status_code == 400
    body = {"responder": "jonas", "day": "2999-01-01"}
    assert (await desk.api.post(f"/api/v1{PAGE}/promises", json=body)).status_code == 200
    assert [(command.responder, command.day) for command in clerk.seen] == [
        ("mira", today),
        ("jonas", date(2999, 1, 1)),
    ]


async def test_another_note_of_the_same_page_is_kept_beside_the_first_and_the_same_one_once(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    async with visitor(desk, "harbour/mira") as mira:
        for text in ("She has moved.", "She has a new job.", "She has moved."):
            page = await send(mira, "note", text=text)
        assert [page.text.count(text) for text in ("She has moved.", "She has a new job.")] == [1, 1]
    assert [command.command_id for command in clerk.seen] == ["c1"] * 3


async def test_a_tag_stands_on_the_page_until_it_is_taken_away(desk: Desk, told: Any, clerk: Clerk) -> None:
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "") as looking:
        page = await send(mira, "tag", tag="  book   <binder> ")
        assert "Take the tag book &lt;binder&gt; away" in page.text
        assert "Take the tag" not in (await looking.get(PAGE)).text
        assert "You gave them the tag book &lt;binder&gt;" in page.text
        assert (await desk.api.get(f"/api/v1{PAGE}")).json()["tags"] == ["book <binder>"]
        page = await send(mira, "untag", tag="book <binder>", command_id="c2")
        assert "Take the tag" not in page.text
        for tag in ("", "x" * 61):
            assert (await send(mira, "tag", tag=tag)).status_code == 400
    body = {"responder": "jonas", "tag": "mentor"}
    assert (await desk.api.post(f"/api/v1{PAGE}/tags", json=body)).status_code == 200
    assert (await desk.api.get(f"/api/v1{PAGE}")).json()["tags"] == ["mentor"]


async def test_a_note_is_for_the_team_alone(desk: Desk, told: Any, clerk: Clerk) -> None:
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "") as looking:
        assert WHY.replace("<", "&lt;").replace(">", "&gt;") in (await send(mira, "note", text=WHY)).text
        page = (await looking.get(PAGE)).text
        assert "Mira Okafor noted" in page
        assert "mother" not in page
        assert (await send(mira, "note", text=" ")).status_code == 400
    body = {"responder": "jonas", "text": "They moved."}
    assert (await desk.api.post(f"/api/v1{PAGE}/notes", json=body)).status_code == 200
    assert [one["text"] for one in (await desk.api.get(f"/api/v1{PAGE}")).json()["by_hand"]] == ["They moved.", WHY]


async def test_who_opts_out_of_the_reading_of_tone_is_marked_whoever_told_it(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    events = making.MemberEvents()
    events.next = 900
    by_administrator = ToneOptOut(community="harbour", member=Identity(platform="discord", id=ADA.id), opted_out=True)
    async with visitor(desk, "harbour/mira") as mira:
        assert "not read for tone" not in (await mira.get(PAGE)).text
        message = events.add(by_administrator, platform="warmline", source="/warmline/harbour")
        await fold(desk.connection, HistoryView(), [message], [message])
        page = (await mira.get(PAGE)).text
        assert "not read for tone" in page
        assert "The administrator told that nothing that they write is to be read for its tone" in page
        page = (await send(mira, "opt-into-tone")).text
        assert "not read for tone" not in page
        assert "You told that what they write may be read for its tone" in page
    body = {"responder": "jonas", "opted_out": True}
    assert (await desk.api.post(f"/api/v1{PAGE}/tone", json=body)).status_code == 200
    assert (await desk.api.get(f"/api/v1{PAGE}")).json()["opted_out_of_tone"] is True


async def test_the_api_tells_of_contact_and_the_day_ends_it(desk: Desk, told: Any, clerk: Clerk) -> None:
    path = f"/api/v1{PAGE}/contact"
    soon = datetime.now(UTC) + timedelta(seconds=5)
    body = {"responder": "mira", "wanted": False, "until": soon.isoformat()}
    assert (await desk.api.post(path, json=body)).json()["shown"] is True

    async def over() -> bool:
        return (await desk.api.get(f"/api/v1{PAGE}")).json()["no_contact"] is None

    await until_async(over, what="the day to end it")
    assert (await desk.api.post(path, json={**body, "wanted": True})).status_code == 400


_BY_COMMAND: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "ask": (
        ("--why", WHY, "--urgency", "urgent"),
        "Somebody is asked to turn to discord:u1.",
        {"why": WHY, "urgency": "urgent"},
    ),
    "care": (
        ("--way", "call", "--day", "2026-01-02", "--note", "We spoke."),
        "The care for discord:u1 is logged.",
        {"way": "call", "note": "We spoke.", "at": datetime(2026, 1, 2, 23, 59, 59, 999999, tzinfo=UTC)},
    ),
    "note": (("She moved.",), "The note about discord:u1 is kept.", {"text": "She moved."}),
    "tag": (("mentor",), "discord:u1 carries the tag mentor now.", {"tag": "mentor"}),
    "untag": (("mentor",), "discord:u1 does not carry the tag mentor of the team's any more.", {"tag": "mentor"}),
    "promise": (
        ("--day", "2999-01-01"),
        "A follow-up of discord:u1 is promised for 2999-01-01.",
        {"day": date(2999, 1, 1), "note": None},
    ),
    "leave-alone": (
        ("--until", "2999-01-01"),
        "Nobody is asked to turn to discord:u1 before 2999-01-01.",
        {"until": datetime(2999, 1, 1, tzinfo=UTC)},
    ),
    "contact-again": ((), "discord:u1 may be contacted again.", {}),
    "tone": (
        ("off",),
        "What discord:u1 writes in harbour is not read for its tone any more, from their next message on.",
        {"opted_out": True},
    ),
}


async def test_what_the_desk_does_by_hand_commands_do_too(desk: Desk, told: Any, clerk: Clerk) -> None:
    env = {"WARMLINE_API_URL": desk.url, "WARMLINE_TOKEN": TOKEN, "COLUMNS": "200"}

    async def run(verb: str, member: str, *arguments: str) -> tuple[int, str]:
        given = ["member", verb, member, *arguments, "--community", "harbour", "--as", "mira"]
        result = await asyncio.to_thread(CliRunner(env=env).invoke, app, given)
        return result.exit_code, result.output

    for verb, (arguments, done, _) in _BY_COMMAND.items():
        assert await run(verb, "discord:u1", *arguments) == (0, f"{done}\n")
    for command, (_, _, said) in zip(clerk.seen, _BY_COMMAND.values(), strict=True):
        assert (command.responder, command.member) == ("mira", Identity(platform="discord", id=ADA.id))
        assert {name: getattr(command, name) for name in said} == said
    assert await run("leave-alone", "discord:u1") == (
        0,
        "Nobody is asked to turn to discord:u1 until somebody says: warmline member contact-again discord:u1.\n",
    )
    told_by_then = len(clerk.seen)
    for arguments, word in (
        (("note", "discord:nobody", "x"), "Nobody is known in harbour as discord:nobody: give the platform"),
        (("note", "u1", "x"), "'u1' names no member"),
        (("note", "discord:u1", "x" * 2001), "TEXT has 2,001 characters: write at least one, and 2,000 at most."),
        (("ask", "discord:u1", "--why", ""), "--why has 0 characters"),
        (("tag", "discord:u1", "x" * 61), "TAG has 61 characters"),
        (("care", "discord:u1", "--way", "call", "--day", "2999-01-01"), "--day 2999-01-01 is still to come"),
        (("care", "discord:u1", "--way", "shout"), "--way"),
        (("promise", "discord:u1", "--day", "2026-13-01"), "'2026-13-01' is no day: write it as 2026-12-01."),
        (("leave-alone", "discord:u1", "--until", "tomorrow"), "'tomorrow' is no day: write it as 2026-12-01."),
    ):
        code, said = await run(*arguments)
        assert (code > 0, word in said) == (True, True), said
    assert len(clerk.seen) == told_by_then


async def test_nobody_tells_anything_who_is_just_looking_or_is_the_member(desk: Desk, told: Any, clerk: Clerk) -> None:
    mira_key = told.about_mira.member.key
    events = making.MemberEvents()
    events.next = 900
    member = Identity(platform="discord", id=MIRA.id)
    logged = CareLogged(community="harbour", member=member, responder="jonas", way="call", note="She is tired.")
    await fold(desk.connection, HistoryView(), [events.add(logged, platform="warmline", source="/warmline/harbour")])
    async with (
        visitor(desk, "") as looking,
        visitor(desk, "harbour/mira") as mira,
        visitor(desk, "harbour/jonas") as jonas,
    ):
        for browser, path in ((looking, PAGE), (mira, f"/members/{mira_key}")):
            page = await browser.get(path)
            assert page.status_code == 200
            assert "/log-care" not in page.text
            fields = {"form_token": form_token(page.text), "way": "call", "day": "2026-01-01"}
            assert (await browser.post(f"{path}/log-care", data=fields)).status_code == 403
        assert "She is tired." not in (await looking.get(f"/members/{mira_key}")).text
        assert "She is tired." in (await jonas.get(f"/members/{mira_key}")).text
        assert "She is tired." not in (await mira.get(f"/members/{mira_key}")).text
        assert (await mira.get(f"/api/v1/members/{mira_key}")).json()["by_hand"] == []
        assert (await mira.post(f"{PAGE}/ask", data={"text": WHY, "urgency": "soon"})).status_code == 403
        body = {"responder": "jonas", "way": "call"}
        assert (await mira.post(f"/api/v1{PAGE}/care", json=body)).status_code == 403
    assert clerk.seen == []


async def test_what_is_refused_keeps_what_was_written(desk: Desk, told: Any, clerk: Clerk) -> None:
    clerk.refused = MemberReply(event="", position=0, refused="unavailable", detail="Not just now.")
    async with visitor(desk, "harbour/mira") as mira:
        page = await send(mira, "ask", text=WHY, urgency="urgent")
        assert page.status_code == 503
        assert "Not just now." in page.text
        assert "Her &lt;mother&gt; is ill." in page.text
        assert 'value="c1"' in page.text
        assert page.text.count('href="#tried"') == page.text.count('open id="tried"') == 1
        for verb, fields in (
            ("ask", {"urgency": "soon"}),
            ("ask", {"text": WHY}),
            ("log-care", {}),
            ("ask", {"text": "x" * 2001}),
        ):
            assert (await send(mira, verb, **fields)).status_code == 400


async def test_the_api_tells_for_a_responder_and_says_when_nobody_keeps_it(desk: Desk, told: Any) -> None:
    asking = {"responder": "mira", "why": WHY, "urgency": "soon"}
    assert (await desk.api.post(f"/api/v1{PAGE}/touches", json=asking)).status_code == 503
    clerk = Clerk(desk.connection)
    await desk.nats.subscribe("command.member.>", cb=clerk.answer)
    await desk.nats.flush()
    answer = await desk.api.post(f"/api/v1{PAGE}/touches", json=asking)
    assert (answer.status_code, answer.json()["shown"]) == (200, True)
    detail = (await desk.api.get(f"/api/v1/touches/{answer.json()['touch']}")).json()
    (evidence,) = detail["evidence"]
    assert (evidence["told"], evidence["by_hand"]["text"]) == (None, WHY)
    assert (
        await desk.api.post("/api/v1/members/m-none/care", json={"responder": "mira", "way": "call"})
    ).status_code == 404


async def test_it_is_kept_no_longer_than_the_history_but_for_what_holds_on(connection: Any, schemas: Any) -> None:
    now, events = datetime.now(UTC), making.MemberEvents()
    events.adopt(POLICY, community="harbour")
    for months in (7, 5):
        logged = CareLogged(
            community="harbour", member=Identity(platform="discord", id=ADA.id), responder="mira", way="call"
        )
        declined = ContactDeclined(community="harbour", member=logged.member, responder="mira")
        for told in (logged, declined):
            events.add(told, at=now - months * timedelta(days=31), platform="warmline", source="/warmline/harbour")
    await fold(connection, HistoryView(), events.messages, events.messages)
    assert len(await queries.by_hand_of(connection, ADA_KEY)) == 4
    await let_go(connection)
    assert len(await queries.by_hand_of(connection, ADA_KEY)) == 2
    assert await (await connection.execute("SELECT kind FROM by_hand ORDER BY time")).fetchall() == [
        ("contact-declined",),
        ("care-logged",),
        ("contact-declined",),
    ]

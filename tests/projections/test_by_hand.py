"""What the team tells of members, at the desk and by the API: the forms, who may send them, and what is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.projections.history import queries
from services.projections.history.retention import let_go
from services.projections.history.view import HistoryView
from shared.contracts.commands import AskForTouch, LogCare, MemberReply
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import CareLogged
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA, ADA_KEY, MIRA
from tests.projections.serving import Clerk, Desk
from tests.projections.test_desk import form_token, visitor
from tests.projections.test_retention import POLICY

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
    day = (datetime.now(UTC) - timedelta(days=days_ago)).date()
    async with visitor(desk, "harbour/mira") as mira:
        page = await send(mira, "log-care", way="call", day=day.isoformat(), text="")
        assert page.url.path == PAGE
        assert "You called them" in page.text
    (command,) = clerk.seen
    assert isinstance(command, LogCare)
    assert (command.way, command.note, command.at is None) == ("call", None, now)
    assert command.at is None or command.at.date() == day


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


async def test_it_is_kept_no_longer_than_the_history(connection: Any, schemas: Any) -> None:
    now, events = datetime.now(UTC), making.MemberEvents()
    events.adopt(POLICY, community="harbour")
    for months in (7, 5):
        logged = CareLogged(
            community="harbour", member=Identity(platform="discord", id=ADA.id), responder="mira", way="call"
        )
        events.add(logged, at=now - months * timedelta(days=31), platform="warmline", source="/warmline/harbour")
    await fold(connection, HistoryView(), events.messages, events.messages)
    assert len(await queries.by_hand_of(connection, ADA_KEY)) == 2
    await let_go(connection)
    assert len(await queries.by_hand_of(connection, ADA_KEY)) == 1
    assert await (await connection.execute("SELECT count(*) FROM by_hand")).fetchone() == (1,)

"""The desk over HTTP: who may come in, what is shown to whom, and what a form must carry."""

from __future__ import annotations

import re
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import msgspec
import pytest

from services.projections.desk.session import COOKIE, LIFETIME_SECONDS, Sessions
from services.projections.desk.wording import marked
from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from shared.contracts import member_events as events
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import ContactDeclined
from tests.projections import making
from tests.projections.folding import fold
from tests.projections.making import ADA_KEY
from tests.projections.serving import TOKEN, Desk


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


@asynccontextmanager
async def visitor(desk: Desk, seat: str | None = None):
    """A browser without JavaScript; signed in as ``seat`` ('' is just looking), or not at all."""
    headers = {"origin": desk.url}
    async with httpx.AsyncClient(
        base_url=desk.url, headers=headers, trust_env=False, follow_redirects=True, timeout=30
    ) as client:
        if seat is not None:
            page = await client.post("/login", data={"token": TOKEN})
            await client.post("/who", data={"seat": seat, "form_token": form_token(page.text)})
        yield client


async def test_who_has_not_signed_in_is_asked_to_and_sees_nobodys_name(desk, told):
    async with visitor(desk) as browser:
        for path in ("/", f"/touches/{told.question.touch}", f"/members/{ADA_KEY}", "/who"):
            page = await browser.get(path)
            assert page.url.path == "/login"
            assert "Ada" not in page.text
            assert "Mira" not in page.text


async def test_a_wrong_token_begins_no_session(desk):
    async with visitor(desk) as browser:
        page = await browser.post("/login", data={"token": "guess"})
        assert page.status_code == 401
        assert "not the administrator" in page.text
        assert COOKIE not in browser.cookies


async def test_what_is_no_form_or_no_origin_is_refused(desk):
    async with visitor(desk, "") as browser:
        part = b'--b\r\nContent-Disposition: form-data; name="token"\r\n'
        part += b"Content-Type: text/plain; charset=x\r\n\r\n-\r\n--b--"
        header = {"content-type": "multipart/form-data; boundary=b"}
        assert (await browser.post("/login", content=part, headers=header)).status_code == 415
        assert (await browser.post("/logout", headers={"origin": "http://[::1"})).status_code == 403


async def test_the_session_is_a_strict_cookie_out_of_reach_of_scripts(desk):
    async with visitor(desk) as browser:
        answer = await browser.post("/login", data={"token": TOKEN}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/who")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie


async def test_every_page_forbids_foreign_and_inline_scripts(desk):
    async with visitor(desk, "") as browser:
        for path in ("/", "/nothing", "/static/desk.js", "/api/v1/queue"):
            policy = (await browser.get(path)).headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy


async def test_texts_are_escaped(desk, told):
    async with visitor(desk, "") as browser:
        page = (await browser.get(f"/touches/{told.held.touch}")).text
        assert "&lt;script&gt;alert(" in page
        assert "<script>alert(" not in page


async def test_wording_that_was_noticed_is_marked_where_the_text_may_be_read(desk, told):
    async with visitor(desk, "") as looking, visitor(desk, "harbour/jonas") as jonas:
        page = (await looking.get(f"/touches/{told.held.touch}")).text
        assert re.findall("<mark[^>]*>([^<]*)</mark>", page) == ["stopped working", "&#39;boo&#39;"]
        private = f"/touches/{told.claimed.touch}"
        assert "<mark" not in (await looking.get(private)).text
        assert re.findall("<mark[^>]*>([^<]*)</mark>", (await jonas.get(private)).text) == ["only the hosts may read"]


@pytest.mark.parametrize(
    ("noticed", "pieces"),
    [
        ([], [("a word", False)]),
        ([(2, 6)], [("a ", False), ("word", True)]),
        ([(3, 4), (0, 4)], [("a wo", True), ("rd", False)]),
        ([(0, 3), (2, 6)], [("a w", True), ("ord", True)]),
        ([(5, 99), (99, 120), (4, 2)], [("a wor", False), ("d", True)]),
    ],
)
def test_every_character_is_shown_once(noticed, pieces):
    assert marked("a word", noticed) == pieces


async def test_nobody_is_shown_a_touch_about_themselves(desk, told):
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "harbour/jonas") as jonas:
        path = f"/touches/{told.about_mira.touch}"
        assert (await mira.get(path)).status_code == 404
        assert (await mira.get(f"/api/v1{path}")).status_code == 404
        assert told.about_mira.touch not in (await mira.get("/")).text
        assert told.about_mira.touch not in (await mira.get(f"/members/{told.about_mira.member.key}")).text
        assert (await jonas.get(path)).status_code == 200


async def test_private_text_is_shown_only_to_responders(desk, told):
    path = f"/touches/{told.claimed.touch}"
    async with visitor(desk, "") as looking, visitor(desk, "harbour/jonas") as jonas:
        assert "only the hosts may read" not in (await looking.get(path)).text
        assert "only the hosts may read" not in (await looking.get(f"/api/v1{path}")).text
        assert "only the hosts may read" in (await jonas.get(path)).text


async def test_a_form_without_its_token_does_nothing(desk, told, owner):
    async with visitor(desk, "harbour/mira") as browser:
        fields = {"revision": "1", "command_id": "c"}
        path = f"/touches/{told.question.touch}/claim"
        assert (await browser.post(path, data=fields)).status_code == 403
        assert (await browser.post(path, data={**fields, "form_token": "guess"})).status_code == 403
    assert owner.seen == []


async def test_a_session_acts_only_from_the_desks_own_pages_and_only_as_itself(desk, told, owner):
    async with visitor(desk, "harbour/mira") as browser:
        path = f"/api/v1/touches/{told.question.touch}/claim"
        body = {"responder": "mira", "revision": 1}
        assert (await browser.post(path, json=body, headers={"origin": "http://evil.example"})).status_code == 403
        assert (await browser.post(path, json=body, headers={"sec-fetch-site": "same-site"})).status_code == 403
        assert (await browser.post(path, json={**body, "responder": "jonas"})).status_code == 403
        assert owner.seen == []
        assert (await browser.post(path, json=body)).status_code == 200


async def test_who_is_just_looking_can_take_nothing_on(desk, told, owner):
    async with visitor(desk, "") as browser:
        page = await browser.get(f"/touches/{told.question.touch}")
        assert "/claim" not in page.text
        fields = {"form_token": form_token(page.text), "revision": "1"}
        answer = await browser.post(f"/touches/{told.question.touch}/claim", data=fields)
        assert answer.status_code == 403
    assert owner.seen == []


async def test_a_responder_of_another_organisation_is_told_whose_touch_it_is(desk, told):
    elsewhere = replace(making.care_policy(), organisation="lighthouse")
    members = making.MemberEvents()
    members.next = 500
    await fold(desk.connection, HistoryView(), [members.adopt(elsewhere, community="lamp")])
    async with visitor(desk, "lighthouse/mira") as browser:
        page = (await browser.get(f"/touches/{told.question.touch}")).text
        assert "The team of harbour takes care of this." in page
        assert "just looking" not in page
        assert "/claim" not in page


async def test_an_owner_that_is_away_is_told_on_the_page(desk, told):
    async with visitor(desk, "harbour/mira") as browser:
        page = await browser.get(f"/touches/{told.question.touch}")
        fields = {"form_token": form_token(page.text), "revision": "1", "command_id": "c"}
        answer = await browser.post(f"/touches/{told.question.touch}/claim", data=fields)
        assert answer.status_code == 503
        assert "Nothing is lost" in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/touches/t-none", "/members/m-none"])
async def test_what_is_not_there_is_a_page_for_people(desk, path):
    async with visitor(desk, "") as browser:
        answer = await browser.get(path)
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)


async def test_an_empty_queue_is_kind(desk):
    async with visitor(desk, "") as browser:
        assert "All is calm." in (await browser.get("/")).text


async def test_a_story_is_told_page_by_page(desk, told):
    async with visitor(desk, "") as browser:
        api = (await browser.get(f"/api/v1/members/{ADA_KEY}/history", params={"limit": 3})).json()
        page = await browser.get(f"/members/{ADA_KEY}", params={"cursor": api["next"]})
        assert "I bind books" in page.text
        assert "large press" not in page.text.partition("Earlier")[2]


async def test_a_weekly_list_is_of_the_community_and_names_who_is_on_it(desk, told):
    community = MemberRef(key="m-community", platform="warmline", id="community")
    values = {"list": "welcome-thread", "members": 2}
    found = making.need(reason="ritual", about="care-1", evidence=["join:u1", "join:u2"], values=values)
    need = msgspec.structs.replace(found, member=community)
    stream = making.touches()
    stream.next = 700
    told_now = stream.add(msgspec.structs.replace(need, reasons=(making.reason(need),)))
    await fold(desk.connection, QueueView(), [told_now])
    async with visitor(desk, "harbour/mira") as browser:
        page = (await browser.get(f"/touches/{need.touch}")).text
        assert "The community" in (await browser.get("/", params={"reason": "ritual"})).text
    assert "Prepared list" in page
    assert "Members on it" in page
    assert "Who joined since the last list, for a thread that welcomes them." in page
    assert "m-community" not in page
    assert [name in page for name in ("Ada Lindqvist", "Bo Achterberg", "Lena Fischer")] == [True, True, False]
    assert "Leave" not in page
    members = making.MemberEvents()
    members.next = 800
    wish = ContactDeclined(community="harbour", member=Identity(platform="discord", id="u2"), responder="mira")
    await fold(desk.connection, HistoryView(), [members.add(wish, platform="warmline", source="/warmline/harbour")])
    async with visitor(desk, "harbour/mira") as browser:
        page = (await browser.get(f"/touches/{need.touch}")).text
    assert "Leave Bo Achterberg out: they asked not to be contacted, as Mira Okafor told." in page
    assert "Leave Ada" not in page


async def test_the_list_before_a_gathering_says_what_begins_when_and_where_to_who_may_read_it(desk, told):
    members, stream = making.MemberEvents(), making.touches()
    members.next, stream.next = 800, 800
    call = events.Planned(
        member=making.BO,
        gathering="call",
        starts_at=making.NOON,
        title="Repair evening",
        where="Room 7",
        audience="private",
    )
    said = events.Registered(member=making.ADA, gathering="call")
    happened = [members.add(call, event_id="plan:call:1"), members.add(said, event_id="register:call:1")]
    await fold(desk.connection, HistoryView(), happened)
    values = {"list": "gathering", "starts_at": making.NOON.isoformat(), "members": 1, "newcomers": 1}
    evidence = ["plan:call:1", "register:call:1"]
    found = making.need(reason="ritual", about="care-1", evidence=evidence, values=values)
    need = msgspec.structs.replace(found, member=MemberRef(key="m-community", platform="warmline", id="community"))
    told_now = stream.add(msgspec.structs.replace(need, reasons=(making.reason(need),)))
    await fold(desk.connection, QueueView(), [told_now])
    begins = f"{making.NOON:%-d %b %Y, %H:%M} UTC"
    async with visitor(desk, "harbour/mira") as browser:
        page = (await browser.get(f"/touches/{need.touch}")).text
    assert f"announced Repair evening for {begins}, at Room 7" in page
    assert "said that they come to a gathering" in page
    assert f"<dt>Begins</dt><dd>{begins}</dd>" in page
    async with visitor(desk, "") as browser:
        told_to = (await browser.get(f"/api/v1/touches/{need.touch}")).json()["evidence"][0]["told"]
    assert {"title", "where"} & told_to["extra"].keys() == set()


def test_a_session_holds_until_its_time_is_over_or_the_token_changes():
    sessions = Sessions(TOKEN)
    session = sessions.new(time.time())
    cookie = sessions.seal(session)
    assert sessions.open(cookie, session.issued + LIFETIME_SECONDS - 1) == session
    assert sessions.open(cookie, session.issued + LIFETIME_SECONDS) is None
    assert Sessions("another token").open(cookie, session.issued) is None


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "é.é", "e30.e30"])
def test_a_cookie_that_is_not_ours_is_no_session(cookie):
    assert Sessions(TOKEN).open(cookie, time.time()) is None


def test_a_changed_cookie_is_no_session():
    sessions = Sessions(TOKEN)
    body, _, signature = sessions.seal(sessions.new(1000.0)).partition(".")
    assert sessions.open(f"{body[:-2]}AA.{signature}", 1000.0) is None


async def test_a_member_with_many_touches_has_the_first_in_the_queue_on_the_page_and_the_rest_folded(desk, told):
    needs = making.touches()
    needs.next = 500
    more = [making.need(about=f"c-{hour}", since=making.NOON - timedelta(hours=hour)) for hour in range(1, 31)]
    await fold(desk.connection, QueueView(), [needs.add(need) for need in more])
    async with visitor(desk, "") as browser:
        page = (await browser.get(f"/members/{ADA_KEY}")).text
        shown, rest = page.split('<details class="rest">')
    by_wait = [need.touch for need in reversed(more)]
    assert [touch in shown for touch in by_wait] == [True] * 5 + [False] * 25
    assert "26 more" in rest
    assert all(touch in rest.split("</details>")[0] for touch in (*by_wait[5:], told.question.touch))

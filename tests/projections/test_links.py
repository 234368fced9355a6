"""Identities that are one person: one page, one story and one queue of touches, until the link is taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from services.projections.history import links, queries
from services.projections.history.clues import likely_pairs
from services.projections.history.view import HistoryView
from shared.contracts.commands import LinkMember, MemberReply, UnlinkMember
from shared.contracts.member_events import Joined, Member, Posted
from shared.contracts.names import member_key
from shared.contracts.policy import Identity, Linking
from shared.contracts.warmline_facts import MOST_LINKED, ContactDeclined, LinkTold, MemberLinked, MemberUnlinked
from tests.projections import making
from tests.projections.folding import HISTORY_TABLES, contents, fold
from tests.projections.making import ADA_KEY, BO_KEY
from tests.projections.serving import TOKEN, Clerk, Desk
from tests.projections.test_by_hand import send
from tests.projections.test_desk import visitor

WHY = "She <told> me."


def told_of(form: type[LinkTold], one: str, other: str) -> LinkTold:
    ends = (Identity(platform="discord", id=one), Identity(platform="slack", id=other))
    return form(community="harbour", member=ends[0], other=ends[1], why=WHY, responder="mira")


def on_slack(member: str) -> str:
    return member_key("harbour", "slack", member)


async def test_linked_at_the_desk_they_have_one_page_each_with_all_and_apart_again_their_own(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    post = Posted(member=Member(id="S1", name="Ada on Slack"), conversation="c-s", message="m-s", text="Said on Slack.")
    elsewhere = making.MemberEvents()
    elsewhere.next = 700
    await fold(desk.connection, HistoryView(), [elsewhere.add(post, platform="slack", source="/slack/work")])
    async with visitor(desk, "harbour/mira") as mira:
        page = await send(mira, "link", other=f"{desk.url}/members/{on_slack('S1')}?cursor=x", text=WHY)
        assert page.status_code == 200
        for shown in ("Ada on Slack</a> on slack", "linked by you", "She &lt;told&gt; me.", "Said on Slack."):
            assert shown in page.text
        theirs = (await mira.get(f"/members/{on_slack('S1')}")).text
        assert "Does anybody know where the large press went?" in theirs
        assert f'href="/touches/{told.question.touch}"' in theirs
        again = await send(mira, "link", other=on_slack("S1"), text=WHY)
        assert (again.status_code, "one person already" in again.text) == (409, True)
        page = await send(mira, "unlink", other=on_slack("S1"), text="They are sisters.", command_id="c2")
        assert page.status_code == 200
        assert "Said on Slack." not in page.text
        assert "press" not in (await mira.get(f"/members/{on_slack('S1')}")).text
    first, second = clerk.seen
    common = {"community": "harbour", "member": Identity(platform="discord", id="u1"), "responder": "mira"}
    other = Identity(platform="slack", id="S1")
    assert first == LinkMember(**common, command_id="c1", other=other, why=WHY)
    assert second == UnlinkMember(**common, command_id="c2", other=other, why="They are sisters.")


async def test_what_cannot_be_linked_is_said_and_what_was_written_is_kept(desk: Desk, told: Any, clerk: Clerk) -> None:
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "") as looking:
        for fields, status in (
            ({"other": "slack:nobody", "text": WHY}, 404),
            ({"other": ADA_KEY, "text": WHY}, 409),
            ({"other": "", "text": WHY}, 400),
            ({"other": BO_KEY, "text": " "}, 400),
        ):
            page = await send(mira, "link", **fields)
            assert page.status_code == status
        clerk.refused = MemberReply(event="", position=0, refused="not-allowed", detail="The responder mira is one.")
        page = await send(mira, "link", other=BO_KEY, text=WHY)
        assert (page.status_code, "The responder mira is one." in page.text) == (403, True)
        assert f'value="{BO_KEY}"' in page.text
        assert "/link" not in (await looking.get(f"/members/{ADA_KEY}")).text
    clerk.refused = None
    body = {"responder": "mira", "other": "discord:u2", "why": WHY}
    linked = await desk.api.post(f"/api/v1/members/{ADA_KEY}/links", json=body)
    assert (linked.status_code, linked.json()["shown"]) == (200, True)
    (link,) = (await desk.api.get(f"/api/v1/members/{BO_KEY}")).json()["links"]
    assert (link["member"]["key"], link["other"]["key"], link["why"]) == (BO_KEY, ADA_KEY, WHY)
    body = {"responder": "mira", "other": "discord:nobody", "why": WHY}
    assert (await desk.api.post(f"/api/v1/members/{ADA_KEY}/unlinks", json=body)).status_code == 404


async def test_who_wants_no_contact_is_marked_on_the_touches_of_all_their_identities(desk: Desk, told: Any) -> None:
    events = making.MemberEvents()
    events.next = 700
    identity = Identity(platform="slack", id="S1")
    events.add(told_of(MemberLinked, "u1", "S1"))
    events.add(ContactDeclined(community="harbour", member=identity, responder="mira"))
    await fold(desk.connection, HistoryView(), events.messages)
    items = (await desk.api.get("/api/v1/queue")).json()["items"]
    marked = {item["member"]["key"]: item["no_contact"] and item["no_contact"]["member"] for item in items}
    assert marked[ADA_KEY] == on_slack("S1")
    assert {of for key, of in marked.items() if key != ADA_KEY} == {None}
    touch = (await desk.api.get(f"/api/v1/touches/{told.question.touch}")).json()
    assert touch["no_contact"]["responder"]["name"] == "mira"


async def test_contact_is_allowed_again_for_the_person_whichever_identity_was_said_not_to_want_it(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    events = making.MemberEvents()
    events.next = 900
    for one in ("u1", "u2"):
        wish = ContactDeclined(
            community="harbour", member=Identity(platform="discord", id=one), responder="mira", until=None
        )
        events.add(wish, platform="warmline", source="/warmline/harbour")
    ends = [Identity(platform="discord", id=one) for one in ("u1", "u2")]
    linked = MemberLinked(community="harbour", member=ends[0], other=ends[1], why=WHY, responder="mira")
    events.add(linked, platform="warmline", source="/warmline/harbour")
    await fold(desk.connection, HistoryView(), events.messages)
    path = f"/api/v1/members/{BO_KEY}/contact"
    assert (await desk.api.post(path, json={"responder": "mira", "wanted": True})).status_code == 200
    assert {command.member for command in clerk.seen} == set(ends)
    for key in (ADA_KEY, BO_KEY):
        assert (await desk.api.get(f"/api/v1/members/{key}")).json()["no_contact"] is None


@pytest.fixture
def events() -> making.MemberEvents:
    return making.MemberEvents()


async def test_however_facts_come_again_or_together_the_last_word_in_the_stream_holds(
    connection: Any, schemas: Any, events: making.MemberEvents
) -> None:
    first = events.add(told_of(MemberLinked, "u1", "S1"))
    events.add(told_of(MemberUnlinked, "u1", "S1"))
    events.add(told_of(MemberLinked, "u2", "S2"))
    events.add(told_of(MemberLinked, "u2", "S2"))
    await fold(connection, HistoryView(), events.messages, [first], events.messages)
    assert await links.person(connection, ADA_KEY) == [ADA_KEY]
    assert await links.person(connection, on_slack("S2")) == sorted([BO_KEY, on_slack("S2")])
    one_by_one = await contents(connection, HISTORY_TABLES)
    await connection.execute("TRUNCATE links, links_told")
    await fold(connection, HistoryView(), *[[message] for message in events.messages])
    assert await contents(connection, HISTORY_TABLES) == one_by_one
    assert one_by_one["links"][0]["key"] == events.messages[2].key


async def test_a_person_has_so_many_identities_at_most_as_triage_has_it(
    connection: Any, schemas: Any, events: making.MemberEvents
) -> None:
    for number in range(MOST_LINKED + 3):
        events.add(told_of(MemberLinked, "u1", f"S{number}"))
    await fold(connection, HistoryView(), events.messages)
    assert len(await links.person(connection, ADA_KEY)) == MOST_LINKED


async def test_the_story_of_a_person_is_paged_in_order_across_their_identities(
    connection: Any, schemas: Any, events: making.MemberEvents
) -> None:
    for number in range(12):
        post = Posted(member=making.ADA, conversation="c", message=f"m-{number}", text="Hello.")
        events.add(post, platform=("discord", "slack")[number % 2], at=making.NOON.replace(minute=number))
    events.add(told_of(MemberLinked, "u1", "u1"))
    await fold(connection, HistoryView(), events.messages)
    keys, place, told = await links.person(connection, ADA_KEY), None, []
    while page := await queries.history_page(connection, keys, place, 5):
        told += [(row.message, row.platform) for row in page]
        place = queries.EventPlace(time=page[-1].time, key=page[-1].key)
    assert told == [(f"m-{number}", ("discord", "slack")[number % 2]) for number in reversed(range(12))]


HASH = "e-" + "0a" * 16


async def test_who_may_be_one_person_is_suggested_with_what_tells_so_until_somebody_decides(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    events = making.MemberEvents()
    events.next = 700
    for member, platform, more in (
        (Member(id="S1", name="Ada S."), "slack", {"address": HASH}),
        (Member(id=HASH, name="ada"), "email", {}),
        (Member(id="G1", name="A. L.", handle="Ada"), "github", {}),
        (Member(id="D1", name="Bookbinder", handle="binder"), "discourse", {"accounts": {"discord": "@bo"}}),
        (Member(id="R1", name="Robot", handle="bo", bot=True), "github", {}),
        (Member(id="Z1", name="Mira's GitHub", handle="mira"), "github", {}),
        (Member(id="T1", name="A moderator", handle="bo"), "github", {}),
    ):
        events.add(Joined(member=member, **more), platform=platform)
    await fold(desk.connection, HistoryView(), events.messages, events.messages)
    path = "/api/v1/suggestions"

    async def pairs(**of: str) -> set[tuple[frozenset[str], str]]:
        found = (await desk.api.get(path, params=of)).json()
        return {(frozenset({one["member"]["name"], one["other"]["name"]}), one["evidence"]) for one in found}

    names = frozenset({"Ada Lindqvist", "A. L."})
    assert await pairs(community="harbour") == {
        (frozenset({"Ada S.", "ada"}), "Both carry the same e-mail address, as its keyed hash tells."),
        (names, "Both have the login name ada."),
        (frozenset({"Bo Achterberg", "Bookbinder"}), "The profile of one names the other: discord:bo."),
    }
    assert await pairs(member=ADA_KEY) == {(names, "Both have the login name ada.")}
    assert await pairs(community="nowhere") == set()
    assert (await desk.api.get(path)).status_code == 400
    async with visitor(desk, "harbour/mira") as mira, visitor(desk, "") as looking:
        assert "Yes, one person" not in (await looking.get("/suggestions/harbour")).text
        page = (await mira.get("/suggestions/harbour")).text
        assert page.count("Yes, one person") == 3
        assert "Both have the login name ada." in (await mira.get(f"/members/{ADA_KEY}")).text
        await send(mira, "unlink", other="github:G1", text="Two people.", command_id="c3")
        assert await pairs(member=ADA_KEY) == set()
        await send(mira, "link", other="github:G1", text="One, after all.", command_id="c4")
        assert await pairs(member=ADA_KEY) == set()
        assert len((await desk.api.get(f"/api/v1/members/{ADA_KEY}")).json()["links"]) == 1
    assert len(await pairs(community="harbour")) == 2


def hashed(number: int) -> str:
    return f"e-{number:032x}"


async def test_suggestions_go_on_past_who_is_one_person_the_team_and_what_a_crowd_carries(
    connection: Any, schemas: Any, events: making.MemberEvents
) -> None:
    def joined(platform: str, of: str, handle: str | None = None, **told: Any) -> str:
        events.add(Joined(member=Member(id=of, handle=handle), **told), platform=platform)
        return member_key("harbour", platform, of)

    for number in range(MOST_LINKED + 1):
        joined("slack", f"crowd-{number}", address=hashed(0), handle="guest")
    team = [joined("slack", f"team-{number}", address=hashed(1)) for number in range(2)]
    for member in ("S1", "S2"):
        joined("slack", member, address=hashed(2))
        events.add(told_of(MemberLinked, "u1", member))
    left = sorted(joined("slack", f"two-{number}", address=hashed(3)) for number in range(2))
    joined("github", "G1", accounts={"matrix": "@guest", "irc": "guest"}, handle="guest")
    joined("irc", "guest", handle="guest")
    await fold(connection, HistoryView(), events.messages)
    linking = Linking(same_handle=(("slack", "github"),))
    for keys in (None, [left[1]]):
        (pair,) = await likely_pairs(connection, "harbour", linking, 1, team=team, keys=keys)
        assert [pair.member_key, pair.other_key] == left
    assert len(await likely_pairs(connection, "harbour", linking, 200)) == 2
    assert await likely_pairs(connection, "harbour", linking, 200, keys=[ADA_KEY, on_slack("S1"), on_slack("S2")]) == []


async def test_an_account_that_a_profile_names_is_who_has_all_of_that_login(
    connection: Any, schemas: Any, events: making.MemberEvents
) -> None:
    for member, handle in (("M1", "alice"), ("M2", "Alice:Home.example"), ("M3", "alice:evil.example")):
        events.add(Joined(member=Member(id=member, handle=handle)), platform="matrix")
    events.add(Joined(member=Member(id="G1"), accounts={"matrix": "@alice:home.example"}), platform="github")
    await fold(connection, HistoryView(), events.messages)
    named = sorted([member_key("harbour", "matrix", "M2"), member_key("harbour", "github", "G1")])
    for keys in (None, [named[0]], [named[1]]):
        pairs = await likely_pairs(connection, "harbour", Linking(), 200, keys=keys)
        assert [(pair.member_key, pair.other_key, pair.value) for pair in pairs] == [
            (*named, "matrix:alice:home.example")
        ]


async def test_the_command_lists_who_may_be_one_person_and_tells_what_somebody_decided(
    desk: Desk, told: Any, clerk: Clerk
) -> None:
    events = making.MemberEvents()
    events.next = 700
    events.add(Joined(member=Member(id="G1", name="A.\x1b[2JL.", handle="ada")), platform="github")
    await fold(desk.connection, HistoryView(), events.messages)
    env = {"WARMLINE_API_URL": desk.url, "WARMLINE_TOKEN": TOKEN, "COLUMNS": "200"}

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner(env=env).invoke, app, ["member", *arguments])
        return result.exit_code, result.output

    how = ("--community", "harbour", "--as", "mira", "--why", WHY)
    code, listed = await run("suggestions", "--community", "harbour")
    assert (code, "discord:u1 (Ada Lindqvist)" in listed, "Both have the login name ada." in listed) == (0, True, True)
    assert "\x1b[2J" not in listed
    assert await run("link", "discord:u1", "github:G1", *how) == (
        0,
        "discord:u1 and github:G1 are one person from now on.\n",
    )
    assert (await run("suggestions", "--community", "harbour"))[1].startswith("Nothing tells that any two")
    code, refused = await run("link", "discord:u1", "github:nobody", *how)
    assert (code, "Nobody is known in harbour as 'github:nobody'" in refused) == (1, True)
    code, away = await run("unlink", "discord:nobody", "github:G1", *how)
    assert (code, "Nobody is known in harbour as discord:nobody" in away) == (1, True)
    (command,) = clerk.seen
    assert (command.responder, command.why) == ("mira", WHY)

"""The JSON API through a real HTTP client on a real server."""

from __future__ import annotations

import base64
import json

import pytest

from shared.contracts.commands import ClaimTouch, CommandReply, SettleTouch
from tests.projections.making import ADA_KEY, BO_KEY

NAMES_IN_ORDER = ["Tomás Rey", "Bo Achterberg", "Mira Okafor", "Ada Lindqvist", "Priya Nair", "Lena Fischer"]


def refusing(code: str, detail: str = "no"):
    return lambda command: CommandReply(
        touch=command.touch, revision=command.revision, position=1, refused=code, detail=detail
    )


async def test_the_queue_is_told_oldest_and_heaviest_first(desk, told):
    page = (await desk.api.get("/api/v1/queue")).json()
    assert [item["member"]["name"] for item in page["items"]] == NAMES_IN_ORDER
    assert page["next"] is None
    first = page["items"][0]
    assert (first["state"], first["responder"]) == ("claimed", {"name": "mira", "display_name": "Mira Okafor"})


async def test_pages_follow_each_other_without_gap_or_overlap(desk, told):
    names, cursor = [], None
    while True:
        query = {"limit": 4} if cursor is None else {"limit": 4, "cursor": cursor}
        page = (await desk.api.get("/api/v1/queue", params=query)).json()
        names += [item["member"]["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == NAMES_IN_ORDER


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"reason": "welcome"}, ["Bo Achterberg", "Priya Nair"]),
        ({"segment": "newcomers"}, ["Bo Achterberg"]),
        ({"responder": "jonas"}, ["Bo Achterberg"]),
        ({"state": "held"}, ["Mira Okafor", "Lena Fischer"]),
        ({"state": "settled"}, []),
        ({"community": "elsewhere"}, []),
        ({"reason": "unanswered", "responder": "mira", "state": "claimed"}, ["Tomás Rey"]),
    ],
)
async def test_the_queue_can_be_narrowed(desk, told, filters, names):
    page = (await desk.api.get("/api/v1/queue", params=filters)).json()
    assert [item["member"]["name"] for item in page["items"]] == names


async def test_a_touch_tells_each_of_its_reasons(desk, told):
    touch = (await desk.api.get(f"/api/v1/touches/{told.question.touch}")).json()
    assert (touch["reason"], touch["reasons"], touch["importance"]) == ("unanswered", ["unanswered", "fading"], 2.5)
    asked, fading = touch["explained"]
    assert (asked["difference"], asked["evidence"]) == ("an answer within 4 h", ["post:m1:1"])
    assert (fading["why"], fading["baseline"]) == ("routine, because of fading", {"days_between": 2.5})


async def test_what_was_raised_for_one_reason_alone_has_that(desk, told):
    touch = (await desk.api.get(f"/api/v1/touches/{told.welcome.touch}")).json()
    assert touch["reasons"] == ["welcome"]
    (only,) = touch["explained"]
    assert (only["reason"], only["values"], only["difference"]) == ("welcome", {"working_hours": 4.5}, None)


async def test_a_touch_tells_evidence_verdicts_playbook_and_timeline(desk, told):
    touch = (await desk.api.get(f"/api/v1/touches/{told.question.touch}")).json()
    assert touch["member"]["key"] == ADA_KEY
    assert touch["evidence"][0]["told"]["text"].startswith("Does anybody know")
    assert touch["evidence"][0]["told"]["url"] == "https://chat.example.org/m1"
    assert [(each["responder"]["name"], each["chosen"]) for each in touch["why"]] == [("mira", True), ("jonas", False)]
    assert touch["playbook"]["turn_to"] == "The maintainers' channel"
    assert [each["kind"] for each in touch["timeline"]] == ["raised", "assigned"]
    assert (touch["values"], touch["thresholds"]) == ({"working_hours": 4.5}, {"within_hours": 4.0})


async def test_a_member_and_their_history_are_told_newest_first(desk, told):
    member = (await desk.api.get(f"/api/v1/members/{ADA_KEY}")).json()
    assert (member["name"], member["roles"], member["events"]) == ("Ada Lindqvist", ["helpers"], 5)
    assert [item["id"] for item in member["open_touches"]] == [told.question.touch]
    kinds, cursor = [], None
    while True:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = (await desk.api.get(f"/api/v1/members/{ADA_KEY}/history", params=query)).json()
        kinds += [item["kind"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert kinds == ["posted", "reacted", "posted", "posted", "joined"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/queue?limit=0", "limit"),
        ("/api/v1/queue?limit=201", "limit"),
        ("/api/v1/queue?limit=many", "limit"),
        ("/api/v1/queue?state=lost", "state"),
        ("/api/v1/queue?community=NOT%20A%20NAME", "community"),
        ("/api/v1/queue?comunity=harbour", "comunity"),
        ("/api/v1/queue?cursor=nonsense", "cursor"),
        ("/api/v1/queue?cursor=%F0%9F%99%82", "cursor"),
        (f"/api/v1/members/{ADA_KEY}/history?cursor=e30", "cursor"),
    ],
)
async def test_a_bad_parameter_is_named(desk, told, path, field):
    answer = await desk.api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["field"] == field
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/touches/t-none",
        "/api/v1/members/m-none",
        "/api/v1/members/m-none/history",
        "/api/v1/nothing",
    ],
)
async def test_what_is_not_there_is_a_problem_404(desk, told, path):
    answer = await desk.api.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def cursor(place: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


PLACE = {"rank": 1, "ranked_from": "2026-11-22T08:00:00Z", "touch": "t-1"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/touches/%00",
        "/api/v1/members/a%00b",
        "/api/v1/members/a%00b/history",
        "/touches/%00",
        "/?community=%00",
        "/static/%00",
        f"/static/{'x' * 1_100}",
        f"/api/v1/queue?cursor={cursor({**PLACE, 'rank': 10**12})}",
        f"/api/v1/queue?cursor={cursor({**PLACE, 'touch': 'a' + chr(0)})}",
        f"/?cursor={cursor({**PLACE, 'rank': 10**30})}",
        f"/members/{ADA_KEY}?cursor={cursor({'time': '2026-11-22T08:00:00Z', 'key': chr(0)})}",
    ],
)
async def test_what_nothing_can_be_called_is_a_mistake_of_who_asks(desk, told, path):
    assert (await desk.api.get(path)).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b'{"responder": "\xff"}', b"[" * 60_000])
async def test_a_body_that_cannot_be_read_is_a_mistake_of_who_sends_it(desk, told, owner, body):
    answer = await desk.api.post(f"/api/v1/touches/{told.question.touch}/claim", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "JSON" in answer.json()["detail"]
    assert owner.seen == []


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic abc", "Bearer", "Bearer \xff"])
async def test_a_wrong_token_is_refused(desk, told, header):
    answer = await desk.api.get("/api/v1/queue", headers={"authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "items" not in answer.json()


async def test_a_claim_is_answered_when_the_queue_shows_it(desk, told, owner):
    answer = await desk.api.post(
        f"/api/v1/touches/{told.question.touch}/claim",
        json={"responder": "jonas", "revision": 1, "command_id": "once"},
    )
    assert answer.status_code == 200
    assert (answer.json()["revision"], answer.json()["shown"]) == (2, True)
    assert (answer.json()["item"]["state"], answer.json()["item"]["responder"]["name"]) == ("claimed", "jonas")
    expected = ClaimTouch(
        command_id="once", organisation="harbour", touch=told.question.touch, responder="jonas", revision=1
    )
    assert owner.seen == [expected]


async def test_a_touch_is_settled_with_its_outcome_and_leaves_the_queue(desk, told, owner):
    path = f"/api/v1/touches/{told.claimed.touch}/settle"
    answer = await desk.api.post(path, json={"responder": "mira", "revision": 2, "outcome": "reached"})
    assert answer.json()["item"]["outcome"] == "reached"
    assert isinstance(owner.seen[0], SettleTouch)
    page = (await desk.api.get("/api/v1/queue")).json()
    assert told.claimed.touch not in [item["id"] for item in page["items"]]


async def test_a_release_gives_the_touch_back(desk, told, owner):
    path = f"/api/v1/touches/{told.claimed.touch}/release"
    answer = await desk.api.post(path, json={"responder": "mira", "revision": 2})
    assert (answer.json()["item"]["state"], answer.json()["item"]["responder"]) == ("raised", None)


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("unknown-touch", 404, None),
        ("stale-revision", 409, "revision"),
        ("already-ended", 409, None),
        ("not-allowed", 409, None),
        ("unknown-responder", 422, "responder"),
        ("bad-command", 422, None),
        ("something-new", 409, None),
    ],
)
async def test_a_refusal_is_a_problem_with_the_owners_words(desk, told, owner, *, code, status, field):
    owner.refuse = refusing(code, "Jonas took it on a moment ago. Load it anew.")
    path = f"/api/v1/touches/{told.question.touch}/claim"
    answer = await desk.api.post(path, json={"responder": "jonas", "revision": 1})
    assert (answer.status_code, answer.json().get("field")) == (status, field)
    assert answer.json()["detail"] == "Jonas took it on a moment ago. Load it anew."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"revision": 1}, "responder"),
        ({"responder": "jonas"}, "revision"),
        ({"responder": "Not A Name", "revision": 1}, "responder"),
        ({"responder": "jonas", "revision": 1, "outcome": "well"}, "outcome"),
    ],
)
async def test_a_bad_command_names_the_field_and_is_not_sent(desk, told, owner, body, field):
    answer = await desk.api.post(f"/api/v1/touches/{told.question.touch}/settle", json={"outcome": "reached", **body})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert owner.seen == []


async def test_without_an_owner_the_answer_is_to_try_again(desk, told):
    path = f"/api/v1/touches/{told.question.touch}/claim"
    answer = await desk.api.post(path, json={"responder": "jonas", "revision": 1})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_what_the_queue_does_not_show_in_time_is_accepted(desk, told, owner):
    owner.folds = False
    path = f"/api/v1/touches/{told.question.touch}/claim"
    answer = await desk.api.post(path, json={"responder": "jonas", "revision": 1})
    assert (answer.status_code, answer.json()["shown"], answer.json()["revision"]) == (202, False, 2)


async def test_health_asks_the_servers(desk):
    answer = await desk.api.get("/healthz", headers={"authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "nats": "ok", "postgresql": "ok"})


async def test_openapi_describes_the_lists_and_the_actions(desk):
    described = (await desk.api.get("/schema/openapi.json", headers={"authorization": ""})).json()
    assert set(described["paths"]) >= {"/api/v1/queue", "/api/v1/touches/{touch}/claim", "/healthz"}
    assert set(described["components"]["schemas"]) >= {"QueueItem", "TouchDetail", "HistoryItem", "Settlement"}


async def test_a_member_of_whom_nothing_is_known_yet_is_called_by_their_id(desk, told):
    await desk.connection.execute("DELETE FROM members WHERE key = %s", (BO_KEY,))
    touch = (await desk.api.get(f"/api/v1/touches/{told.welcome.touch}")).json()
    assert touch["member"]["name"] == "u2"


HUGE = base64.urlsafe_b64encode(b'{"rank":99999999999,"ranked_from":"2026-01-01T00:00:00Z","touch":"t"}').decode()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/touches/a%00b",
        "/api/v1/members/a%00b",
        "/api/v1/members/a%00b/history",
        "/touches/a%00b",
        f"/api/v1/queue?cursor={HUGE.rstrip('=')}",
    ],
)
async def test_what_the_database_cannot_take_is_the_askers_mistake(desk, told, path):
    answer = await desk.api.get(path)
    assert answer.status_code == 400
    assert "NUL" in answer.text or answer.json()["field"] == "cursor"

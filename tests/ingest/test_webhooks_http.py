"""Webhooks over real HTTP: who is believed, what is answered, what is kept, and what the operator is told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
from ingest_world import EMAIL_KEY, World

from services.ingest.database import open_database
from services.ingest.hook_troubles import HookTroubles
from services.ingest.platforms.mailing_list import member_id
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

ISSUE = {
    "action": "opened",
    "issue": {
        "id": 1,
        "number": 7,
        "title": "Where do I begin?",
        "user": {"id": 3, "login": "ada"},
        "created_at": "2026-11-22T08:15:00Z",
        "updated_at": "2026-11-22T08:15:00Z",
    },
    "repository": {"id": 5, "full_name": "acme/app"},
}


class Hook:
    """A source with a webhook, and its platform, which signs what it sends."""

    def __init__(self, world: World, community: str, added: dict[str, Any]) -> None:
        self.world = world
        self.community = community
        self.path = added["path"]
        self.secret = added["secret"]
        self.token = added["token"]

    async def send(self, payload: Any = ISSUE, *, secret: str | None = None, **headers: str) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signature = hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()
        named = {"x-github-event": "issues", "x-github-delivery": "d", "x-hub-signature-256": f"sha256={signature}"}
        named |= {"x-discourse-event-signature": f"sha256={signature}"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.world.client(token=None) as client:
            return await client.post(self.path, content=body, headers=named)

    async def ask(self, method: str, act: str = "", **body: Any) -> httpx.Response:
        """Administer the source."""
        async with self.world.client() as client:
            address = f"/v1/sources/github/repo{act}?community={self.community}"
            return await client.request(method, address, **({"json": body} if method == "POST" else {}))

    async def listed(self) -> dict[str, Any]:
        async with self.world.client() as client:
            items = (await client.get("/v1/sources")).json()["items"]
        [found] = [item for item in items if item["community"] == self.community]
        return dict(found)


async def add_hook(world: World, *, platform: str = "github", form: str | None = None, **hook: Any) -> Hook:
    community = await world.new_community()
    async with world.client() as client:
        wanted = {"format": form or platform, **hook}
        source = {"community": community, "platform": platform, "name": "repo", "hook": wanted}
        answer = await client.post("/v1/sources", json=source)
    assert answer.status_code == 201, answer.text
    return Hook(world, community, answer.json())


async def test_a_signed_webhook_is_durable_before_it_is_answered(world: World) -> None:
    hook = await add_hook(world)
    assert hook.path == f"/v1/hooks/{hook.community}/github/repo"
    answer = await hook.send()
    assert (answer.status_code, answer.content) == (200, b"")
    [stored] = await world.stored(hook.community)
    assert (stored.id, stored.source, stored.platform) == ("post:5/7:1", "/github/repo", "github")
    assert stored.data.community == hook.community


async def test_of_an_address_that_a_profile_tells_only_what_stands_for_its_owner_is_kept(world: World) -> None:
    hook = await add_hook(world, platform="discourse")
    user = {"id": 7, "username": "ada", "created_at": "2026-11-22T08:15:00Z", "email": "Ada@told.example"}
    for kind in ("user_created", "user_updated"):
        sent = await hook.send({"user": user}, x_discourse_event_type="user", x_discourse_event=kind)
        assert sent.status_code == 200
    stored = await world.stored(hook.community)
    assert [event.data.address for event in stored] == [member_id("ada@told.example", EMAIL_KEY)] * 2
    assert b"told.example" not in msgspec.json.encode(stored).lower() + world.ingest.log.read_bytes().lower()


async def test_what_github_redelivers_is_kept_once(world: World) -> None:
    hook = await add_hook(world)
    answers = [await hook.send(x_github_delivery=delivery) for delivery in ("one", "one", "by-hand")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await world.stored(hook.community)) == 1


async def test_webhook_and_token_bring_one_event(world: World) -> None:
    """The same message by two roads: the second finds the first."""
    hook = await add_hook(world)
    await hook.send()
    data = {"member": {"id": "3"}, "conversation": "5/7", "message": "5/7", "text": "Where do I begin?"}
    event = {"specversion": "1.0", "id": "post:5/7:1", "source": "/github/repo", "data": data}
    event |= {"type": "warmline.member.posted.v1", "time": "2026-11-22T08:15:00Z"}
    async with world.client(hook.token) as client:
        answer = await client.post("/v1/events", json=[event])
    assert answer.json()["duplicate"] == 1


@pytest.mark.parametrize("off", ["body", "secret", "missing", "sha1", "latin", "empty", "twice"])
async def test_anything_off_about_the_signature_is_refused(world: World, off: str) -> None:
    hook = await add_hook(world)
    good = json.dumps(ISSUE).encode()
    signed = hmac.new(hook.secret.encode(), good, hashlib.sha256).hexdigest()
    signatures = {
        "body": f"sha256={signed}",
        "secret": "sha256=" + hmac.new(b"other", good, hashlib.sha256).hexdigest(),
        "missing": None,
        "sha1": "sha1=" + hmac.new(hook.secret.encode(), good, hashlib.sha1).hexdigest(),
        "latin": "sha256=é",
        "empty": "",
        "twice": f"sha256={signed}, sha256={signed}",
    }
    headers: dict[str, Any] = {"x-github-event": "issues", "x-github-delivery": "d"}
    if (signature := signatures[off]) is not None:
        headers["x-hub-signature-256"] = signature.encode("latin-1")
    async with world.client(token=None) as client:
        body = good + b" " if off == "body" else good
        answer = await client.post(hook.path, content=body, headers=headers)
    assert answer.status_code == 401
    assert await world.stored(hook.community) == []

    async def counted() -> bool:
        return bool((await hook.listed())["unverified"] == 1)

    await until_async(counted, seconds=30)


async def test_a_source_without_a_webhook_is_refused_like_one_that_is_not_there(world: World) -> None:
    community = await world.new_community()
    await world.new_source(community, "github", "repo")
    async with world.client(token=None) as client:
        known = await client.post(f"/v1/hooks/{community}/github/repo", json=ISSUE)
        unknown = await client.post(f"/v1/hooks/{community}/github/other", json=ISSUE)
        odd = await client.post("/v1/hooks/..%2f/github", json=ISSUE)
        got = await client.get(f"/v1/hooks/{community}/github/repo")
    assert [answer.status_code for answer in (known, unknown, odd, got)] == [401, 401, 401, 405]
    assert known.json() == unknown.json()


async def test_a_body_without_end_is_not_read_to_its_end(world: World) -> None:
    hook = await add_hook(world)
    assert (await hook.send(b"x" * (4 * 1024 * 1024 + 1))).status_code == 413


async def test_both_secrets_hold_until_the_earlier_one_is_dropped(world: World) -> None:
    hook = await add_hook(world, secret="the-first-secret")
    rotated = (await hook.ask("POST", "/secret", secret="the-second-secret")).json()
    assert rotated == {"secret": "the-second-secret"}
    both = [await hook.send(secret=secret) for secret in ("the-first-secret", "the-second-secret", "the-third")]
    assert [answer.status_code for answer in both] == [200, 200, 401]
    assert (await hook.listed())["rotating"]
    third = await hook.ask("POST", "/secret", secret="the-third")
    assert (third.status_code, "--finish" in third.json()["detail"]) == (409, True)
    assert (await hook.send(secret="the-first-secret")).status_code == 200
    assert (await hook.ask("DELETE", "/earlier-secret")).status_code == 204
    after = [await hook.send(secret=secret) for secret in ("the-first-secret", "the-second-secret")]
    assert [answer.status_code for answer in after] == [401, 200]
    polled = await hook.ask("POST", "/secret", secret="the-fourth", polled=True)
    assert (polled.status_code, (await hook.send(secret="the-fourth")).status_code) == (404, 401)


async def test_the_database_gives_no_secret_away(world: World) -> None:
    hook = await add_hook(world, secret="a-secret-worth-keeping")
    async with await psycopg.AsyncConnection.connect(world.postgres.url) as connection:
        cursor = await connection.execute("SELECT hooks::text, secret FROM ingest.hooks")
        rows = await cursor.fetchall()
    assert rows
    assert not [row for row in rows if "a-secret-worth-keeping" in row[0] or b"a-secret-worth-keeping" in row[1]]
    assert "a-secret-worth-keeping" not in json.dumps(await hook.listed())
    assert "a-secret-worth-keeping" not in world.ingest.log.read_text()


async def test_what_is_not_understood_is_answered_well_and_told_to_the_operator(world: World) -> None:
    hook = await add_hook(world)
    odd = {**ISSUE, "issue": {**ISSUE["issue"], "number": "seven, said Ada"}}  # type: ignore[dict-item]
    for payload in (odd, b"no JSON", odd):
        assert (await hook.send(payload)).status_code == 200

    async def told() -> bool:
        return bool((await hook.listed())["not_understood"] == 3)

    await until_async(told, seconds=30)
    found = await hook.listed()
    assert found["why"] == "issue.number: must be a whole number, not text"
    assert await world.stored(hook.community) == []
    assert "said Ada" not in world.ingest.log.read_text()


async def test_what_is_understood_of_a_webhook_is_kept_and_the_rest_told(world: World) -> None:
    rule = {"kind": "attended", "each": "people", "fields": {"member": {"id": "id"}, "gathering": "call"}}
    hook = await add_hook(world, form="bearer", settings={"mapping": [rule]})
    people: list[dict[str, Any]] = [{"id": number, "call": "c"} for number in (1, None, 3)]
    for each in (people, people * 400):
        assert (await hook.send({"people": each}, authorization=f"Bearer {hook.secret}")).status_code == 200
    stored = await world.stored(hook.community)
    assert [event.data.member.id for event in stored] == ["1", "3"]

    async def told() -> bool:
        return bool((await hook.listed())["not_understood"] == 2)

    await until_async(told, seconds=30)
    assert (await hook.listed())["why"] == "mapping[0] finds too much: 1000 events are taken at a time"


async def test_troubles_of_a_source_that_goes_away_meanwhile_stop_no_others(world: World) -> None:
    gone, here = [await add_hook(world) for _ in range(2)]
    async with (
        open_database(world.postgres.url) as database,
        await psycopg.AsyncConnection.connect(world.postgres.url) as removing,
    ):
        troubles = HookTroubles(database)
        for hook in (gone, here):
            troubles.unverified((hook.community, "github", "repo"))
        await removing.execute("DELETE FROM ingest.sources WHERE community = %s", [gone.community])
        flush = asyncio.create_task(troubles.flush())

        async def waits() -> bool:
            cursor = await removing.execute(
                "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            return cursor.rowcount == 1

        await until_async(waits, seconds=10)
        await removing.commit()
        await flush
        await troubles.flush()
    assert (await here.listed())["unverified"] == 1


async def test_a_paused_source_is_asked_to_come_again(world: World) -> None:
    hook = await add_hook(world)
    assert (await hook.ask("POST", "/pause")).status_code == 204
    refused = await hook.send()
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    async with world.client(hook.token) as client:
        assert (await client.post("/v1/events", json=[])).status_code == 503
    assert (await hook.listed())["paused_at"]
    assert (await hook.ask("POST", "/resume")).status_code == 204
    assert (await hook.send()).status_code == 200


async def test_a_removed_source_is_refused_at_once(world: World) -> None:
    hook = await add_hook(world)
    assert (await hook.send()).status_code == 200
    assert (await hook.ask("DELETE")).status_code == 204
    assert (await hook.send()).status_code == 401


async def test_a_full_store_keeps_the_platform_sending(world: World) -> None:
    hook = await add_hook(world)
    await world.fill_stream()
    try:
        assert (await hook.send()).status_code == 503
    finally:
        await world.make_room()
    assert (await hook.send()).status_code == 200
    assert len(await world.stored(hook.community)) == 1


async def test_a_signed_sample_says_what_it_would_come_to(world: World) -> None:
    hook = await add_hook(world)
    sample = (await hook.ask("GET", "/sample")).json()
    async with world.client(token=None) as client:
        tried = await client.post(sample["path"], content=sample["body"], headers=sample["headers"])
    assert tried.json()["facts"] == ["posted post:1/1:1"]
    assert await world.stored(hook.community) == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"format": "carrier-pigeon"}, "hook.format"),
        ({"format": "github", "secret": ""}, "hook.secret"),
        ({"format": "github", "secret": "with space"}, "hook.secret"),
        ({"format": "discord", "secret": "no-key"}, "hook.secret"),
        ({"format": "discord", "secret": "zz" * 32}, "hook.secret"),
        (
            {
                "format": "standard-webhooks",
                "secret": "a",
                "settings": {"mapping": [{"kind": "joined", "time": "at", "fields": {"member": {"id": "id"}}}]},
            },
            "hook.secret",
        ),
        ({"format": "standard-webhooks"}, "hook.settings.mapping"),
        ({"format": "github", "settings": {"mapping": [{"kind": "joined", "fields": {}}]}}, "hook.settings.mapping"),
        ({"format": "github", "settings": {"site": "forum.example.org"}}, "hook.settings.site"),
        ({"format": "github", "settings": {"colour": "red"}}, "hook.settings"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(world: World, wanted: dict[str, Any], field: str) -> None:
    source = {"community": await world.new_community(), "platform": "github", "name": "repo", "hook": wanted}
    async with world.client() as client:
        answer = await client.post("/v1/sources", json=source)
    assert (answer.status_code, answer.json()["field"]) == (422, field)

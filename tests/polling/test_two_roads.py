"""The same fact by a platform's webhook and by asking the platform is one event; what the webhook lost is found."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.outgoing_event import OutgoingEvent, encode_event
from services.ingest.envelope import BATCH
from services.ingest.platforms.facts import member_fact_id
from services.ingest.platforms.polled import Answered
from tests.failures.lone_ingest import LoneIngest
from tests.ingest.ingest_world import TOKEN
from tests.polling.discord_server import GUILD, SITE, Discord, member
from tests.polling.discord_server import TOKEN as BOT_TOKEN
from tests.polling.discord_server import message as discord_message
from tests.polling.discord_socket import serving
from tests.polling.fake_platform import Answering, FakePlatform
from tests.polling.hivebrite_records import Hivebrite
from tests.polling.hivebrite_records import post as hivebrite_post
from tests.polling.tchop_records import Tchop, card, comment
from tests.polling.test_discourse_posts import post
from tests.polling.test_feed import item, rss
from tests.polling.test_github_deliveries import sent
from tests.polling.zulip_server import DIRECT, Zulip, message
from tests.sources.test_github import ISSUE, REPOSITORY
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG_AGO = "2026-01-01T00:00:00Z"
COMMUNITIES = tuple(
    f"two-roads-{name}" for name in ("github", "discourse", "zulip", "feed", "discord", "hivebrite", "tchop")
)


class TwoRoads:
    """A source with a webhook whose platform is asked, too."""

    def __init__(self, ingest: LoneIngest, name: str, platform: FakePlatform) -> None:
        self.ingest = ingest
        self.name = name
        self.community = f"two-roads-{name}"
        self.platform = platform
        self.hook: dict[str, Any] = {}

    async def warmline(self, *arguments: str, secret: str, exits: int = 0) -> str:
        """Run `warmline source` on the source."""
        env = {"WARMLINE_INGEST_URL": self.ingest.process.url, "WARMLINE_TOKEN": TOKEN, "COLUMNS": "300"}
        told = await asyncio.to_thread(
            CliRunner().invoke, app, ["source", *arguments], env={**env, "WARMLINE_SOURCE_SECRET": secret}
        )
        assert told.exit_code == exits, told.output
        return told.output

    async def send(self, headers: dict[str, str], body: bytes) -> None:
        async with self.ingest.client(None) as client:
            answer = await client.post(self.hook["path"], content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def poll(self, form: str, secret: Any, **settings: Any) -> None:
        """Add the source as one that is polled."""
        poll = {"format": form, "secret": secret, "settings": {"since": LONG_AGO, "per_minute": 6_000, **settings}}
        wanted = {"community": self.community, "platform": self.name, "name": "main", "poll": poll}
        answer = await self.ingest.admin.post("/v1/sources", json=wanted)
        assert answer.status_code == 201, answer.text

    async def has_by_token_too(self, *ids: str) -> None:
        """Wait as ``has`` does, and see that a program that tells the same tells nothing new."""
        await self.has(*ids)
        stored = await self.ingest.stored(self.community)
        told = (
            encode_event(OutgoingEvent(id=one.id, source=one.source, time=one.time, data=one.data)) for one in stored
        )
        answer = await self.ingest.admin.post(
            "/v1/events", content=b"[%b]" % b",".join(told), headers={"content-type": BATCH}
        )
        assert answer.json()["duplicate"] == len(ids), answer.text

    async def has(self, *ids: str) -> None:
        """Wait until the community has these events, each once."""

        async def there() -> bool:
            return set(ids) <= {event.id for event in await self.ingest.stored(self.community)}

        await until_async(there)
        assert sorted(event.id for event in await self.ingest.stored(self.community)) == sorted(ids)


@asynccontextmanager
async def two_roads(
    ingest: LoneIngest, name: str, answering: Answering, authorization: str, hook: dict[str, Any] | None = None
) -> AsyncIterator[TwoRoads]:
    await ingest.adopt(*COMMUNITIES)
    with FakePlatform(answering, authorization).serving() as fake:
        source = TwoRoads(ingest, name, fake)
        community = source.community
        if hook is not None:
            wanted = {"community": community, "platform": name, "name": "main", "hook": {"format": name, **hook}}
            answer = await ingest.admin.post("/v1/sources", json=wanted)
            assert answer.status_code == 201, answer.text
            source.hook = answer.json()
        try:
            yield source
        finally:
            await ingest.admin.delete(f"/v1/sources/{name}/main?community={community}")


async def test_what_github_could_not_deliver_is_found_and_what_it_could_is_not_asked_for(ingest: LoneIngest) -> None:
    lost = {**ISSUE, "number": 8, "created_at": "2026-11-22T08:15:00Z"}
    deliveries = [
        sent(1, "issues", {"action": "opened", "issue": ISSUE}, 504),  # it took too long, and was kept all the same
        sent(2, "issues", {"action": "opened", "issue": lost}, 502),
        sent(3, "issues", {"action": "opened", "issue": ISSUE}, 200),
    ]

    def answering(path: str, _params: dict[str, str]) -> Any:
        if path == "/deliveries":
            return [{**one, "request": None} for one in deliveries]
        return next((one for one in deliveries if path == f"/deliveries/{one['id']}"), None)

    async with two_roads(ingest, "github", answering, "Bearer pat", {}) as source:
        source.platform.plan("/deliveries", 403, x_ratelimit_remaining="0", x_ratelimit_reset="1795335300")
        body = json.dumps({"action": "opened", "issue": ISSUE, "repository": REPOSITORY}).encode()
        signature = hmac.new(source.hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-github-event": "issues", "x-github-delivery": "guid-1"}
        await source.send({**headers, "x-hub-signature-256": f"sha256={signature}"}, body)
        options = ("github", "main", "--community", source.community)
        await source.warmline(
            "close-gaps", *options, "--site", source.platform.url, "--since", "2026-01-01", secret="pat"
        )
        await source.has("post:186853002/1:1", "post:186853002/8:1")
        assert source.platform.count("/deliveries/3") == 0
        assert "github and github-deliveries" in await source.warmline("list", secret="")
        tried = await source.warmline("test", *options, secret="")
        assert "It arrives, and is believed" in tried
        assert "/github/main is read" in tried


async def test_what_discourse_lost_is_found_with_what_the_webhook_was_told(ingest: LoneIngest) -> None:
    posts = [post(21, 3), post(22, 2, post_number=2), post(23, 1, category_id=6)]

    def answering(path: str, _params: dict[str, str]) -> Any:
        return [] if path == "/admin/users/list/new.json" else {"latest_posts": posts[::-1]}

    places = {"settings": {"public": ["5"]}}
    async with two_roads(ingest, "discourse", answering, "key", places) as source:
        source.platform.header = "api-key"
        body = json.dumps({"post": posts[0]}).encode()
        signature = hmac.new(source.hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-discourse-event-type": "post", "x-discourse-event": "post_created"}
        await source.send({**headers, "x-discourse-event-signature": f"sha256={signature}"}, body)
        options = ("discourse", "main", "--community", source.community, "--site", source.platform.url)
        await source.warmline("close-gaps", *options, "--since", "2026-01-01", secret="other")

        async def stopped() -> bool:
            return "does not take the secret" in await source.warmline("list", secret="")

        await until_async(stopped)
        tried = await source.warmline("test", *options[:4], secret="", exits=1)
        assert "It arrives, and is believed" in tried
        await source.warmline("rotate-secret", *options[:4], "--polled", secret="key")
        await source.has("post:21:1", "post:22:1")


async def test_zulips_queue_outlives_the_process_that_asks(ingest: LoneIngest) -> None:
    server = Zulip(messages=[message(1, 3)])
    authorization = f"Basic {b64encode(b'bot@zulip.example:key').decode()}"
    async with two_roads(
        ingest,
        "zulip",
        server.answer,
        authorization,
        {"secret": "token", "settings": {"site": "https://chat.example", "public": ["5"]}},
    ) as source:
        source.platform.posting = lambda path, _body: server.answer(path, {})
        settings = {"site": source.platform.url, "since": "2026-01-01T00:00:00Z", "per_minute": 6_000}
        poll = {"format": "zulip-events", "secret": {"email": "bot@zulip.example", "key": "key"}, "settings": settings}
        path = f"/v1/sources/zulip/main/poll?community={source.community}"
        assert (await ingest.admin.put(path, json=poll)).status_code == 204
        await source.has("post:1:1")

        written = message(4)
        server.write(written)
        server.write(DIRECT)
        await source.has("post:1:1", "post:4:1")
        body = json.dumps({"token": "token", "trigger": "mention", "message": written}).encode()
        await source.send({"content-type": "application/json"}, body)

        await ingest.process.kill()
        server.happen(type="delete_message", message_type="stream", message_ids=[1], stream_id=5, topic="First steps")
        await ingest.process.start()
        await source.has("post:1:1", "post:4:1", "delete:1:1")
        assert source.platform.count("/api/v1/register") == 1
        server.lose_queue("queue-2")
        server.write(message(5, 0))
        await source.has("post:1:1", "post:4:1", "delete:1:1", "post:5:1")


async def test_a_feed_is_read_at_its_own_address_without_a_secret(ingest: LoneIngest) -> None:
    feed = rss(item()).encode()
    async with two_roads(ingest, "feed", lambda path, _params: feed if path == "/feed/" else None, "") as source:
        source.platform.open.add("/feed/")
        options = ("--platform", "feed", "--name", "main", "--community", source.community, "--since", "2026-01-01")
        await source.warmline("add", *options, "--site", f"{source.platform.url}/feed/?format=rss", secret="")
        await source.has_by_token_too("post:entry-1:1")
        assert source.platform.asked[0].params == {"format": "rss"}


async def test_what_is_asked_of_tchop_is_known_when_it_comes_by_token(ingest: LoneIngest) -> None:
    tchop = Tchop(cards={1: [card(5, -3)]}, comments={1: [comment(6, 5, -2)]})
    async with two_roads(ingest, "tchop", lambda _path, _params: None, "the-token") as source:
        source.platform.header = "x-tchop-auth-token"
        source.platform.posting = lambda path, body: tchop.answer(path, json.loads(body))
        source.platform.plan("/api/graphql/webapp", 429, 503, retry_after="1")
        secret = {"organisation": "acme", "auth-token": "the-token", "api-client-id": "client"}
        await source.poll("tchop", secret, site=source.platform.url, public=["1"])
        await source.has_by_token_too("post:5:1", "post:comment/6:1")
        shown = source.platform.asked[-1].headers
        assert (shown["x-tchop-webapp-organisation"], shown["x-tchop-api-client-id"]) == ("acme", "client")
        assert source.platform.count("/api/graphql/webapp") > 2


async def test_what_is_asked_of_hivebrite_is_known_when_it_comes_by_token(ingest: LoneIngest) -> None:
    hivebrite = Hivebrite(posts=[hivebrite_post(5, -3)])

    def answering(path: str, params: dict[str, str]) -> Any:
        found = hivebrite.answer(path.removeprefix("/api"), params)
        return json.loads(found.body) if isinstance(found, Answered) else found

    async with two_roads(ingest, "hivebrite", answering, "Bearer given") as source:
        source.platform.open.add("/api/oauth/token")
        source.platform.posting = lambda _path, _body: {"access_token": "given", "expires_in": 7_200}
        await source.poll("hivebrite", {"client-id": "uid", "client-secret": "hidden"}, site=source.platform.url)
        await source.has_by_token_too("post:5:1")


async def test_discords_session_outlives_the_process_that_listens_and_its_gap_is_closed(ingest: LoneIngest) -> None:
    discord = Discord(members=[member(3, joined=30)], interval=200)
    written = [discord.write(discord_message(20))]
    async with serving(discord), two_roads(ingest, "discord", discord.answer, f"Bot {BOT_TOKEN}") as source:

        async def arrived(one: Any) -> None:
            written.append(one)
            await source.has(member_fact_id("joined", "3", "1"), *(f"post:{each['id']}:1" for each in written))

        source.platform.plan(f"/guilds/{GUILD}/members", 429, retry_after="1", x_ratelimit_scope="user")
        await source.poll("discord-gateway", BOT_TOKEN, site=SITE, api=source.platform.url)
        await arrived(discord.write(discord_message()))
        await until_async(lambda: any(beat and beat > 1 for beat in discord.beats))  # a place is kept

        await ingest.process.kill()
        missed = discord.write(discord_message())
        await ingest.process.start()
        await arrived(missed)
        assert (len(discord.identified), len(discord.resumed)) == (1, 1)

        discord.deaf = True
        await until_async(lambda: len(discord.resumed) > 1)
        discord.deaf = False
        options = ("discord", "main", "--community", source.community)
        assert "/discord/main is read" in await source.warmline("test", *options, secret="")
        assert len(discord.identified) == 1

        discord.sessions.clear()
        missed = discord.write(discord_message())
        discord.hang_up(4000)
        await arrived(missed)
        assert len(discord.identified) == 2

        discord.close_with = 4014
        discord.sessions.clear()
        discord.hang_up(4000)

        async def stopped() -> bool:
            items = (await ingest.admin.get("/v1/sources")).json()["items"]
            [why] = [item["why"] or "" for item in items if item["community"] == source.community]
            return "is off. Switch both on" in why

        await until_async(stopped)

"""A round on Hivebrite over real HTTP, with tokens that it takes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import Answer, Answered, Ask, Found, Odd, PollSettings, ReadSoFar
from services.ingest.polling.access import access_by
from services.ingest.polling.client import PlatformClient
from services.ingest.polling.credentials import Token
from services.ingest.polling.formats import POLLED, api_of
from tests.polling.fake_platform import FakePlatform
from tests.polling.hivebrite_records import Hivebrite, post, user

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = POLLED["hivebrite"]
LISTS = "/api/admin"


class Kept:
    """Where the token is kept."""

    def __init__(self) -> None:
        self.refreshed: list[str | None] = []
        self.it: Token | None = None

    async def token(self) -> Token | None:
        return self.it

    async def keep(self, token: Token) -> None:
        self.it = token
        self.refreshed.append(token.refresh)


class Served:
    """The community, which takes back each token once it was asked for the users' first page."""

    def __init__(self, hivebrite: Hivebrite) -> None:
        self.hivebrite = hivebrite
        self.given = 0
        self.fake = FakePlatform(self.answer, "nobody yet")
        self.fake.open = {"/api/oauth/token"}
        self.fake.posting = self.grant
        self.fake.more = self.headers

    def grant(self, _path: str, body: bytes) -> Any:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        assert (form["client_id"], form["client_secret"]) == ("uid", "hidden")
        if form["refresh_token"] != f"refresh-{self.given}":
            return 401
        self.given += 1
        self.fake.authorization = f"Bearer token-{self.given}"
        return {
            "access_token": f"token-{self.given}",
            "refresh_token": f"refresh-{self.given}",
            "expires_in": 7_200,
            "token_type": "Bearer",
            "scope": "admin",
        }

    def found(self, path: str, params: dict[str, str]) -> Any:
        return self.hivebrite.answer(path.removeprefix("/api"), params)

    def answer(self, path: str, params: dict[str, str]) -> Any:
        found = self.found(path, params)
        if path == f"{LISTS}/v1/users" and params["page"] == "1":
            self.fake.authorization = "expired"
        return json.loads(found.body) if isinstance(found, Answered) else found

    def headers(self, path: str, params: dict[str, str]) -> dict[str, str]:
        found = self.found(path, params) if path not in self.fake.open else None
        return dict(found.headers) if isinstance(found, Answered) else {}


async def _round(client: PlatformClient) -> tuple[list[Fact], list[str]]:
    now = datetime.now(UTC)
    reading = FORM.read(PollSettings(), ReadSoFar(first=now - timedelta(days=1)), now)
    facts, odd = list[Fact](), list[str]()
    sent: Answer = None
    while True:
        try:
            step = reading.send(sent)
        except StopIteration:
            return facts, odd
        sent = await client.ask(step) if isinstance(step, Ask) else None
        facts += step.facts if isinstance(step, Found) else ()
        odd += [step.why] if isinstance(step, Odd) else []


async def test_a_token_that_expires_and_a_limit_that_is_reached_lose_nothing() -> None:
    served = Served(Hivebrite(users=[user(number) for number in range(1, 8)], posts=[post(5, -3)], per_page=5))
    served.fake.plan(f"{LISTS}/v3/posts", 429, retry_after="1")
    kept = Kept()
    secret = FORM.credential.packed({"client-id": "uid", "client-secret": "hidden", "refresh-token": "refresh-0"})
    with served.fake.serving() as fake:
        api = api_of(FORM, PollSettings(site=fake.url))
        client = PlatformClient("hivebrite", api, access_by(FORM.credential, secret, kept), 6_000)
        try:
            facts, odd = await _round(client)
        finally:
            await client.close()
    assert sorted(type(fact.data).__name__ for fact in facts) == ["Posted", *["Updated"] * 7]
    assert odd == []
    assert kept.refreshed == ["refresh-1", "refresh-2"]
    assert served.fake.count(f"{LISTS}/v3/posts") == 2
    assert served.fake.asked[0].path == "/api/oauth/token"
    assert not [asked for asked in served.fake.asked if "refresh_token" in asked.params]

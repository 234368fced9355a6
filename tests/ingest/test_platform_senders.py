"""Webhooks as platforms send them: each is believed, sent again where that platform does, and never shut off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
from ingest_world import World

from infra.outgoing_event import OutgoingEvent, encode_event
from services.ingest.envelope import STRUCTURED
from shared.contracts.cloudevents import MemberEvent
from tests.ingest.platform_senders import SENDERS, Sender
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC = {"discourse": ["5"]}


class Webhook:
    """A source, and the platform that sends to it."""

    def __init__(self, world: World, sender: Sender, added: dict[str, Any]) -> None:
        self.world = world
        self.sender = sender
        self.token = added["token"]
        self._path = added["path"]
        _, _, _, self._community, platform, name = self._path.split("/")
        self._source = f"/{platform}/{name}"

    async def arrives(self, body: bytes | None = None, *, secret: str | None = None, **more: str) -> httpx.Response:
        """Send as the platform does, which waits no longer for an answer than it says, until one comes in time."""
        sent = self.sender.body if body is None else body
        signed = self.sender.signed(sent, secret or self.sender.secret)
        headers = {"content-type": "application/json", **signed, **more}
        async with self.world.client(token=None) as client:

            async def in_time() -> httpx.Response | None:
                with suppress(httpx.TimeoutException):
                    return await client.post(self._path, content=sent, headers=headers, timeout=self.sender.seconds)
                return None  # and it is sent again

            answer = await until_async(in_time, seconds=60, what=f"an answer within {self.sender.seconds} s")
        assert self.sender.silent(answer), answer.text
        assert answer.status_code not in self.sender.shuts_off
        assert not answer.is_redirect
        return answer

    async def ask(self, act: str) -> None:
        async with self.world.client() as client:
            answer = await client.post(f"/v1/sources{self._source}/{act}?community={self._community}")
        assert answer.status_code == 204, answer.text

    async def stored(self) -> list[MemberEvent]:
        return [event for event in await self.world.stored(self._community) if event.source == self._source]


AddWebhook = Callable[[str], Awaitable[Webhook]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def webhook_of(world: World) -> AddWebhook:
    """Add a source of its own with a platform's webhook; all are in one community."""
    community = await world.new_community()

    async def add(platform: str) -> Webhook:
        sender = SENDERS[platform]
        hook: dict[str, Any] = {"format": platform, "secret": sender.secret}
        hook |= {"settings": {"public": PUBLIC[platform]}} if platform in PUBLIC else {}
        source = {"community": community, "platform": platform, "name": world.new_name("source"), "hook": hook}
        async with world.client() as client:
            answer = await client.post("/v1/sources", json=source)
        assert answer.status_code == 201, answer.text
        return Webhook(world, sender, answer.json())

    return add


@pytest.mark.parametrize("platform", SENDERS)
async def test_what_is_kept_counts_as_delivered_and_what_is_sent_again_is_kept_once(
    webhook_of: AddWebhook, platform: str
) -> None:
    """Sent again is what was answered too late, or on its way when a connection broke."""
    webhook = await webhook_of(platform)
    for further in ({}, webhook.sender.again, webhook.sender.again):
        assert webhook.sender.delivered(await webhook.arrives(**further))
    [stored] = await webhook.stored()
    event = encode_event(OutgoingEvent(id=stored.id, source=stored.source, time=stored.time, data=stored.data))
    async with webhook.world.client(webhook.token) as client:  # another road on which the same is told
        answer = await client.post("/v1/events", content=event, headers={"content-type": STRUCTURED})
    assert answer.json()["duplicate"] == 1


@pytest.mark.parametrize("platform", SENDERS)
async def test_who_sends_with_another_secret_or_other_words_is_refused(webhook_of: AddWebhook, platform: str) -> None:
    """Discord sends such on purpose, and removes an address that takes them."""
    webhook = await webhook_of(platform)
    assert (await webhook.arrives(secret="another-secret")).status_code == 401
    if platform != "telegram":  # which sends its secret, and signs nothing
        signed = webhook.sender.signed(webhook.sender.body, webhook.sender.secret)
        assert (await webhook.arrives(webhook.sender.body + b" ", **signed)).status_code == 401
    assert await webhook.stored() == []


@pytest.mark.parametrize("platform", SENDERS)
async def test_what_is_not_understood_counts_as_delivered(webhook_of: AddWebhook, platform: str) -> None:
    webhook = await webhook_of(platform)
    for body in (b"no JSON", b"{}", b"[]", b'{"type": 5}'):
        assert webhook.sender.delivered(await webhook.arrives(body))


@pytest.mark.parametrize("platform", [name for name, sender in SENDERS.items() if sender.tries_again])
async def test_what_a_paused_source_turned_away_is_sent_again(webhook_of: AddWebhook, platform: str) -> None:
    webhook = await webhook_of(platform)
    await webhook.ask("pause")
    assert not webhook.sender.delivered(await webhook.arrives())
    await webhook.ask("resume")
    assert webhook.sender.delivered(await webhook.arrives(**webhook.sender.again))
    assert len(await webhook.stored()) == 1


@pytest.mark.parametrize(
    ("platform", "asked", "answered"),
    [
        ("slack", b'{"type": "url_verification", "token": "t", "challenge": "3eZbrw1a"}', (200, b"3eZbrw1a")),
        ("discord", b'{"version": 1, "application_id": "1", "type": 0}', (204, b"")),
    ],
    ids=["slack", "discord"],
)
async def test_a_platform_that_asks_first_is_answered(
    webhook_of: AddWebhook, platform: str, asked: bytes, answered: tuple[int, bytes]
) -> None:
    webhook = await webhook_of(platform)
    answer = await webhook.arrives(asked)
    assert (answer.status_code, answer.content) == answered
    assert "content-type" in answer.headers
    assert (await webhook.arrives(asked, secret="another-secret")).status_code == 401

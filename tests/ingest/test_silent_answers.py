"""Platforms put answers to their webhooks before people. Fakes that do as theirs does must have nothing to say.

Zulip: zerver/lib/outgoing_webhook.py of zulip/zulip. Mattermost: server/channels/app/webhook.go of its repository.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from ingest_world import World

from services.ingest.hook_formats import FORMATS
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZULIP = {
    "id": 112,
    "sender_id": 10,
    "sender_full_name": "King Hamlet",
    "type": "stream",
    "stream_id": 5,
    "display_recipient": "Verona",
    "subject": "Topic",
    "timestamp": 1795335300,
    "content": "How do I begin?",
}
MATTERMOST = {
    "channel_id": "c1",
    "channel_name": "help",
    "team_domain": "acme",
    "user_id": "u1",
    "user_name": "ada",
    "post_id": "p1",
    "text": "How do I begin?",
    "timestamp": 1795335300000,
}


def zulip_says(answer: httpx.Response) -> str | None:
    """Return what Zulip posts into the topic."""
    if answer.is_success:
        try:
            said = json.loads(answer.content)
        except ValueError:
            return "Failure! Invalid JSON in response"
        if not isinstance(said, dict) or said.get("response_not_required"):
            return None
        return said.get("content") or said.get("response_string")
    return f"Failure! Third party responded with {answer.status_code}"


def mattermost_says(answer: httpx.Response) -> str | None:
    """Return what Mattermost posts into the channel: the text of whatever JSON came, whether it succeeded or not."""
    try:
        said = json.loads(answer.content)
    except ValueError:
        return None
    return said.get("text") if isinstance(said, dict) else None


async def hook_of(world: World, platform: str) -> str:
    wanted = {"format": platform, "secret": "the-token", "settings": {"public": ["5"]}}
    source = {"community": await world.new_community(), "platform": platform, "name": "chat", "hook": wanted}
    async with world.client() as client:
        answer = await client.post("/v1/sources", json=source)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["path"])


async def post(world: World, path: str, payload: Any) -> httpx.Response:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    async with world.client(token=None) as client:
        return await client.post(path, content=body)


async def test_zulip_has_nothing_to_say_whatever_happens(world: World) -> None:
    path = await hook_of(world, "zulip")
    community = path.split("/")[3]
    good = {"token": "the-token", "message": ZULIP}
    for payload in (good, good, {**good, "token": "stolen"}, {**good, "message": {}}, b"no JSON", b"x" * (5 << 20)):
        answer = await post(world, path, payload)
        assert (answer.status_code, zulip_says(answer)) == (200, None)
    assert len(await world.stored(community)) == 1
    assert (await world.stored(community))[0].id == "post:112:1"
    await world.fill_stream()
    try:
        assert zulip_says(await post(world, path, {**good, "message": {**ZULIP, "id": 113}})) is None
    finally:
        await world.make_room()

    async def listed() -> dict[str, Any]:
        async with world.client() as client:
            items = (await client.get("/v1/sources")).json()["items"]
        return next(dict(item) for item in items if item["community"] == community)

    async def told() -> bool:
        return "the event store is full" in str((await listed())["why"])

    await until_async(told, seconds=30)


async def test_mattermost_has_nothing_to_say_whatever_happens(world: World) -> None:
    path = await hook_of(world, "mattermost")
    good = {**MATTERMOST, "token": "the-token"}
    for payload, status in (
        (good, 200),
        (good, 200),
        ({**good, "text": 5}, 200),
        (b"token=the-token", 200),
        ({**good, "token": "stolen"}, 401),
        (b"no JSON", 401),
    ):
        answer = await post(world, path, payload)
        assert (answer.status_code, mattermost_says(answer)) == (status, None)
    assert [event.id for event in await world.stored(path.split("/")[3])] == ["post:p1:1"]


async def test_every_format_is_tried_by_its_own_sample(world: World) -> None:
    """The sample of each is signed as its platform signs, believed, and understood."""
    for platform in sorted(FORMATS.keys() - {"bearer", "discord", "standard-webhooks"}):
        path = await hook_of(world, platform)
        _, _, _, community, _, name = path.split("/")
        async with world.client() as client:
            address = f"/v1/sources/{platform}/{name}/sample?community={community}"
            sample = (await client.get(address)).json()
        async with world.client(token=None) as client:
            tried = await client.post(sample["path"], content=sample["body"], headers=sample["headers"])
        said = tried.json()
        assert tried.status_code == 200, (platform, said)
        assert said["not_understood"] is None, (platform, said)
        assert said["facts"] or said["passed"] == "private-place", (platform, said)
        assert await world.stored(community) == []

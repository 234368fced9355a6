"""Members whose profiles carry an address: linked by themselves where the policy says so. Plain ones are refused."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import MemberLinked
from tests.ingest.ingest_world import World, policy, posted

pytestmark = pytest.mark.asyncio(loop_scope="session")
HASH = f"e-{'0a' * 16}"
HASH_OF_TEAM = f"e-{'0b' * 16}"
TEAM = [{"platform": "discord", "id": "u1"}, {"platform": "email", "id": HASH_OF_TEAM}]
MOD = {"platform": "discord", "id": "u2"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def joined(number: int, member: str, address: str | None = HASH, **more: Any) -> dict[str, Any]:
    data = {"member": {"id": member, **more}, "address": address}
    return posted(f"joined:{number}", None, type="warmline.member.joined.v1", data=data)


async def community(world: World, same_address: str) -> str:
    name = world.new_name()
    team = [{"name": "grace", "display_name": "Grace", "identities": TEAM}]
    linking = {"same_address": same_address}
    body = policy(f"org-of-{name}", name, responders=team, team={"members": [MOD]}, linking=linking)
    async with world.client() as client:
        assert (await client.put("/v1/policy", json=body)).status_code == 200
    return name


async def links(world: World, name: str, *events: dict[str, Any]) -> list[tuple[MemberLinked, str]]:
    async with world.client(await world.new_source(name)) as client:
        for _ in range(2):
            answer = await client.post("/v1/events", json=list(events), headers=BATCH)
            assert [one["fate"] for one in answer.json()["results"]] in (
                ["accepted"] * len(events),
                ["duplicate"] * len(events),
            )
    stored = await world.stored(name, facts=True)
    return [(event.data, event.id) for event in stored if isinstance(event.data, MemberLinked)]


async def test_who_carries_an_address_is_linked_once_with_whoever_writes_from_it(world: World) -> None:
    name = await community(world, "link")
    told = await links(
        world,
        name,
        joined(1, "u7"),
        joined(2, "u7"),
        joined(3, "u1"),
        joined(4, "u8", bot=True),
        joined(5, "u9", None),
        joined(6, "u10", HASH_OF_TEAM),
        joined(7, "u2"),
    )
    ((fact, _),) = told
    ends = (Identity(platform="discord", id="u7"), Identity(platform="email", id=HASH))
    assert (fact.member, fact.other, fact.rule, fact.responder) == (*ends, "same-address", None)
    assert fact.why


async def test_nobody_is_linked_by_themselves_where_the_policy_does_not_say_so(world: World) -> None:
    assert await links(world, await community(world, "suggest"), joined(1, "u7")) == []


async def test_a_plain_address_is_refused_and_told_nowhere(world: World) -> None:
    name = await community(world, "link")
    async with world.client(await world.new_source(name)) as client:
        for more in ({"address": "ada@example.org"}, {"address": None, "accounts": {"github": "ada@example.org"}}):
            event = joined(1, "u7")
            event["data"] |= more
            answer = await client.post("/v1/events", json=[event], headers=BATCH)
            (result,) = answer.json()["results"]
            assert result["fate"] == "refused"
            assert "ada@example.org" not in answer.text
    assert await world.stored(name) == []

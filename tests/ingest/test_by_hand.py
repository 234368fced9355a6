"""What responders tell of members: commands to a real ingest, and what stands in the stream then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.contracts.commands import MemberReply
from shared.contracts.names import event_key
from shared.contracts.warmline_facts import CareLogged, TouchAsked
from tests.ingest.ingest_world import World, policy

pytestmark = pytest.mark.asyncio(loop_scope="session")
GRACE = {"platform": "discord", "id": "u1"}
ADA = {"platform": "discord", "id": "u77"}


@pytest.fixture
async def community(world: World) -> str:
    name = world.new_name()
    responders = [
        {"name": "grace", "display_name": "Grace", "identities": [GRACE]},
        {"name": "alan", "display_name": "Alan", "communities": [f"{name}-b"]},
    ]
    body = policy(f"org-of-{name}", name, f"{name}-b", responders=responders)
    async with world.client() as client:
        assert (await client.put("/v1/policy", json=body)).status_code == 200
    return name


async def tell(world: World, verb: str, body: Any) -> MemberReply:
    sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return msgspec.json.decode(
        (await world.nc.request(f"command.member.{verb}", sent, timeout=10)).data, type=MemberReply
    )


def asking(community: str, /, **changes: Any) -> dict[str, Any]:
    basis = {"command_id": "c1", "community": community, "member": ADA, "responder": "grace"}
    return {**basis, "why": "She asked me to.", "urgency": "soon", **changes}


async def told(world: World, community: str) -> list[Any]:
    return [
        event for event in await world.stored(community, facts=True) if isinstance(event.data, TouchAsked | CareLogged)
    ]


async def test_what_is_told_is_one_fact_however_often_it_is_sent(world: World, community: str) -> None:
    replies = [await tell(world, "ask", asking(community)) for _ in range(2)]
    (event,) = await told(world, community)
    assert replies[0] == replies[1]
    assert replies[0].event == event_key(community, event.source, event.id)
    assert replies[0].position > 0
    assert (event.platform, event.data.responder, event.data.why) == ("warmline", "grace", "She asked me to.")


async def test_care_is_told_of_the_time_at_which_it_was_given_but_not_of_the_future(
    world: World, community: str
) -> None:
    care = {name: value for name, value in asking(community).items() if name not in ("why", "urgency")} | {
        "way": "call"
    }
    for number, at in enumerate(("2026-01-02T10:00:00Z", "2999-01-01T00:00:00Z", None)):
        assert (await tell(world, "log-care", {**care, "command_id": f"c{number}", "at": at})).refused is None
    first, second, third = await told(world, community)
    assert first.time == datetime(2026, 1, 2, 10, tzinfo=UTC)
    assert max(second.time, third.time) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("verb", "changes", "refused"),
    [
        ("ask", {"responder": "mallory"}, "unknown-responder"),
        ("ask", {"responder": "alan"}, "unknown-responder"),
        ("ask", {"member": GRACE}, "not-allowed"),
        ("ask", {"community": "nowhere"}, "unknown-community"),
        ("ask", {"why": ""}, "bad-command"),
        ("ask", {"why": "a\0b"}, "bad-command"),
        ("log-care", {"way": "telepathy"}, "bad-command"),
        ("log-care", {"way": "call", "at": "2026-01-02T10:00:00"}, "bad-command"),
    ],
)
async def test_what_may_not_be_told_is_refused(
    world: World, community: str, verb: str, changes: dict[str, Any], refused: str
) -> None:
    reply = await tell(world, verb, asking(community, **changes))
    assert (reply.refused, reply.position) == (refused, 0)
    assert reply.detail
    assert await told(world, community) == []


async def test_what_is_no_command_is_answered(world: World) -> None:
    assert (await tell(world, "ask", b"\xff")).refused == "bad-command"

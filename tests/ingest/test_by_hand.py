"""What responders tell of members: commands to a real ingest, and what stands in the stream then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.ingest.by_hand import against_its_time
from shared.contracts.commands import MemberReply, PromiseFollowUp
from shared.contracts.names import event_key
from shared.contracts.policy import Policy
from shared.contracts.warmline_facts import (
    CareLogged,
    LinkTold,
    MemberLinked,
    MemberUnlinked,
    NoteWritten,
    TagTaken,
    TouchAsked,
)
from tests.ingest.ingest_world import World, policy

pytestmark = pytest.mark.asyncio(loop_scope="session")
GRACE = {"platform": "discord", "id": "u1"}
MOD = {"platform": "discord", "id": "u2"}
ADA = {"platform": "discord", "id": "u77"}


@pytest.fixture
async def community(world: World) -> str:
    name = world.new_name()
    responders = [
        {"name": "grace", "display_name": "Grace", "identities": [GRACE]},
        {"name": "helen", "display_name": "Helen"},
        {"name": "alan", "display_name": "Alan", "communities": [f"{name}-b"]},
    ]
    body = policy(f"org-of-{name}", name, f"{name}-b", responders=responders, team={"members": [MOD]})
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


def linking(community: str, /, **changes: Any) -> dict[str, Any]:
    basis = {"command_id": "c1", "community": community, "member": ADA, "responder": "grace"}
    return {**basis, "other": {"platform": "slack", "id": "U1"}, "why": "She told me.", **changes}


async def told(world: World, community: str) -> list[Any]:
    return [
        event
        for event in await world.stored(community, facts=True)
        if isinstance(event.data, TouchAsked | CareLogged | LinkTold)
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


async def test_a_link_and_its_undoing_are_told_with_the_reason(world: World, community: str) -> None:
    for verb in ("link", "link", "unlink"):
        assert (await tell(world, verb, linking(community))).refused is None
    linked, unlinked = await told(world, community)
    assert (type(linked.data), type(unlinked.data)) == (MemberLinked, MemberUnlinked)
    assert (linked.data.why, linked.data.responder, linked.data.rule) == ("She told me.", "grace", None)


async def test_several_answers_of_one_page_are_told_each_and_each_once(world: World, community: str) -> None:
    others = [{"platform": "slack", "id": "U1"}, {"platform": "slack", "id": "U2"}]
    basis = {name: value for name, value in asking(community).items() if name not in ("why", "urgency")}
    answers = [("link", linking(community, other=other)) for other in others]
    answers += [("untag", {**basis, "tag": tag}) for tag in ("mentor", "host")]
    answers += [("note", {**basis, "text": text}) for text in ("She moved.", "She has a new job.")]
    replies = [await tell(world, verb, body) for verb, body in answers + answers]
    assert len({reply.event for reply in replies}) == len(answers)
    facts = [event.data for event in await world.stored(community, facts=True)]
    assert [fact.other.id for fact in facts if isinstance(fact, MemberLinked)] == ["U1", "U2"]
    assert [fact.tag for fact in facts if isinstance(fact, TagTaken)] == ["mentor", "host"]
    assert [fact.text for fact in facts if isinstance(fact, NoteWritten)] == ["She moved.", "She has a new job."]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"other": ADA}, "not-allowed"),
        ({"other": GRACE}, "not-allowed"),
        ({"member": {"platform": "slack", "id": "U9"}, "other": GRACE, "responder": "helen"}, "not-allowed"),
        ({"other": MOD}, "not-allowed"),
        ({"member": MOD, "other": {"platform": "slack", "id": "U9"}}, "not-allowed"),
        ({"why": ""}, "bad-command"),
        ({"responder": "mallory"}, "unknown-responder"),
    ],
    ids=[
        "with themselves",
        "oneself",
        "a responder",
        "with one of the team",
        "one of the team",
        "without a reason",
        "nobody of the team",
    ],
)
async def test_who_may_not_be_linked(world: World, community: str, changes: dict[str, Any], refused: str) -> None:
    assert (await tell(world, "link", linking(community, **changes))).refused == refused
    assert await told(world, community) == []


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
        ("decline-contact", {"until": "2026-01-02T10:00:00Z"}, "bad-command"),
        ("decline-contact", {"until": "9999-01-02T10:00:00Z"}, "bad-command"),
        ("decline-contact", {"member": GRACE}, "not-allowed"),
        ("promise", {"day": "2026-01-02"}, "bad-command"),
        ("promise", {"day": "9999-12-31"}, "bad-command"),
    ],
)
async def test_what_may_not_be_told_is_refused(
    world: World, community: str, verb: str, changes: dict[str, Any], refused: str
) -> None:
    reply = await tell(world, verb, asking(community, **changes))
    assert (reply.refused, reply.position) == (refused, 0)
    assert reply.detail
    assert await told(world, community) == []


@pytest.mark.parametrize(
    ("zone", "first"),
    [("America/Los_Angeles", 23), ("UTC", 24), ("Pacific/Kiritimati", 24)],
    ids=["west", "utc", "east"],
)
async def test_today_is_as_of_the_team_s_time_zone(zone: str, first: int) -> None:
    hours = {"timezone": zone, "days": {}}
    in_force = msgspec.convert(policy("acme", "acme", hours=hours), Policy)
    now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    refused = []
    for day in (22, 23, 24, 25):
        body = {"command_id": "c1", "community": "acme", "member": ADA, "responder": "grace", "day": f"2026-11-{day}"}
        reply = against_its_time(msgspec.convert(body, PromiseFollowUp), in_force, now)
        if reply is not None:
            refused.append(day)
            assert f"2026-11-{first} in {zone}" in reply.detail
    assert refused == list(range(22, first))


async def test_what_is_no_command_is_answered(world: World) -> None:
    assert (await tell(world, "ask", b"\xff")).refused == "bad-command"

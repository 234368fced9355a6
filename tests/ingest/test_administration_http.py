from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest
from ingest_world import World, policy, posted

from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import ImportBegan, ImportEnded, PolicyAdopted, ToneOptOut
from shared.policy.load import default_policy_text, load_policy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def put_policy(world: World, body: Any) -> Any:
    async with world.client() as client:
        return await client.put("/v1/policy", json=body)


async def adopted(world: World, community: str) -> list[tuple[str, str]]:
    return [
        (event.id, event.data.version)
        for event in await world.stored(community, facts=True)
        if isinstance(event.data, PolicyAdopted)
    ]


async def test_each_adoption_is_a_fact_of_each_community(world: World) -> None:
    organisation, one, two = world.new_name("org"), world.new_name(), world.new_name()
    first, second = policy(organisation, one), policy(organisation, one, two)
    versions = [(await put_policy(world, body)).json()["version"] for body in (first, first, second, second, first)]
    assert versions[0] == versions[1] == versions[4] != versions[2] == versions[3]
    assert await adopted(world, one) == [
        (f"policy:{versions[0]}:1", versions[0]),
        (f"policy:{versions[2]}:2", versions[2]),
        (f"policy:{versions[4]}:3", versions[4]),
    ]
    assert await adopted(world, two) == [(f"policy:{versions[2]}:2", versions[2])]


async def test_a_community_has_one_organisation(world: World) -> None:
    community = await world.new_community()
    organisation = world.new_name("org")
    answer = await put_policy(world, policy(organisation, "elsewhere", community))
    assert (answer.status_code, answer.json()["field"]) == (409, "communities[1]")
    async with world.client() as client:
        listed = (await client.get("/v1/communities")).json()["items"]
    assert [item["organisation"] for item in listed if item["community"] == community] == [f"org-of-{community}"]
    assert not [item for item in listed if item["organisation"] == organisation]


async def test_a_community_left_out_is_refused_until_it_is_named_again(world: World) -> None:
    organisation, community = world.new_name("org"), world.new_name()
    await put_policy(world, policy(organisation, community))
    await put_policy(world, policy(organisation, f"{community}-b"))
    async with world.client() as client:
        assert (await client.post("/v1/events", json=posted("1", community))).status_code == 422
        await put_policy(world, policy(world.new_name("org"), community))
        assert (await client.post("/v1/events", json=posted("1", community))).status_code == 200


async def test_an_accepted_community_hears_the_policy_before_its_first_event(world: World) -> None:
    organisation, community = world.new_name("org"), world.new_name()
    version = (await put_policy(world, policy(organisation, other_communities="accept"))).json()["version"]
    try:
        async with world.client() as client:
            batch = [posted("1", community), posted("2", community)]
            assert (await client.post("/v1/events", json=batch)).json()["accepted"] == 2
        stored = await world.stored(community, facts=True)
        assert [event.id for event in stored] == [f"policy:{version}:1", "1", "2"]
        assert {event.organisation for event in stored} == {organisation}
        second = await put_policy(world, policy(world.new_name("org"), other_communities="accept"))
        assert (second.status_code, second.json()["field"]) == (409, "other_communities")
    finally:
        await put_policy(world, policy(organisation, f"{community}-b"))


async def test_a_policy_that_could_not_be_announced_is_announced_before_the_first_event(world: World) -> None:
    organisation, community = world.new_name("org"), world.new_name()
    await world.fill_stream()
    try:
        refused = await put_policy(world, policy(organisation, community))
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    finally:
        await world.make_room()
    async with world.client() as client:
        assert (await client.post("/v1/events", json=posted("1", community))).status_code == 200
    assert [event.platform for event in await world.stored(community, facts=True)] == ["warmline", "discord"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (policy("org", "c", hours={"timezone": 5, "days": {}}), 422, "hours.timezone"),
        (policy("org", "c", hours={"timezone": "UTC", "days": {"monday": ["nine"]}}), 422, "hours.days.monday[0]"),
        (
            {"organisation": "org", "communities": ["c"], "responders": [{"name": "a", "display_name": "A"}]},
            422,
            "hours",
        ),
        (policy("org\n", "c"), 422, "organisation"),
        (policy("org", "c", limits={"touches": "5"}), 422, "limits.touches"),
        (
            policy("org", "c", hours={"timezone": "Europe/Atlantis", "days": {"monday": ["09:00-17:00"]}}),
            422,
            "hours.timezone",
        ),
        (policy("org", "c", team={"roles": ["a\0"]}), 422, "team.roles[0]"),
        (policy("org", "c", rule={}), 422, "rule"),
        (policy("org"), 422, "communities"),
        (policy("org", "good", "bad\n"), 422, "communities[1]"),
        ([], 422, "body"),
    ],
)
async def test_a_bad_policy_is_refused(world: World, body: Any, status: int, field: str) -> None:
    answer = await put_policy(world, body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_fault_of_a_policy_is_told_with_its_place(world: World) -> None:
    grace = {"name": "grace", "display_name": "Grace"}
    bad = policy(
        world.new_name("org"),
        "one",
        "one",
        responders=[grace, {**grace, "segments": ["newcommers"]}],
        segments=[{"name": "newcomers"}],
        hours={"timezone": "Berlin", "days": {"monday": ["17:00-09:00"]}},
        respondents=[],
    )
    problem = (await put_policy(world, bad)).json()
    assert {error["field"]: error["reason"] for error in problem["errors"]} == {
        "respondents": "there is no field 'respondents'. Did you mean 'responders'?",
        "communities[1]": "'one' is named twice. Keep one of the two.",
        "responders[1].name": "there is already a responder 'grace' at responders[0].name. Give each its own name.",
        "responders[1].segments[0]": "the policy has no segment 'newcommers'. Did you mean 'newcomers'?",
        "hours.timezone": "there is no time zone 'Berlin'. Did you mean 'Europe/Berlin'?",
        "hours.days.monday[0]": (
            '17:00-09:00 ends before it begins. For work past midnight write "17:00-24:00" here and '
            '"00:00-09:00" on the next day.'
        ),
    }
    assert problem["field"] == problem["errors"][0]["field"]
    assert "and 5 more" in problem["detail"]


async def test_a_policy_is_taken_as_the_command_takes_it(world: World) -> None:
    loaded = load_policy(default_policy_text().replace("my-community", world.new_name()))
    assert loaded.policy is not None
    closed = replace(loaded.policy, communities=(world.new_name(),), other_communities="refuse")
    answer = await put_policy(world, msgspec.to_builtins(closed))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b'{"organisation":"\xff"}'])
async def test_an_unreadable_policy_is_refused(world: World, content: bytes) -> None:
    async with world.client() as client:
        answer = await client.put("/v1/policy", content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_sources_are_listed_without_tokens_and_unique(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    async with world.client() as client:
        body = {"community": community, "platform": "discord", "name": "guild"}
        assert (await client.post("/v1/sources", json=body)).status_code == 409
        listed = await client.get("/v1/sources")
        assert token not in listed.text
        [item] = [item for item in listed.json()["items"] if item["community"] == community]
        assert (item["source"], item["platform"], item["name"]) == ("/discord/guild", "discord", "guild")
        path = "/v1/sources/discord/guild"
        assert (await client.delete(path, params={"community": community})).status_code == 204
        assert (await client.delete(path, params={"community": community})).status_code == 404
        reserved = await client.post("/v1/sources", json={**body, "platform": "warmline"})
        assert (reserved.status_code, reserved.json()["field"]) == (422, "platform")
        unknown = await client.post("/v1/sources", json={**body, "community": "nobody-knows-it"})
        assert (unknown.status_code, unknown.json()["field"]) == (422, "community")


async def test_an_import_begins_and_ends_once_each_time(world: World) -> None:
    community = await world.new_community()
    body = {"community": community, "platform": "zulip", "source_name": "lean", "name": "export of today"}
    async with world.client() as client:
        begun = [(await client.post("/v1/imports", json=body)).json() for _ in range(2)]
        assert begun[0] == begun[1]
        path = f"/v1/imports/{begun[0]['import_id']}"
        assert (await client.post(f"{path}/parts", json={"parts": ["b", "a"]})).status_code == 204
        assert (await client.post(f"{path}/parts", json={"parts": ["a"]})).status_code == 204
        assert [(await client.post(f"{path}/end")).status_code for _ in range(2)] == [204, 204]
        again = (await client.post("/v1/imports", json=body)).json()
        assert again == {**begun[0], "finished_parts": ["a", "b"]}
        assert (await client.post("/v1/imports/i-unknown/end")).status_code == 404
        assert (await client.post(f"{path}/parts", json={"parts": ["a\0"]})).json()["field"] == "parts[0]"
    facts = [event for event in await world.stored(community, facts=True) if event.data.__class__ is not PolicyAdopted]
    assert [(type(event.data), event.id.split(":")[2:]) for event in facts] == [
        (ImportBegan, ["1", "began"]),
        (ImportEnded, ["1", "ended"]),
        (ImportBegan, ["2", "began"]),
    ]


async def test_who_opts_out_of_the_reading_of_tone_is_told_to_triage(world: World) -> None:
    community = await world.new_community()
    async with world.client() as client:
        body = {"community": community, "platform": "discord", "member": "u7"}
        assert (await client.post("/v1/tone-opt-outs", json=body)).status_code == 204
        assert (await client.post("/v1/tone-opt-outs", json={**body, "opted_out": False})).status_code == 204
        refused = [
            (await client.post("/v1/tone-opt-outs", json={**body, **wrong})).json()["field"]
            for wrong in ({"platform": "warmline"}, {"community": "unknown"}, {"member": "u\0"})
        ]
    member = Identity(platform="discord", id="u7")
    told = [event.data for event in await world.stored(community, facts=True) if isinstance(event.data, ToneOptOut)]
    assert told == [ToneOptOut(community=community, member=member, opted_out=out) for out in (True, False)]
    assert refused == ["platform", "community", "member"]


async def test_an_import_that_is_taken_up_after_hours_is_begun_anew(world: World) -> None:
    community = await world.new_community()
    body = {"community": community, "platform": "zulip", "source_name": "lean", "name": "a long one"}
    async with world.client() as client:
        await client.post("/v1/imports", json=body)
        async with await psycopg.AsyncConnection.connect(world.postgres.url, autocommit=True) as connection:
            await connection.execute(
                "UPDATE ingest.imports SET began_at = began_at - interval '7 hours' WHERE community = %s", [community]
            )
        await client.post("/v1/imports", json=body)
    begun = [event.id for event in await world.stored(community, facts=True) if isinstance(event.data, ImportBegan)]
    assert [event_id.split(":")[2] for event_id in begun] == ["1", "2"]


async def test_administration_needs_the_administrator(world: World) -> None:
    token = await world.new_source(await world.new_community())
    for sent, status in ((None, 401), ("wrong", 401), (token, 403)):
        async with world.client(sent) as client:
            answer = await client.get("/v1/sources")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_the_openapi_document_describes_events_and_policy_from_the_contracts(world: World) -> None:
    async with world.client(None) as client:
        document = (await client.get("/schema/openapi.json")).json()
        page = await client.get("/schema")
    assert "<script" not in page.text
    assert "Posted" in document["components"]["schemas"]
    assert set(document["paths"]["/v1/events"]["post"]["responses"]) >= {
        "200",
        "400",
        "401",
        "403",
        "413",
        "422",
        "503",
    }
    assert "put" in document["paths"]["/v1/policy"]

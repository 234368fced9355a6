"""What ingest tells a Prometheus of requests and events, and that what comes from outside cannot flood it."""

from __future__ import annotations

import pytest
from ingest_world import World, posted

pytestmark = pytest.mark.asyncio(loop_scope="session")

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
SINGLE = {"Content-Type": "application/cloudevents+json"}


async def test_requests_and_events_are_counted_by_what_became_of_them(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community, name="counted")
    source = "/discord/counted"
    before = await world.ingest.metrics()
    async with world.client(token) as client:
        events = [{**posted(f"post:{n}:1", None), "source": source} for n in range(3)]
        assert (await client.post("/v1/events", json=events, headers=BATCH)).status_code == 200
        assert (await client.post("/v1/events", json=events[0], headers=SINGLE)).status_code == 200
        refused = {**events[0], "type": "warmline.member.unheard-of.v1"}
        assert (await client.post("/v1/events", json=refused, headers=SINGLE)).status_code == 422
        assert (await client.request("PROPFIND", "/v1/events")).status_code == 405
        assert (await client.get("/v1/nowhere")).status_code in {401, 403, 404}
    after = await world.ingest.metrics()

    assert after.of("warmline_events_total", source=source, kind="posted", fate="accepted") == 3
    assert after.of("warmline_events_total", source=source, kind="posted", fate="duplicate") == 1

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    assert grown("warmline_events_refused_total", code="unknown-type") == 1
    requests = "http_server_request_duration_seconds_count"
    assert grown(requests, http_route="/v1/events", http_response_status_code="200") == 2
    assert grown(requests, http_route="/v1/events", http_response_status_code="422") == 1
    assert grown(requests, http_route="/v1/events", http_request_method="_OTHER") == 1
    assert not any("nowhere" in value for value in after.label_values())  # an address that nobody serves is no label
    assert not any(community in value or "post:" in value for value in after.label_values())

"""The whole line: an event in, a human's queue out."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.collector import Collector
from tests.conventions import ATTRIBUTES, METRICS, of_prometheus
from tests.end_to_end.harbour import SOURCE, event, post, write_slack_export
from tests.end_to_end.running_system import RunningSystem, started
from tests.metrics import samples_at
from tests.prometheus_names import OF_PLATFORMS, OWN, RECORDED, asked, metrics_in
from tests.waiting import until

CLOUD_EVENT = "application/cloudevents+json"


def touches(system: RunningSystem, **filters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return system.get(f"/api/v1/queue?limit=200&{query}")["items"]


def test_who_needs_a_human_stands_in_the_queue_with_the_reason_assigned_to_a_named_responder(
    system: RunningSystem,
) -> None:
    answer = system.post(
        [
            event("join:ada", "joined", "ada", timedelta(hours=3)),
            post("q1", "ada", timedelta(hours=2), "How do I book the meeting room?"),
            post("q2", "bo", timedelta(hours=2), "Where is the printer?"),
            post("a2", "ada", timedelta(hours=1.9), "Next to the kitchen.", "c-q2"),
        ]
    )
    assert [result["fate"] for result in answer["results"]] == ["accepted"] * 4

    def for_both() -> dict[str, Any] | None:
        found = [touch for touch in touches(system) if touch["member"]["name"] == "Ada" and touch["responder"]]
        assert len(found) < 2
        return found[0] if found and len(found[0]["reasons"]) == 2 else None

    found = until(for_both, seconds=60, what="one touch for Ada, for two reasons")
    assert (found["reason"], found["reasons"]) == ("unanswered", ["unanswered", "welcome"])
    assert (found["state"], found["segment"], found["care_load"]) == ("assigned", "newcomers", 3)
    explained = system.get(f"/api/v1/touches/{found['id']}")["explained"]
    assert [(one["rule"], one["difference"]) for one in explained] == [
        ("unanswered.v1", "an answer within 1 h"),
        ("welcome.v1", "a greeting by the team within 1 h"),
    ]
    assert not [
        touch for touch in touches(system) if touch["reason"] == "unanswered" and touch["member"]["name"] == "Bo"
    ]


def test_claim_and_settle_through_the_api(system: RunningSystem) -> None:
    system.post([post("q3", "cleo", timedelta(hours=2), "Can anybody lend me a charger?")])
    [touch] = until(
        lambda: [
            one
            for one in touches(system, reason="unanswered")
            if one["member"]["name"] == "Cleo" and one["responder"] and len(one["reasons"]) == 2
        ],
        seconds=60,
        what="Cleo's touch, for two reasons",
    )
    path = f"/api/v1/touches/{touch['id']}"
    claim = {"responder": "tobi", "revision": touch["revision"], "command_id": "claim-1"}
    claimed = system.act(f"{path}/claim", **claim)
    assert claimed.status_code == 200, claimed.text
    again = system.act(f"{path}/claim", **claim)
    assert again.status_code == claimed.status_code, again.text
    now = system.get(path)
    assert (now["state"], now["responder"]["name"]) == ("claimed", "tobi")

    stale = system.act(f"{path}/settle", responder="tobi", revision=touch["revision"], outcome="reached")
    assert stale.status_code == 409
    assert stale.headers["content-type"].startswith("application/problem+json")
    settled = system.act(f"{path}/settle", responder="tobi", revision=now["revision"], outcome="reached")
    assert settled.status_code == 200, settled.text
    assert system.get(path)["state"] == "settled"
    assert touch["id"] not in {one["id"] for one in touches(system)}


def test_the_teams_own_reply_settles_and_a_peers_leaves_what_remains(system: RunningSystem) -> None:
    system.post([post(f"q{n}", f"dan{n}", timedelta(hours=2), "Who can open the door?") for n in (4, 5)])

    def raised(member: str) -> list[dict[str, Any]]:
        return [one for one in touches(system, reason="unanswered") if one["member"]["name"] == member]

    [by_team] = until(lambda: raised("Dan4"), seconds=60, what="Dan4's touch")
    [by_peer] = until(lambda: raised("Dan5"), seconds=60, what="Dan5's touch")
    until(lambda: len(raised("Dan4")[0]["reasons"]) == 2, seconds=60, what="the welcome to join")
    system.post(
        [
            post("a4", "u-mara", timedelta(minutes=1), "Coming!", "c-q4"),
            post("a5", "eve", timedelta(minutes=1), "I did.", "c-q5"),
        ]
    )
    until(lambda: not raised("Dan4") and not raised("Dan5"), seconds=60, what="both to leave the queue")
    path = f"/api/v1/touches/{by_team['id']}"
    settled = until(lambda: (one := system.get(path))["state"] == "settled" and one, seconds=60, what="the settling")
    assert settled["outcome"] == "replied-on-platform"
    remains = system.get(f"/api/v1/touches/{by_peer['id']}")
    assert (remains["state"], remains["reasons"]) == ("assigned", ["welcome"])
    system.post([post("m5", "u-mara", timedelta(minutes=0.5), "Hello, Dan!", "c-q5")])
    until(lambda: system.get(f"/api/v1/touches/{by_peer['id']}")["state"] == "settled", seconds=60, what="the welcome")


def test_what_the_team_tells_by_hand_goes_the_whole_way(system: RunningSystem) -> None:
    system.post([event(f"join:{who}", "joined", who, timedelta(hours=3)) for who in ("fay", "hal")])

    def welcomes() -> list[Any]:
        found = {one["member"]["name"]: one for one in touches(system) if one["responder"]}
        return [found[name] for name in ("Fay", "Hal") if name in found]

    welcome, unwanted = until(lambda: len(welcomes()) == 2 and welcomes(), seconds=60, what="both welcomes")
    path = f"/api/v1/members/{welcome['member']['key']}"
    asking = {"responder": "tobi", "why": "She moved here alone.", "urgency": "soon", "command_id": "ask-1"}
    asked = [system.act(f"{path}/touches", **asking) for _ in range(2)]
    assert [(answer.status_code, answer.json()["touch"]) for answer in asked] == [(200, welcome["id"])] * 2, asked
    touch = system.get(f"/api/v1/touches/{welcome['id']}")
    assert (touch["reasons"], touch["said"]) == (["by-hand", "welcome"], "She moved here alone.")
    logged = system.act(f"{path}/care", responder="tobi", way="call", note="We spoke.")
    assert logged.status_code == 200, logged.text

    def remaining() -> list[str]:
        reasons: list[str] = system.get(f"/api/v1/touches/{welcome['id']}")["reasons"]
        return reasons

    until(lambda: remaining() == ["by-hand"], seconds=60, what="the call to meet the welcome")
    told = system.get(path)["by_hand"]
    assert [(one["kind"], one["responder"]["name"], one["text"]) for one in told] == [
        ("care-logged", "tobi", "We spoke."),
        ("touch-asked", "tobi", "She moved here alone."),
    ]
    contact = f"/api/v1/members/{unwanted['member']['key']}/contact"
    assert system.act(contact, responder="tobi", wanted=False).status_code == 200
    path = f"/api/v1/touches/{unwanted['id']}"
    until(lambda: system.get(path)["state"] == "withdrawn", seconds=60, what="the welcome to be withdrawn")
    assert system.get(path)["need_ended"]["cause"] == "asked not to be contacted"


def test_status_is_well_and_verify_finds_no_difference(system: RunningSystem) -> None:
    def well() -> bool:
        return system.command("status").returncode == 0

    until(well, seconds=60, what="warmline status")
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_second_import_changes_no_state_and_no_view(system: RunningSystem, tmp_path: Path) -> None:
    began = datetime.now(UTC) - timedelta(hours=3)

    def imported(indent: int) -> dict[str, int]:
        write_slack_export(tmp_path, began, indent)
        done = system.command("import", "slack", str(tmp_path), "--community", "archive")
        assert done.returncode == 0, done.stdout + done.stderr
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        return {name: int(count) for name, count in re.findall(r"(accepted|duplicate|skipped) +(\d+)", done.stdout)}

    assert imported(indent=1) == {"accepted": 5, "duplicate": 0, "skipped": 1}

    def all_assigned() -> bool:
        found = touches(system, community="archive")
        return any(one["reason"] == "unanswered" for one in found) and all(one["responder"] for one in found)

    until(all_assigned, seconds=60, what="who was not answered, and a responder for each")

    def redacted() -> bool:
        return "view_history.superseded" not in system.rows_of("archive")

    until(redacted, seconds=60, what="the text before the edit to go from the stream")
    until(system.drained, seconds=60, what="the line to be drained")
    first = system.rows_of("archive")
    assert {table.partition(".")[0] for table in first} == {"triage", "view_history", "view_queue"}
    # Other bytes are another export, of which no part counts as finished: all of it is read and sent again.
    assert imported(indent=2) == {"accepted": 0, "duplicate": 5, "skipped": 1}
    until(system.drained, seconds=60, what="the line to be drained")
    assert system.rows_of("archive") == first


def test_a_prometheus_finds_every_process_and_what_it_did(system: RunningSystem) -> None:
    told = {}
    for target in json.loads((system.data / "prometheus-targets.json").read_text()):
        [place] = target["targets"]
        told[target["labels"]["job"], target["labels"]["instance"]] = samples_at(f"http://{place}/metrics")
    assert sorted(told) == [
        (f"warmline-{name}", f"{name}-0") for name in ("auditor", "ingest", "notifier", "projections", "triage")
    ]

    ingest = told["warmline-ingest", "ingest-0"]
    assert ingest.of("http_server_request_duration_seconds_count", http_route="/v1/events") > 0
    assert ingest.of("warmline_events_total", source=SOURCE, kind="posted", fate="accepted") > 0
    assert ingest.of("messaging_client_sent_messages_total", messaging_destination_name="MEMBER_EVENTS") > 0
    desk = told["warmline-projections", "projections-0"]
    assert desk.of("http_server_request_duration_seconds_count", http_route="/api/v1/queue") > 0
    for service, stream, reader in (
        ("triage", "MEMBER_EVENTS", "triage"),
        ("notifier", "TOUCHES", "notifier"),
        ("projections", "TOUCH_FACTS", "queue"),
        ("projections", "MEMBER_EVENTS", "history"),
    ):
        process = told[f"warmline-{service}", f"{service}-0"]
        batch = {"messaging_destination_name": stream, "messaging_consumer_group_name": reader}
        assert process.of("messaging_process_duration_seconds_count", **batch) > 0
        assert process.of("messaging_client_consumed_messages_total", **batch) > 0
        assert process.of("warmline_batch_messages_sum", **batch) > 0
    for service, stream in (("triage", "TOUCHES"), ("notifier", "TOUCH_FACTS")):
        process = told[f"warmline-{service}", f"{service}-0"]
        assert process.of("messaging_client_operation_duration_seconds_count", messaging_destination_name=stream) > 0
        assert process.of("db_client_operation_duration_seconds_count", db_namespace=service) > 0
    notifier = told["warmline-notifier", "notifier-0"]
    assert notifier.of("warmline_notices_total", channel="log", kind="assignment", outcome="sent") > 0
    assert notifier.of("warmline_notice_delay_seconds_count", channel="log") > 0
    auditor = told["warmline-auditor", "auditor-0"]
    assert auditor.of("warmline_care_look_complete") == 1
    assert auditor.of("warmline_responders", organisation="acme") == 2
    assert auditor.of("warmline_coverage_gap_seconds", organisation="acme") == 0
    names, labels = of_prometheus(METRICS), of_prometheus(ATTRIBUTES) | {"le"}
    for samples in told.values():
        for sample in samples.all:
            if sample.name.startswith(("http_", "messaging_", "db_")):
                assert re.sub("(_seconds)?_(bucket|count|sum|total|created)$", "", sample.name) in names
                assert sample.labels.keys() <= labels, sample
        assert not samples.label_values() & {"ada", "bo", "cleo", "Ada", "Bo", "Cleo"}  # no member anywhere


def test_one_trace_leads_from_the_senders_request_to_the_responders_notice(
    system: RunningSystem, traces: Collector
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "content-type": CLOUD_EVENT,
        "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01",
    }
    asked = post("q-traced", "gus", timedelta(hours=2), "Where do I sign?")
    assert system.ingest.post("/v1/events", json=asked, headers=headers).status_code == 200

    def told(spans: list[tuple[str, Span]]) -> set[tuple[str, str]]:
        return {(service, span.name) for service, span in spans}

    hops = {
        ("warmline-ingest", "POST /v1/events"),
        ("warmline-triage", "publish TOUCHES"),
        ("warmline-notifier", "notice log"),
    }
    batches = {
        ("warmline-triage", "process MEMBER_EVENTS"),
        ("warmline-projections", "process MEMBER_EVENTS"),
        ("warmline-notifier", "process TOUCHES"),
        ("warmline-projections", "process TOUCHES"),
    }
    until(
        lambda: told(traces.spans(trace_id)) >= hops and told(traces.linked(trace_id)) >= batches,
        seconds=60,
        what="the trace in every service",
    )
    first = {span.name: span for _, span in traces.spans(trace_id)}["POST /v1/events"]
    assert first.parent_span_id.hex() == "00f067aa0ba902b7"
    assert {one.key for one in first.attributes} >= {"http.route", "http.response.status_code", "http.request.method"}
    for _, span in traces.spans(trace_id) + traces.linked(trace_id):
        assert {one.key for one in span.attributes} <= ATTRIBUTES
        if span.name.startswith(("publish", "process")):
            assert {one.key for one in span.attributes} >= {"messaging.system", "messaging.operation.type"}
    others = [span for _, span in traces.spans(trace_id) if span.name != "POST /v1/events"]
    assert {span.parent_span_id for span in others} == {first.span_id}
    until(
        lambda: any(parent.split("-")[1] == trace_id for parent in traces.posted("traceparent")),
        seconds=30,
        what="the trace at the integrator",
    )


def test_every_metric_that_a_rule_or_a_panel_names_is_told(system: RunningSystem) -> None:
    # What some tell only when it comes to that: an event that is refused.
    refused = system.ingest.post("/v1/events", json={"id": "no event"}, headers={"content-type": CLOUD_EVENT})
    assert refused.status_code == 422
    named = {(query.where, name) for query in asked() for name in metrics_in(query.expr) - RECORDED - OWN}
    wanted = {(where, name) for where, name in named if not name.startswith(OF_PLATFORMS)}
    targets = json.loads((system.data / "prometheus-targets.json").read_text())
    places = [place for target in targets for place in target["targets"]]

    def missing() -> set[tuple[str, str]]:
        told = [samples_at(f"http://{place}/metrics") for place in places]
        names = {name for samples in told for name in samples.names | samples.families}
        return {(where, name) for where, name in wanted if name not in names}

    until(lambda: not missing(), seconds=30, what="every metric that is named")


def test_a_wrong_policy_starts_nothing_and_says_where(tmp_path: Path) -> None:
    wrong = tmp_path / "policy.yaml"
    wrong.write_text("organisation: Acme Inc\nhours: {timezone: Mars/Base, days: {}}\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"policy\.yaml:1 organisation") as raised, started(policy=wrong):
        pass
    assert "nothing was started" in str(raised.value)


def test_no_service_wanted_more_of_nats_than_it_may(system: RunningSystem) -> None:
    logs = "".join(log.read_text(encoding="utf-8") for log in (system.data / "logs").glob("*.log"))
    assert "ingest_starting" in logs
    assert "nats_denied" not in logs
    assert "permissions violation" not in logs.lower()

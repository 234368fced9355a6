from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.importing.archive import open_archive
from infra.importing.github import GitHubArchive
from infra.importing.reading import ExportFormat
from infra.importing.run import Destination, Progress, import_archive
from infra.importing.tally import Tally
from infra.importing.zulip import ZulipArchive
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from shared.contracts.cloudevents import MemberEvent, decode_member_event
from shared.contracts.member_events import Posted, Solved
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from shared.policy.load import load_policy

POLICY = """\
organisation: importers
communities: [whole, resumed, cancelled, refused, empty, since, kept, selected, by-command]
retention: {communities: [{community: kept, history_months: 1200}]}
hours: {timezone: UTC, days: {monday: ["09:00-17:00"]}}
responders: [{name: anna, display_name: Anna}]
"""
TOPICS, MESSAGES = 30, 80


def archive(root: Path) -> Path:
    for topic in range(TOPICS):
        folder = root / f"{1 + topic % 3}-stream"
        folder.mkdir(exist_ok=True)
        messages = [
            {
                "id": 1000 * topic + number,
                "sender_full_name": f"Member {number % 7}",
                "timestamp": 1_600_000_000 + 60 * number,
                "content": f"<p>{number}</p>",
            }
            for number in range(MESSAGES)
        ]
        (folder / f"topic.20{topic}.json").write_text(json.dumps(messages))
    (root / "1-stream" / "broken.json").write_text("[")
    (root / "1-stream" / ".E2.9C.94.20done.json").write_text(
        json.dumps(
            [{"id": 999_999, "sender_full_name": "Ada", "timestamp": 1_600_000_000, "content": "<p>a \x00 b</p>"}, {}]
        )
    )
    return root


async def run(
    root: Path,
    community: str,
    system: Any,
    on_progress: Any = lambda _progress: None,
    *,
    since: datetime | None = None,
    export: ExportFormat | None = None,
) -> Tally:
    tally = Tally()
    async with ingest_client(system.ingest_url, system.token, patience=10) as ingest:
        policy = load_policy(POLICY).policy
        assert policy is not None
        await ingest.adopt(policy)
        await import_archive(
            open_archive(root),
            export or ZulipArchive(),
            Destination(community=community, source_name="test", since=since),
            ingest,
            tally=tally,
            on_progress=on_progress,
        )
    return tally


async def history(system: Any, community: str) -> list[MemberEvent]:
    client = await nats.connect(system.nats_url)
    try:
        stream = client.jetstream()
        consumer = await stream.subscribe(
            f"p.*.member.{community}.>", stream=MEMBER_EVENTS, ordered_consumer=True, config=None
        )
        info = await consumer.consumer_info()
        stored = info.delivered.consumer_seq + info.num_pending
        return [decode_member_event((await consumer.next_msg(timeout=30)).data) for _ in range(stored)]
    finally:
        await client.close()


async def test_an_archive_is_imported_once_in_order_and_between_its_bounds(tmp_path: Path, ingest_system: Any) -> None:
    root = archive(tmp_path)
    tally = await run(root, "whole", ingest_system)
    assert (tally.pieces, tally.accepted, tally.duplicate, tally.refused.total()) == (
        TOPICS + 2,
        TOPICS * MESSAGES + 2,
        0,
        0,
    )
    assert tally.skipped.total() == 2
    assert tally.examples["id is missing"] == ["1-stream/.E2.9C.94.20done.json, item 2"]
    events = await history(ingest_system, "whole")
    facts = [event.data for event in events]
    assert sum(isinstance(fact, Posted) for fact in facts) == TOPICS * MESSAGES + 1
    assert sum(isinstance(fact, Solved) for fact in facts) == 1
    bounds = [index for index, fact in enumerate(facts) if isinstance(fact, ImportBegan | ImportEnded)]
    imported = [index for index, fact in enumerate(facts) if isinstance(fact, Posted | Solved)]
    assert bounds[0] < min(imported)
    assert bounds[-1] > max(imported)
    for topic in range(TOPICS):
        conversation = f"{1 + topic % 3}/topic {topic}"
        messages = [fact.message for fact in facts if isinstance(fact, Posted) and fact.conversation == conversation]
        assert messages == [str(1000 * topic + number) for number in range(MESSAGES)]

    again = await run(root, "whole", ingest_system)
    assert (again.pieces, again.finished_before, again.read) == (TOPICS + 2, TOPICS + 1, 0)
    assert list(again.examples.values()) == [["1-stream/broken.json"]]


async def test_an_interrupted_import_goes_on_where_it_ended(tmp_path: Path, ingest_system: Any) -> None:
    root = archive(tmp_path)

    def interrupt(progress: Progress) -> None:
        if progress.events:
            raise OperatorError("interrupted")

    with pytest.raises(OperatorError, match="interrupted"):
        await run(root, "resumed", ingest_system, interrupt)
    assert not any(isinstance(event.data, ImportEnded) for event in await history(ingest_system, "resumed"))
    tally = await run(root, "resumed", ingest_system)
    assert 0 < tally.finished_before < tally.pieces
    events = await history(ingest_system, "resumed")
    counts = Counter(event.id for event in events if isinstance(event.data, Posted))
    assert set(counts.values()) == {1}
    assert len(counts) == TOPICS * MESSAGES + 1
    assert isinstance(events[-1].data, ImportEnded)


async def test_a_cancelled_import_ends_at_once_and_can_be_resumed(tmp_path: Path, ingest_system: Any) -> None:
    root, started = archive(tmp_path), asyncio.Event()
    task = asyncio.create_task(run(root, "cancelled", ingest_system, lambda _progress: started.set()))
    await asyncio.wait_for(started.wait(), timeout=60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, timeout=60)
    tally = await run(root, "cancelled", ingest_system)
    assert tally.accepted + tally.duplicate + tally.finished_before * MESSAGES >= TOPICS * MESSAGES
    assert len({event.id for event in await history(ingest_system, "cancelled") if isinstance(event.data, Posted)}) == (
        TOPICS * MESSAGES + 1
    )


async def test_what_is_refused_is_counted_with_its_place(tmp_path: Path, ingest_system: Any) -> None:
    (tmp_path / "1-stream").mkdir()
    sender = {"sender_full_name": "x" * 400, "timestamp": 1_600_000_000, "content": "<p>hi</p>"}
    (tmp_path / "1-stream" / "t.json").write_text(
        json.dumps([sender | {"id": 1}, sender | {"id": 2, "sender_full_name": "Ada"}])
    )
    tally = await run(tmp_path, "refused", ingest_system)
    assert (tally.accepted, tally.refused.total()) == (1, 1)
    ((why, examples),) = tally.examples.items()
    assert "member.id" in why
    assert examples == ["1-stream/t.json, item 1"]


async def test_an_archive_without_topics_is_refused_before_the_import_begins(
    tmp_path: Path, ingest_system: Any
) -> None:
    with pytest.raises(OperatorError, match="holds no messages"):
        await run(tmp_path, "empty", ingest_system)
    assert not any(isinstance(event.data, ImportBegan) for event in await history(ingest_system, "empty"))


async def test_what_is_before_the_horizon_is_left_out_until_it_is_wanted(tmp_path: Path, ingest_system: Any) -> None:
    (tmp_path / "1-stream").mkdir()
    message = {"sender_full_name": "Ada", "content": "<p>hi</p>"}
    times = [datetime(year, 5, 1, tzinfo=UTC).timestamp() for year in (2019, 2020, 2021)]
    (tmp_path / "1-stream" / "t.json").write_text(
        json.dumps([message | {"id": number, "timestamp": time} for number, time in enumerate(times)])
    )
    since = datetime(2020, 1, 1, tzinfo=UTC)
    tally = await run(tmp_path, "since", ingest_system, since=since)
    assert (tally.accepted, tally.skipped.total()) == (2, 1)
    assert tally.examples == {
        "before 2020-01-01, from when on history is wanted or kept": ["1-stream/t.json, item 1"],
    }
    again = await run(tmp_path, "since", ingest_system, since=since)
    assert (again.finished_before, again.read) == (1, 0)
    everything = await run(tmp_path, "since", ingest_system)
    assert (everything.accepted, everything.duplicate) == (1, 2)


async def test_what_one_selection_left_out_comes_in_with_another(tmp_path: Path, ingest_system: Any) -> None:
    hour = tmp_path / "2026-11-20-8.json"
    event = {"type": "IssuesEvent", "actor": {"id": 11, "login": "ada"}, "created_at": "2026-11-20T08:15:01Z"}
    issue = {"number": 7, "title": "How?", "user": event["actor"], "created_at": "2026-11-20T08:15:00Z"}
    issue |= {"updated_at": "2026-11-20T08:15:00Z", "html_url": "https://github.com/acme/desk/issues/7"}
    hour.write_text(
        "".join(
            json.dumps(
                event
                | {
                    "repo": {"id": 5 + n, "name": name},
                    "payload": {"action": "opened", "issue": issue | {"id": 900 + n}},
                }
            )
            + "\n"
            for n, name in enumerate(("acme/desk", "acme/site"))
        )
    )

    async def take(*repositories: str) -> tuple[int, int]:
        export = GitHubArchive(repositories=frozenset(repositories))
        tally = await run(hour, "selected", ingest_system, export=export)
        return tally.accepted, tally.finished_before

    assert await take("acme/desk") == (1, 0)
    assert await take("acme/site") == (1, 0)
    assert await take("acme/desk") == (0, 1)


async def test_what_the_policy_does_not_keep_is_left_out(tmp_path: Path, ingest_system: Any) -> None:
    (tmp_path / "1-stream").mkdir()
    message = {"sender_full_name": "Ada", "content": "<p>hi</p>"}
    now = datetime.now(UTC)
    century = datetime(now.year - 100, now.month, 1, tzinfo=UTC).timestamp()
    (tmp_path / "1-stream" / "t.json").write_text(
        json.dumps([message | {"id": 1, "timestamp": century - 1}, message | {"id": 2, "timestamp": now.timestamp()}])
    )
    tally = await run(tmp_path, "kept", ingest_system)
    assert (tally.accepted, tally.skipped.total(), tally.refused.total()) == (1, 1, 0)


def test_the_command_imports_and_sums_up(tmp_path: Path, ingest_system: Any) -> None:
    root = archive(tmp_path)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    env = {"WARMLINE_INGEST_URL": ingest_system.ingest_url, "WARMLINE_TOKEN": ingest_system.token}
    adopted = CliRunner().invoke(app, ["policy", "adopt", str(policy)], env=env)
    assert adopted.exit_code == 0, adopted.output
    assert "In force for importers: v-" in adopted.stdout
    command = ["import", "zulip", str(root), "--community", "by-command"]
    result = CliRunner().invoke(app, command, env=env)
    assert result.exit_code == 0, result.output
    assert f"{TOPICS * MESSAGES + 2:,}" in result.stdout
    assert "Skipped 1: id is missing. For example 1-stream/.E2.9C.94.20done.json, item 2" in result.stdout
    again = CliRunner().invoke(app, command, env=env)
    assert again.exit_code == 0
    assert "Everything was imported before." in again.stdout
    foreign = tmp_path / "discourse" / "2022-August"
    foreign.mkdir(parents=True)
    (foreign / "1-welcome.json").write_text('{"id": 1, "cooked": "<p>Welcome</p>"}')
    for _ in range(2):
        nothing = CliRunner().invoke(app, [*command[:2], str(foreign.parent), *command[3:]], env=env)
        assert nothing.exit_code == 1
        assert "Nothing was imported. Expected are files such as 123-general/Topic.json" in nothing.stderr
    refused = CliRunner().invoke(app, command, env=env | {"WARMLINE_TOKEN": "wrong"})
    assert refused.exit_code == 1
    assert "administrator's token" in refused.stderr

"""Lines written after https://docs.github.com/en/rest/using-the-rest-api/github-event-types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.github import GitHubArchive
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.github_events import read as read_delivery
from services.ingest.platforms.reading import Delivery, HookSettings
from shared.contracts.member_events import Posted, Solved
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export

ADA = {"id": 11, "login": "ada"}
BOT = {"id": 12, "login": "build[bot]", "type": "Bot"}
ISSUE = {
    "id": 900,
    "number": 7,
    "title": "How to reset?",
    "body": "I am stuck.",
    "user": ADA,
    "author_association": "CONTRIBUTOR",
    "html_url": "https://github.com/acme/desk/issues/7",
    "created_at": "2026-11-20T08:15:00Z",
    "updated_at": "2026-11-20T08:15:00Z",
}
COMMENT = {
    "id": 901,
    "body": "In the settings.",
    "user": {"id": 13, "login": "bo"},
    "created_at": "2026-11-20T09:00:00Z",
    "html_url": "https://github.com/acme/desk/issues/7#issuecomment-901",
}
MERGED = ISSUE | {"merged_at": "2026-11-21T10:00:00Z", "closed_at": "2026-11-21T10:00:00Z"}
CLOSED = ISSUE | {"state_reason": "completed", "closed_at": "2026-11-21T10:00:00Z"}


def line(kind: str, payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "type": kind,
        "actor": ADA,
        "repo": {"id": 5, "name": "acme/desk"},
        "payload": payload,
        "public": True,
        "created_at": "2026-11-20T08:15:01Z",
    } | changes


def read(*lines: Any, repositories: tuple[str, ...] = ("acme/*",)) -> ReadExport:
    body = b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in lines)
    return read_export(GitHubArchive(repositories=frozenset(repositories)), {"2026-11-20-8.json": body})


def by_webhook(kind: str, payload: dict[str, Any]) -> Fact:
    body = payload | {"repository": {"id": 5, "full_name": "acme/desk"}, "sender": ADA}
    headers = {"x-github-event": kind, "x-github-delivery": "d"}
    arrived = datetime(2026, 11, 22, tzinfo=UTC)
    facts = read_delivery(Delivery(headers=headers, body=json.dumps(body).encode(), arrived=arrived), HookSettings())
    assert isinstance(facts, tuple)
    return facts[0]


@pytest.mark.parametrize(
    ("kind", "hook", "payload", "form"),
    [
        ("IssuesEvent", "issues", {"action": "opened", "issue": ISSUE}, Posted),
        ("IssueCommentEvent", "issue_comment", {"action": "created", "issue": ISSUE, "comment": COMMENT}, Posted),
        ("IssuesEvent", "issues", {"action": "closed", "issue": CLOSED}, Solved),
        ("PullRequestEvent", "pull_request", {"action": "opened", "pull_request": ISSUE}, Posted),
        ("PullRequestEvent", "pull_request", {"action": "closed", "pull_request": MERGED}, Solved),
        (
            "PullRequestReviewCommentEvent",
            "pull_request_review_comment",
            {"action": "created", "pull_request": ISSUE, "comment": COMMENT},
            Posted,
        ),
    ],
)
def test_a_line_is_the_same_fact_as_its_webhook(kind: str, hook: str, payload: dict[str, Any], form: type) -> None:
    (found,) = read(line(kind, payload)).found
    assert found.place == "line 1"
    assert isinstance(found.fact.data, form)
    assert found.fact == by_webhook(hook, payload)


def test_bots_are_marked() -> None:
    opened = {"action": "opened", "issue": ISSUE | {"user": BOT}}
    closed = {"action": "closed", "issue": CLOSED}
    facts = read(line("IssuesEvent", opened), line("IssuesEvent", closed, actor={"id": 12, "login": "build[bot]"})).data
    assert [fact.member.bot for fact in facts] == [True, True]


def test_only_the_repositories_that_are_wanted_are_taken() -> None:
    opened = {"action": "opened", "issue": ISSUE}
    lines = [line("IssuesEvent", opened, repo={"id": n, "name": name}) for n, name in enumerate(("acme/desk", "a/b"))]
    assert len(read(*lines, repositories=("acme/desk",)).found) == 1
    assert read(*lines, repositories=("acme/desk",)).why == {"2026-11-20-8.json, line 2": "of another repository"}
    assert len(read(*lines, repositories=("a/*", "acme/*")).found) == 2
    assert len(read(*lines, repositories=("Acme/Desk", "A/*")).found) == 2


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"{", "not JSON: "),
        (b"[]", "body: must be an object, not an array"),
        (line("WatchEvent", {}), "WatchEvent tells nothing of a member"),
        (line("IssuesEvent", {"action": "labeled", "issue": ISSUE}), "IssuesEvent (labeled) tells nothing"),
        (line("IssuesEvent", {"action": "opened"}), "issue is missing"),
        (line("IssuesEvent", {"action": "opened", "issue": 7}), "payload.issue: must be an object"),
        (b'"' + b"x" * 8_000_001, "too long for an event"),
    ],
)
def test_what_is_no_fact_is_skipped_with_its_line_and_the_rest_is_read(broken: Any, why: str) -> None:
    result = read(broken, line("IssuesEvent", {"action": "opened", "issue": ISSUE}))
    assert result.why["2026-11-20-8.json, line 1"].startswith(why)
    assert [each.place for each in result.found] == ["line 2"]


def test_a_long_file_is_cut_at_lines() -> None:
    many = [
        line("IssuesEvent", {"action": "opened", "issue": ISSUE | {"number": number, "body": "x" * 3_000}})
        for number in range(1_000)
    ]
    assert [each.place for each in read(*many).found] == [f"line {number}" for number in range(1, 1_001)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ISSUE, "issue", "action"]), inner),
)


@given(json_values)
def test_no_json_crashes_the_reader(value: Any) -> None:
    read(value, line("IssuesEvent", {"action": "opened", "issue": value}), line("IssuesEvent", value))

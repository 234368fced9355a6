"""GitHub's list of deliveries, read without a network. Forms: docs.github.com/en/rest/repos/webhooks, shortened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.platforms.github_deliveries import api_of, read
from services.ingest.platforms.polled import PollSettings
from shared.contracts.member_events import Deleted, Joined, Posted
from tests.polling.reading import RoundMade, answered, make_round
from tests.sources.test_github import COMMENT, DISCUSSION, ISSUE, OCTOCAT, REPOSITORY, github

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def sent(number: int, event: str, payload: dict[str, Any], status: int = 502, **more: Any) -> dict[str, Any]:
    """A delivery as its own page has it, sent so many minutes ago as its number says."""
    return {
        "id": number,
        "guid": f"guid-{number}",
        "delivered_at": (NOW - timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "redelivery": False,
        "duration": 10.0,
        "status": "OK" if status == 200 else "failed to connect to host",
        "status_code": status,
        "event": event,
        "action": payload.get("action"),
        "request": {"headers": {"X-GitHub-Event": event}, "payload": {"repository": REPOSITORY, **payload}},
        "response": {"headers": {}, "payload": None},
        **more,
    }


def round_over(*deliveries: dict[str, Any], per_page: int = 100, **more: Any) -> RoundMade:
    listed = sorted(deliveries, key=lambda one: str(one["delivered_at"]), reverse=True)

    def answer(path: str, params: dict[str, str]) -> Any:
        if path != "/deliveries":
            return next((one for one in listed if path == f"/deliveries/{one['id']}"), None)
        first = int(params.get("cursor", "0"))
        page = [{**one, "request": None} for one in listed[first : first + per_page]]
        following = f"https://elsewhere.example/?per_page=100&cursor={first + per_page}"
        return answered(page, next_page=following if first + per_page < len(listed) else None)

    return make_round(read, answer, now=NOW, **more)


def test_a_next_page_that_is_no_address_is_the_last() -> None:
    made = make_round(read, lambda _path, _params: answered([], next_page="https://[elsewhere"))
    assert made.read == {"deliveries"}


OPENED = {"action": "opened", "issue": ISSUE}


def test_what_was_not_delivered_is_what_the_webhook_would_have_been() -> None:
    made = round_over(sent(3, "issues", OPENED))
    by_webhook = github("issues", OPENED)
    assert made.facts == list(by_webhook if isinstance(by_webhook, tuple) else ())
    assert made.read == {"deliveries"}


def test_deletions_discussions_and_members_are_not_lost_either() -> None:
    made = round_over(
        sent(3, "issue_comment", {"action": "deleted", "issue": ISSUE, "comment": COMMENT}),
        sent(4, "discussion", {"action": "created", "discussion": DISCUSSION}),
        sent(5, "organization", {"action": "member_added", "membership": {"user": OCTOCAT}}),
    )
    assert made.kinds() == ["Deleted", "Joined", "Posted"]
    assert made.only(Deleted).message == "issue_comment/492700400"
    assert made.only(Posted).conversation == "186853002/4"
    assert made.only(Joined).member.id == "583231"


def test_only_what_failed_and_may_matter_is_asked_for() -> None:
    made = round_over(
        sent(3, "issues", OPENED, 200),
        sent(4, "push", {}),
        sent(5, "issues", OPENED, 500),
        sent(2, "issues", OPENED, 200, guid="guid-5", redelivery=True),
        sent(6, "issues", OPENED, 401),
    )
    assert [ask.path for ask in made.asked] == ["/deliveries", "/deliveries/6"]


def test_reading_goes_back_to_what_is_known_and_no_further() -> None:
    failed = [sent(number, "issues", OPENED) for number in range(1, 120)]
    made = round_over(*failed, per_page=10, until={"deliveries": timedelta(minutes=24.5)})
    assert {ask.path for ask in made.asked} == {"/deliveries", *(f"/deliveries/{number}" for number in range(1, 35))}


def test_a_private_repository_is_read_only_where_it_is_listed() -> None:
    private = sent(3, "issues", {**OPENED, "repository": {**REPOSITORY, "private": True}})
    assert round_over(private).facts == []
    made = round_over(private, settings=PollSettings(private=("octocat/Hello-World",)))
    assert made.only(Posted).audience == "private"


def test_what_cannot_be_had_or_understood_is_told_and_holds_up_nothing() -> None:
    gone = sent(3, "issues", OPENED, id=9)
    made = round_over(gone, sent(4, "issues", {"action": "opened"}), sent(5, "issues", OPENED))
    assert made.kinds() == ["Posted", "Posted"]
    assert made.odd == ["/deliveries/{id}: issue is missing"]
    assert make_round(read, lambda _path, _params: 404).read == set()
    assert make_round(read, lambda _path, _params: b"<html>").odd == ["/deliveries: the body is no JSON"]
    assert round_over({"id": "x"} | {"delivered_at": ""}).odd


@pytest.mark.parametrize(
    ("page", "api"),
    [
        ("https://github.com/octocat/hello/settings/hooks/12", "https://api.github.com/repos/octocat/hello/hooks/12"),
        ("https://github.com/organizations/acme/settings/hooks/3/", "https://api.github.com/orgs/acme/hooks/3"),
        ("https://git.acme.example/a/b/settings/hooks/3", "https://git.acme.example/api/v3/repos/a/b/hooks/3"),
        ("https://api.github.com/repos/a/b/hooks/3", "https://api.github.com/repos/a/b/hooks/3"),
    ],
)
def test_the_page_of_a_webhook_tells_where_the_api_has_it(page: str, api: str) -> None:
    assert api_of(page) == api

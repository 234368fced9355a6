"""One whole system that takes every community, with a few touches, for all that is thrown at its faces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.end_to_end.harbour import POLICY, event, post
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY + "other_communities: accept\n", encoding="utf-8")
    with started(policy=policy) as running:
        questions = [post(f"q{n}", f"m{n}", timedelta(hours=2), "Where is the key?") for n in range(5)]
        running.post([event("join:ada", "joined", "ada", timedelta(hours=3)), *questions])
        until(lambda: len(running.get("/api/v1/queue")["items"]) >= 5, seconds=60, what="touches")
        yield running

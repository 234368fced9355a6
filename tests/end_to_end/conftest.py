"""One system for the tests that do not hurt it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.harbour import write_policy
from tests.end_to_end.running_system import RunningSystem, started


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with started(policy=write_policy(tmp_path_factory.mktemp("policy"))) as running:
        yield running

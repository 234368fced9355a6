"""Warmline runs by docker-compose.yml on three NATS servers, and goes on when one of them is killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.end_to_end.harbour import event
from tests.end_to_end.test_line import touches
from tests.ops.compose_run import CLUSTER, ComposeRun, compose_run
from tests.waiting import until

# It waits until the containers of another worker are gone.
pytestmark = [pytest.mark.ops("docker"), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeRun]:
    with compose_run(tmp_path_factory.mktemp("compose"), CLUSTER) as compose:
        yield compose


def joined_and_in_the_queue(system: ComposeRun, member: str) -> None:
    system.post([event(f"join:{member}", "joined", member, timedelta(hours=3))])
    until(
        lambda: [one for one in touches(system, reason="welcome") if one["member"]["name"] == member.title()],
        seconds=60,
        what=f"{member}'s touch in the queue",
    )


def test_it_goes_on_while_one_of_three_is_away_and_all_is_well_when_it_is_back(system: ComposeRun) -> None:
    joined_and_in_the_queue(system, "ada")
    system.compose("kill", "nats-2")
    joined_and_in_the_queue(system, "bo")
    system.up()
    until(lambda: system.command("status").returncode == 0, seconds=90, what="warmline status")
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr

"""When a partition's deadlines fire, on real servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.cloudevents import MemberEvent
from shared.event_store.recorder import DeadlineRow
from shared.partition.folding import DUE
from shared.workspace import Workspace
from tests.kernel.counter import Count, Counted, CounterService, Reminded, post
from tests.kernel.kernel_tables import contents, running
from tests.kernel.partition import Partition
from tests.waiting import until_async


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.batch_consumer._SETTLED", timedelta(milliseconds=300))
    monkeypatch.setattr("shared.workspace.LATE_GRACE", timedelta(milliseconds=100))


def reminder(number: int, due: datetime, **changes: Any) -> MemberEvent:
    return post(number, f"remind {due.isoformat()}", **changes)


async def test_a_deadline_fires_before_the_first_message_stored_after_it(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    await partition.publish(reminder(1, due, member="ada"), post(2, member="bo"))
    await until_async(lambda: datetime.now(UTC) > due)
    await partition.publish(post(3, member="ada"), post(4, member="ada"))
    async with running(partition.runner().run()):
        await partition.folded(4)
    log = partition.log()
    assert [type(event) for _, event in log] == [Counted, Counted, Reminded, Counted, Counted]
    assert log[2] == ("ada", Reminded(clock=due, total=1))
    assert log[1][1].clock < due < log[3][1].clock


async def test_the_wall_clock_fires_when_nothing_is_on_its_way(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    async with running(partition.runner().run()):
        await partition.publish(reminder(1, due))
        await until_async(lambda: partition.store.head() == 2)
    assert partition.log()[-1] == ("ada", Reminded(clock=due, total=1))
    assert contents(partition.url)["deadlines"] == []
    assert contents(partition.url)["shard"][0][2] == partition.log()[0][1].clock  # not moved by what fired


async def test_a_suspended_communitys_deadlines_wait_over_a_restart(partition: Partition) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    runner = partition.runner()
    async with running(runner.run()):
        await partition.publish(
            post(1, "suspend"), reminder(2, past), reminder(3, past, member="bo", community="other")
        )
        await until_async(
            lambda: ("bo", Reminded) in [(who, type(event)) for who, event in partition.log()], seconds=20
        )
    async with running(partition.runner().run()):
        await partition.publish(post(4))
        await partition.folded(4)
        assert ("ada", Reminded) not in [(who, type(event)) for who, event in partition.log()]
        await partition.publish(post(5, "resume"), post(6))
        await until_async(lambda: ("ada", Reminded) in [(who, type(event)) for who, event in partition.log()])


async def test_a_deadline_that_fails_is_parked_and_the_rest_flows(partition: Partition) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    async with running(partition.runner().run()):
        await partition.publish(reminder(1, past, member="broken"), reminder(2, past, member="zoe"))
        await until_async(
            lambda: ("zoe", Reminded) in [(who, type(event)) for who, event in partition.log()], seconds=20
        )
    assert contents(partition.url)["deadlines"] == []
    [letter] = contents(partition.url)["dead_letters"]
    assert "broken" in str(letter)


async def test_more_deadlines_than_a_transaction_takes_are_stored_in_parts(partition: Partition) -> None:
    due = datetime.now(UTC) + timedelta(seconds=6)
    count = 2 * DUE + 10
    await partition.publish(*(reminder(number, due, member=f"m{number:04}") for number in range(count)))
    await until_async(lambda: datetime.now(UTC) > due)
    await partition.publish(post("last"), post("very last"))
    async with running(partition.runner().run()):
        await partition.folded(count + 2)
    log = partition.log()
    assert [who for who, event in log if isinstance(event, Reminded)] == [f"m{number:04}" for number in range(count)]
    assert [event.by for _, event in log[-2:]] == ["post:last", "post:very last"]
    assert len(log) == 2 * count + 2
    assert contents(partition.url)["shard"][0][1] >= 3, "more where the messages come in smaller pieces"


class Again(CounterService):
    """Reminds five times, a moment apart."""

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        super().on_deadline(deadline, work)
        if work.version(deadline.stream) < 10:
            remind = deadline.due + timedelta(milliseconds=1)
            work.decide(deadline.stream, Count(by="itself", clock=work.clock, remind=remind))


@pytest.mark.parametrize("followed", [False, True])
async def test_what_sets_itself_again_comes_at_once_and_each_time_in_a_transaction_of_its_own(
    partition: Partition, followed: bool
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    await partition.publish(reminder(1, due))
    await until_async(lambda: datetime.now(UTC) > due + timedelta(seconds=0.1))
    if followed:
        await partition.publish(post("last", member="bo"))
    async with running(partition.runner(Again()).run()):
        await until_async(lambda: partition.store.head() == 10 + followed)
    reminded = [event.clock for _, event in partition.log() if isinstance(event, Reminded)]
    assert reminded == [due + timedelta(milliseconds=number) for number in range(5)]
    assert not followed or partition.log()[-1][0] == "bo"
    assert contents(partition.url)["shard"][0][1] >= (5 if followed else 6)

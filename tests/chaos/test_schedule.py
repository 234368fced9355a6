from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tests.chaos.fault_kinds import FAULT_KINDS
from tests.chaos.schedule import schedule

SEEDS = range(20)


@pytest.mark.parametrize("without", [set(), {"cluster"}, {"cluster", "cable", "power cut"}])
def test_in_ten_minutes_each_fault_happens_at_least_five_times(without: set[str]) -> None:
    kinds = [kind for kind in FAULT_KINDS if kind.needs not in without]
    for seed in SEEDS:
        times = Counter(fault.kind.name for one in schedule(seed, 600, kinds) for fault in one)
        assert set(times) == {kind.name for kind in kinds}
        assert min(times.values()) >= 5, (seed, times.most_common()[-1])


def test_a_seed_gives_one_schedule_and_another_seed_another() -> None:
    assert schedule(1, 60, FAULT_KINDS) == schedule(1, 60, FAULT_KINDS)
    assert schedule(1, 60, FAULT_KINDS) != schedule(2, 60, FAULT_KINDS)


def test_a_longer_run_begins_as_the_shorter_one() -> None:
    short, long = schedule(3, 60, FAULT_KINDS), schedule(3, 120, FAULT_KINDS)
    assert long[: len(short)] == short
    assert len(long) > len(short)


def test_faults_overlap_within_a_round_and_it_is_quiet_between_rounds() -> None:
    for seed in SEEDS:
        rounds = schedule(seed, 300, FAULT_KINDS)
        assert all(len(one) >= 3 for one in rounds)
        for one, following in pairwise(rounds):
            assert min(fault.at for fault in following) >= max(fault.until for fault in one) + 4
            assert max(fault.at for fault in one) < min(fault.until for fault in one)
        assert max(fault.until for fault in rounds[-1]) <= 300

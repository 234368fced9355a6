from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.tone.calibration import BUDGET, START, Seen, see, threshold

SCORES = st.lists(st.one_of(st.just(0.0), st.floats(0, 1)), max_size=300)


def shown(scores: list[float], least: float) -> int:
    return sum(score >= least for score in scores)


@given(SCORES, st.sampled_from([0.001, 0.01, 0.1, 1.0]))
def test_no_more_than_the_budget_of_what_was_seen_is_shown(scores: list[float], budget: float) -> None:
    least = threshold(see(Seen(), scores), budget)
    if len(scores) * budget >= 3:
        assert shown([score for score in scores if score > 0], least) <= len(scores) * budget


@given(SCORES)
def test_the_order_of_messages_and_how_they_are_batched_change_nothing(scores: list[float]) -> None:
    one_by_one = Seen()
    for score in reversed(scores):
        one_by_one = see(one_by_one, [score])
    assert one_by_one == see(Seen(), scores)


def test_a_community_that_little_is_known_of_begins_strict() -> None:
    assert threshold(Seen()) == START
    assert threshold(see(Seen(), [0.0] * 500)) == START
    assert threshold(see(Seen(), [0.3] * 500)) >= START


def test_a_rough_community_and_a_gentle_one_have_the_same_share_of_alerts() -> None:
    chance = random.Random(1)
    for often in (0.5, 0.02):
        scores = [chance.random() if chance.random() < often else 0.0 for _ in range(50_000)]
        share = shown(scores, threshold(see(Seen(), scores))) / len(scores)
        assert 0.3 * BUDGET < share <= BUDGET


def test_what_is_always_at_the_top_leaves_no_room() -> None:
    assert threshold(see(Seen(), [1.0] * 10_000)) > 1


def test_older_messages_fade() -> None:
    seen = see(Seen(), [0.9] * 200_001)
    assert seen.messages == 100_000
    assert sum(seen.counts) == pytest.approx(100_000, abs=1)

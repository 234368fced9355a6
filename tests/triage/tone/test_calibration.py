from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.tone.calibration import START, STEPS, least_step, score_of, step_of

COUNTS = st.lists(st.integers(0, 50), min_size=STEPS, max_size=STEPS)


@given(COUNTS, st.floats(0, 500))
def test_no_more_than_is_allowed_of_what_was_seen_is_shown(counts: list[int], allowed: float) -> None:
    assert sum(counts[least_step(counts, allowed) :]) <= allowed


@given(COUNTS, st.floats(3, 500))
def test_nothing_that_would_fit_as_well_is_left_out(counts: list[int], allowed: float) -> None:
    least = least_step(counts, allowed)
    assert sum(counts[:least]) == 0 or sum(counts[least - 1 :]) > allowed


@given(COUNTS, st.floats(0, 2.9))
def test_a_community_that_little_is_known_of_begins_strict(counts: list[int], allowed: float) -> None:
    assert score_of(least_step(counts, allowed)) >= START - 0.03


@given(COUNTS, st.floats(0, 500), st.integers(1, 24))
def test_judged_wrong_it_becomes_stricter(counts: list[int], allowed: float, steps: int) -> None:
    assert least_step(counts, allowed, steps) == least_step(counts, allowed) + steps


@given(st.floats(0.001, 1))
def test_a_score_is_at_or_above_the_least_of_its_step(score: float) -> None:
    assert score_of(step_of(score)) <= score + 1e-9
    assert 0 <= step_of(score) < STEPS


def test_steps_are_in_the_order_of_scores() -> None:
    assert [step_of(score_of(step) + 1e-9) for step in range(STEPS)] == list(range(STEPS))
    assert score_of(STEPS // 2) == pytest.approx(0.5)

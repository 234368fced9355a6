"""A source's rhythm by a virtual clock: nights and weekends are no alarm, an outage is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from infra.audit.rhythm import DAY, HOUR, LAPSE_SECONDS, SIZES, Rhythm, lapsed, limit, too_quiet, watch

STEP = 300.0
MINUTES = 60.0


def lived(days: float, speaks: Callable[[float], bool], rhythm: Rhythm | None = None) -> tuple[Rhythm, float | None]:
    """Return the rhythm after ``days``, and the second at which it first was too quiet."""
    rhythm, alarmed, now = rhythm or Rhythm(), None, 0.0
    while now < days * DAY:
        now += STEP
        rhythm = watch(rhythm, STEP, heard=speaks(now))
        if alarmed is None and too_quiet(rhythm):
            alarmed = now
    return rhythm, alarmed


def always(_now: float) -> bool:
    return True


def office(now: float) -> bool:
    """Speak from 9 to 17 on five days of seven."""
    return (now // DAY) % 7 < 5 and 9 * HOUR <= now % DAY < 17 * HOUR


def never(_now: float) -> bool:
    return False


def test_a_busy_source_is_missed_after_an_hour() -> None:
    rhythm, alarmed = lived(8, always)
    assert alarmed is None
    assert limit(rhythm) == HOUR
    _, alarmed = lived(1, never, rhythm)
    assert alarmed is not None
    assert HOUR < alarmed <= HOUR + 2 * STEP


def test_nights_and_weekends_raise_no_alarm_and_an_outage_does() -> None:
    rhythm, alarmed = lived(28, office)
    assert alarmed is None
    weekend = 64 * HOUR
    bound = limit(rhythm)
    assert bound is not None
    assert weekend < bound <= 2.5 * weekend
    _, alarmed = lived(14, never, rhythm)
    assert alarmed is not None


def test_a_source_of_every_night_is_missed_within_two_days() -> None:
    rhythm, alarmed = lived(15, lambda now: 9 * HOUR <= now % DAY < 17 * HOUR)
    assert alarmed is None
    _, alarmed = lived(7, never, rhythm)
    assert alarmed is not None
    assert alarmed < 2 * DAY


def test_a_rare_source_may_take_its_time() -> None:
    rhythm, alarmed = lived(120, lambda now: now % (3 * DAY) < STEP)
    assert alarmed is None
    assert limit(rhythm) is not None
    _, alarmed = lived(12, never, rhythm)
    assert alarmed is not None
    assert alarmed >= 6 * DAY


@pytest.mark.parametrize("days", [0.5, 3, 6.9])
def test_nothing_is_said_before_a_week_is_known(days: float) -> None:
    rhythm, _ = lived(days, always)
    assert limit(rhythm) is None
    assert not too_quiet(rhythm)


def test_an_import_of_hours_is_no_source_that_went_quiet() -> None:
    rhythm, _ = lived(0.4, always)
    _, alarmed = lived(29, never, rhythm)
    assert alarmed is None


def test_one_outage_does_not_dull_the_next_alarm() -> None:
    rhythm, _ = lived(14, always)
    rhythm, _ = lived(5, never, rhythm)
    rhythm, _ = lived(7, always, rhythm)
    bound = limit(rhythm)
    assert bound is not None
    assert bound <= 2 * HOUR


def test_a_slower_life_is_learned() -> None:
    rhythm, _ = lived(14, always)
    rhythm, _ = lived(90, lambda now: now % DAY < STEP, rhythm)
    rhythm, alarmed = lived(14, lambda now: now % DAY < STEP, rhythm)
    assert alarmed is None


def test_a_source_that_never_comes_back_lapses() -> None:
    rhythm, _ = lived(8, always)
    rhythm, _ = lived(LAPSE_SECONDS / DAY + 0.1, never, rhythm)
    assert lapsed(rhythm)


def test_a_source_takes_the_same_room_however_it_lives() -> None:
    draw = random.Random(1)
    rhythm, _ = lived(60, lambda _now: draw.random() < 0.01)
    assert len(rhythm.spent) == len(SIZES)
    assert sum(rhythm.spent) <= 60 * DAY

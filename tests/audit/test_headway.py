"""Standing still is told from being idle, and lagging from being busy."""

from __future__ import annotations

from infra.audit.headway import Headway, Stand


def after(*looks: tuple[int, int]) -> Headway[str]:
    """Return the headway after looks three seconds apart at (position, end)."""
    headway: Headway[str] = Headway()
    for number, (position, end) in enumerate(looks):
        headway.update(3.0 * number, {"it": Stand(position=position, end=end)})
    return headway


def test_who_has_come_to_the_end_neither_stands_still_nor_lags() -> None:
    idle = after((7, 7), (7, 7), (7, 7))
    assert (idle.still_for("it"), idle.age("it")) == (0, 0)


def test_still_counts_from_when_there_was_more() -> None:
    assert after((7, 7), (7, 7), (7, 9), (7, 12)).still_for("it") == 6
    assert after((7, 7), (7, 9), (7, 12), (8, 12)).still_for("it") == 0


def test_who_moves_and_yet_never_catches_up_lags_by_the_age_of_the_oldest() -> None:
    lagging = after((0, 0), (1, 100), (2, 200), (3, 300), (4, 400))
    assert (lagging.still_for("it"), lagging.age("it")) == (0, 9)


def test_who_is_busy_and_reaches_what_it_saw_does_not_lag() -> None:
    assert after((0, 100), (100, 200), (200, 300)).age("it") == 0


def test_a_position_that_goes_back_is_a_new_beginning() -> None:
    anew = after((50, 90), (50, 90), (0, 5))
    assert (anew.still_for("it"), anew.age("it")) == (0, 0)


def test_who_is_gone_is_forgotten() -> None:
    headway = after((1, 2), (1, 2))
    headway.update(9.0, {})
    headway.update(12.0, {"it": Stand(position=1, end=2)})
    assert headway.still_for("it") == 0

"""A counter's labels are bounded, whatever comes from outside."""

from __future__ import annotations

from shared.telemetry.metrics import OTHER, Tally


def test_values_beyond_the_first_are_counted_together_and_none_is_lost() -> None:
    tally = Tally("test.bounded", "{event}", "", ("source", "kind"), most=2)
    for source in ("a", "b", "c", "d", "a"):
        tally.add((source, "posted"))
    tally.add(("d", "joined"), 5)
    assert tally.counts == {("a", "posted"): 2, ("b", "posted"): 1, (OTHER, "posted"): 2, (OTHER, "joined"): 5}

from __future__ import annotations

from services.ingest.holdings import Holding


def test_what_others_stored_counts_at_the_streams_mean_and_the_own_to_the_byte() -> None:
    holding = Holding()
    holding.counted(1000, 0, 500.0)
    holding.stored(1, 200_000)
    assert holding.bytes == 1000 * 500 + 200_000
    holding.counted(1001, 1, 600.0)
    assert holding.bytes == 1000 * 600 + 200_000


def test_few_large_events_among_many_small_ones_are_not_taken_for_small() -> None:
    holding = Holding()
    for _ in range(100):
        holding.stored(1, 250_000)
    holding.counted(100, 100, 500.0)
    assert holding.bytes == 25_000_000


def test_what_was_deleted_is_held_no_more() -> None:
    holding = Holding()
    for _ in range(100):
        holding.stored(1, 1000)
    holding.counted(25, 100, 500.0)
    assert (holding.own_events, holding.bytes) == (25, 25_000)
    holding.counted(0, 25, 500.0)
    assert (holding.own_events, holding.bytes) == (0, 0)
    holding.counted(0, 0, 500.0)
    holding.stored(1, 10)
    assert holding.bytes == 10


def test_what_is_stored_while_the_stream_is_looked_at_is_not_lost() -> None:
    holding = Holding()
    holding.stored(1, 1000)
    before = holding.own_events
    holding.stored(1, 3000)
    holding.counted(1, before, 500.0)
    assert (holding.own_events, holding.bytes) == (2, 4000)

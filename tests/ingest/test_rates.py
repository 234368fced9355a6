from __future__ import annotations

from services.ingest.rates import Rates


def test_a_burst_is_taken_and_then_the_rate_holds() -> None:
    rates = Rates(100, 500)
    rates.take("acme", 499, 0)
    assert rates.wait("acme", 0) == 0
    rates.take("acme", 1, 0)
    assert 0 < rates.wait("acme", 0) <= 0.01
    assert rates.wait("acme", 0.02) == 0


def test_a_batch_beyond_the_burst_is_taken_and_paid_for_afterwards() -> None:
    rates = Rates(100, 10)
    assert rates.wait("acme", 0) == 0
    rates.take("acme", 1000, 0)
    assert 9 < rates.wait("acme", 0) <= 10
    assert rates.wait("acme", 10) == 0


def test_in_the_long_run_no_more_than_the_rate_is_taken() -> None:
    rates, taken, now = Rates(100, 200), 0, 0.0
    while now < 60:
        if rates.wait("acme", now) == 0:
            rates.take("acme", 7, now)
            taken += 7
        now += 0.001
    assert 6000 <= taken <= 6000 + 200 + 7


def test_a_pause_fills_the_bucket_no_further_than_the_burst() -> None:
    rates = Rates(100, 500)
    rates.take("acme", 500, 0)
    rates.take("acme", 500, 1_000_000)
    assert rates.wait("acme", 1_000_000) > 0


def test_communities_do_not_touch_each_other() -> None:
    rates = Rates(100, 10)
    rates.take("flood", 10_000, 0)
    assert rates.wait("calm", 0) == 0


def test_memory_is_bounded() -> None:
    rates = Rates(1, 1)
    for number in range(20_000):
        rates.take(f"c-{number}", 5, 0)
    assert rates.wait("c-19999", 0) > 0
    assert rates.wait("c-0", 0) == 0
    assert rates._bucket.cache_info().currsize == 10_000

"""What was used last stays in memory, within its bytes."""

from __future__ import annotations

from shared.recent_states import Entry, RecentStates
from tests.kernel.counter import COUNTER

SIZE = 400


def entry(size: int = SIZE) -> Entry:
    return Entry(COUNTER, 1, None, size)


def held(recent: RecentStates, *streams: str) -> list[str]:
    return [stream for stream in streams if recent.get(stream) is not None]


def test_what_was_used_least_lately_goes_first_however_long_it_is_there() -> None:
    recent = RecentStates(3_000)
    for stream in "abc":
        recent.put(stream, entry())
    recent.get("a")
    recent.put("d", entry())
    assert held(recent, *"abcd") == ["a", "c", "d"]


def test_what_grows_takes_the_room_of_others_and_what_shrinks_gives_it_back() -> None:
    recent = RecentStates(3_000)
    for stream in "abc":
        recent.put(stream, entry())
    recent.put("c", entry(1_400))
    assert held(recent, *"abc") == ["b", "c"]
    recent.put("c", entry())
    recent.put("d", entry())
    recent.put("e", entry())
    assert held(recent, *"bcde") == ["c", "d", "e"]


def test_what_is_larger_than_all_the_room_is_not_kept_nor_what_it_was_before() -> None:
    recent = RecentStates(1_500)
    recent.put("a", entry())
    recent.put("a", entry(2_000))
    assert held(recent, "a") == []

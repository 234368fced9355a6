"""The same stream gives the same bytes, however it is cut into batches, restarted, taken over and left idle."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.triage.service import TriageService, triage_codec
from shared.event_store.store import PartitionStore
from shared.partition.folding import Folding
from tests.kernel.kernel_tables import contents, own, stores
from tests.kernel.random_history import History

READER = "MEMBER_EVENTS@2026"
EVENTS = 200
END = timedelta(hours=1)
"""After the last message: some deadlines fire and others stay, with when they were armed."""


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shared.deadline_book", "shared.partition.firing"):
        monkeypatch.setattr(f"{module}.WINDOW", 4)
    monkeypatch.setattr("shared.partition.folding.DUE", 3)


async def opened(store: PartitionStore, url: str) -> Folding:
    return await Folding.open(store, own(url), TriageService(), [READER])


async def fire_all(folding: Folding, history: History, at: int, after: timedelta) -> None:
    clock = max(message.stored for message in history.messages[: at + 1]) + after
    while await folding.fire(clock):
        pass


async def fold_straight(store: PartitionStore, url: str, history: History) -> None:
    """All at once."""
    folding = await opened(store, url)
    await folding.fold(READER, history.messages)
    await fire_all(folding, history, len(history.messages) - 1, END)


async def fold_one_by_one(store: PartitionStore, url: str, history: History) -> None:
    """Each message alone, with a new owner each time."""
    for message in history.messages:
        await (await opened(store, url)).fold(READER, [message])
    await fire_all(await opened(store, url), history, len(history.messages) - 1, END)


async def fold_as_it_lives(store: PartitionStore, url: str, history: History, seed: int) -> None:
    """In batches of any size, with restarts and takeovers, idle now and then so that the wall clock fires."""
    draw = random.Random(seed)
    folding, at = await opened(store, url), 0
    while at < len(history.messages):
        batch = history.messages[at : at + draw.choice([1, 1, 2, 5, 40])]
        at += len(batch)
        await folding.fold_ahead(READER, batch)
        following = history.messages[at].stored if at < len(history.messages) else None
        idle = draw.random()
        if following is not None and idle < 0.6:
            latest = max(message.stored for message in history.messages[:at])
            pause = (following - latest) * draw.random()
            if pause > timedelta():
                await fire_all(folding, history, at - 1, pause)
        if idle < 0.3:
            await folding.settle()
            stale, folding = folding, await opened(store, url)
            assert stale.positions == folding.positions
    await fire_all(folding, history, len(history.messages) - 1, END)


def fold(url: str, history: History, how: Any, *arguments: Any) -> dict[str, list[tuple[Any, ...]]]:
    with stores(url, codec=triage_codec()) as (store,):
        asyncio.run(how(store, url, history, *arguments))
        found = contents(url)
        loaded = store.load([row[0] for row in found["states"]])
    # How far a stored state lags depends on the batches; what its owner makes of it does not.
    found["states"] = [
        (stream, loaded[stream].version, store.codec.encode_state(loaded[stream].state), *place)
        for stream, _, _, *place in found["states"]
    ]
    ((head, _commits, clock),) = found.pop("shard")
    return {**found, "shard": [(head, clock)]}


@pytest.mark.parametrize("seed", [4, 7])
def test_the_same_stream_gives_the_same_bytes(database_url: str, seed: int) -> None:
    history = History(seed, EVENTS)
    expected = fold(database_url, history, fold_straight)
    topics = Counter(row[2].removeprefix("triage.") for row in sorted(expected["events"], key=lambda row: row[4]))
    assert {"NeedRaised", "NeedMet", "NeedWithdrawn", "ImportClosed", "PolicyTaken"} <= topics.keys()
    assert expected["dead_letters"]
    assert expected["deadlines"]
    assert [row for row in expected["dead_letters"] if "RuntimeError" in row[3]] == []
    assert fold(database_url, history, fold_one_by_one) == expected
    assert fold(database_url, history, fold_as_it_lives, seed) == expected

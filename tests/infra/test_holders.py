from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.looking.holders import holders_of, shards_in_words
from infra.shards import ShardRow


@pytest.mark.parametrize(
    ("shards", "words"),
    [
        (["0"], "0"),
        (["3", "0", "1", "2", "7", "10", "11"], "0-3, 7, 10-11"),
        (["history-0", "history-1", "queue-0"], "history 0-1, queue 0"),
        (["feedback"], "feedback"),
    ],
)
def test_neighbours_are_told_as_one(shards: list[str], words: str) -> None:
    assert shards_in_words(shards) == words


def row(shard: str, owner: str, *, owned: bool = True) -> ShardRow:
    return ShardRow(
        service="triage",
        shard=shard,
        owner=owner,
        epoch=1,
        owned=owned,
        head=0,
        relayed=0,
        clock=datetime(2026, 11, 22, tzinfo=UTC),
        halted=None,
    )


def test_owners_are_named_as_operators_call_them() -> None:
    rows = [row("0", "triage-1:7:ab"), row("1", "triage-0:6:cd"), row("2", "gone:1:ef", owned=False)]
    assert holders_of(rows) == [("triage-0", "1"), ("triage-1", "0")]


def test_replicas_with_one_name_are_told_apart() -> None:
    assert holders_of([row("0", "triage:1:ab"), row("1", "triage:1:cd")]) == [
        ("triage:1:ab", "0"),
        ("triage:1:cd", "1"),
    ]

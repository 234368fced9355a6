"""Which process holds which shards, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from infra.shards import ShardRow


def holders_of(rows: Iterable[ShardRow]) -> list[tuple[str, str]]:
    """Return each owner, named as operators call it, with the shards that it holds."""
    holds: dict[str, list[str]] = {}
    for row in rows:
        if row.owned:
            holds.setdefault(row.owner, []).append(row.shard)
    instances = Counter(_instance(owner) for owner in holds)
    # Replicas of a container may all be called the same.
    named = {owner: _instance(owner) if instances[_instance(owner)] == 1 else owner for owner in holds}
    return sorted((named[owner], shards_in_words(shards)) for owner, shards in holds.items())


def shards_in_words(shards: Sequence[str]) -> str:
    """Return shards with neighbours as one: ``0-3, 7`` or ``history 0-1, queue 0``."""
    words = [shard for shard in shards if not _number(shard).isdigit()]
    kinds: dict[str, list[int]] = {}
    for shard in shards:
        if _number(shard).isdigit():
            kinds.setdefault(shard.rpartition("-")[0], []).append(int(_number(shard)))
    for kind, numbers in sorted(kinds.items()):
        first, *others = sorted(numbers)
        runs = [[first, first]]
        for number in others:
            if number == runs[-1][1] + 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        spans = ", ".join(f"{begin}" if begin == end else f"{begin}-{end}" for begin, end in runs)
        words.append(f"{kind} {spans}".strip())
    return ", ".join(words)


def _instance(owner: str) -> str:
    return owner.partition(":")[0]


def _number(shard: str) -> str:
    return shard.rpartition("-")[2]

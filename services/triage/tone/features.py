"""What the model sees of a text: its words, pairs of words and runs of 3 to 5 characters, each hashed to a number.

Many texts are hashed at once, as arrays: the hash of each run is a difference of two sums along all characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS: Final = 18
"""A feature is a number below two to the power of this: different features may share one."""

READ: Final = 2_000
"""Characters that are read of a text."""

_RUNS: Final = (3, 4, 5)
_LONGEST: Final = 1 << 17
"""Characters that are hashed at once, of one text or of many."""

_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)


def _powers(base: int) -> NDArray[np.uint64]:
    steps = np.full(_LONGEST + 1, base, np.uint64)
    steps[0] = 1
    return np.multiply.accumulate(steps)


_UP: Final = _powers(_BASE)
_DOWN: Final = _powers(_INVERSE)
_IS_WORD: Final = np.array([chr(code).isalnum() or code == 0x27 for code in range(0x3000)] + [True])
"""Beyond the alphabets, ideographs and emoji: what stands together is a word."""


def hashed(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the features of all texts, one after the other, and where each text's begin, with the end of all.

    There is room for no more texts at once than ``batches`` gives.
    """
    said = [f" {' '.join(text[:READ].split()).lower()} "[: READ + 2] for text in texts]
    codes = np.frombuffer("".join(said).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum([len(text) for text in said])
    total = len(codes)
    owner = np.repeat(np.arange(len(said)), np.diff(ends, prepend=0))
    sums = np.zeros(total + 1, np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * _UP[:total], out=sums[1:])
    found = [_runs(sums, owner, length) for length in _RUNS]
    words, owners = _words(codes, sums, owner)
    found.append((_number(words, 1), owners))
    together = owners[:-1] == owners[1:]
    pairs = words[:-1][together] * np.uint64(0x100000001B3) + words[1:][together]
    found.append((_number(pairs, 2), owners[:-1][together]))
    buckets = np.concatenate([numbers for numbers, _ in found])
    of = np.concatenate([whose for _, whose in found])
    order = np.argsort(of, kind="stable")
    starts = np.searchsorted(of[order], np.arange(len(said) + 1))
    return buckets[order], starts


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """Return ``texts`` in parts that ``hashed`` has room for."""
    size = _LONGEST // (READ + 2)
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _runs(
    sums: NDArray[np.uint64], owner: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    last = len(owner) - length + 1
    if last <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    inside = owner[:last] == owner[length - 1 :]
    starts = np.flatnonzero(inside)
    return _number((sums[starts + length] - sums[starts]) * _DOWN[starts], length), owner[starts]


def _words(
    codes: NDArray[np.uint32], sums: NDArray[np.uint64], owner: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    # Every text begins and ends with a space, so no word is part of two.
    inside = np.zeros(len(codes) + 1, np.bool_)
    inside[:-1] = _IS_WORD[np.minimum(codes, len(_IS_WORD) - 1)]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    return (sums[ends] - sums[starts]) * _DOWN[starts], owner[starts]


def _number(hashes: NDArray[np.uint64], kind: int) -> NDArray[np.int64]:
    mixed = (hashes ^ (hashes >> np.uint64(31)) ^ np.uint64(kind * 0x51_7C_C1_B7)) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)

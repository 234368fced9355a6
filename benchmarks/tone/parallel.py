"""Sentences in English with what somebody made of them in another language.

What the model has learnt of English is carried over by them: the English one is scored, the other learns its score.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NOTE: Final = "_about.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A sentence, and what somebody made of it in another language."""

    english: str
    other: str


def read_pairs(path: Path) -> list[Pair]:
    """Read Tatoeba's sentences as manythings.org packs them: a ZIP archive with one file of pairs beside a note."""
    with zipfile.ZipFile(path) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".txt") and not name.endswith(_NOTE)]
        rows = (line.split("\t") for line in archive.read(name).decode("utf-8").splitlines())
        return [Pair(english=row[0], other=row[1]) for row in rows]

"""Whether a text asks, as triage reads it, held against what a person said of messages that were drawn by chance.

The grades are kept by the ids of events; the texts are read from the archives.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.judge.grades import GRADES
from benchmarks.tone.figures import Figure, f1, figure_of
from services.ingest.platforms.facts import Fact
from services.triage.own_words import own_words
from services.triage.question import asks
from shared.contracts.member_events import Posted

_MEASURE: Final = "question detection: F1"
_PLAINLY: Final = "question detection by a mark or an opener alone: F1"
_FLOOR: Final = 0.84
_OPENER: Final = re.compile(
    r"^\W*(?:how|what|why|where|who|when|which|can|could|does|do|did|is|are|has|have|any(?:one|body)|should|would)\b",
    re.IGNORECASE | re.MULTILINE,
)
SETS: Final = {
    "questions": "180 messages by chance",
    "openings": "140 openings by chance, which the rule was mended by",
    "openings-later": "120 other openings by chance",
}
"""What the grades in each file, ``archive,event,asks``, are of."""


class Graded:
    """The messages of which a person said whether their writers want an answer or help, and what stands in them."""

    def __init__(self, folder: Path = GRADES) -> None:
        files = {told: folder / f"{name}.csv" for name, told in SETS.items()}
        self._sets = {told: _read(path) for told, path in files.items() if path.exists()}
        self._said: dict[tuple[str, str], str] = {}

    def read(self, archive: str, facts: Iterable[Fact]) -> None:
        """Keep what was said in those messages of the archive that were graded."""
        wanted = {key for grades in self._sets.values() for key in grades}
        for fact in facts:
            if isinstance(fact.data, Posted) and (archive, fact.id) in wanted:
                self._said[archive, fact.id] = fact.data.text

    def measured(self) -> Iterator[Figure]:
        """Measure on each set whose archives were read, beside the plainest rule: how hard a set is differs.

        Raise ValueError where a message is missing.
        """
        there = {archive for archive, _ in self._said}
        for told, grades in self._sets.items():
            if {archive for archive, _ in grades} <= there:
                yield self._figure(_MEASURE, told, grades, asks, _FLOOR)
                yield self._figure(_PLAINLY, told, grades, _plainly, None)

    def _figure(
        self,
        measure: str,
        told: str,
        grades: dict[tuple[str, str], bool],
        rule: Callable[[str], bool],
        floor: float | None,
    ) -> Figure:
        missing = sorted(grades.keys() - self._said.keys())
        if missing:
            archive, event = missing[0]
            raise ValueError(f"{len(missing)} graded messages are not in the archives, such as {event} of {archive}")
        found = np.array([rule(self._said[key]) for key in grades], np.float64)
        return figure_of(measure, told, np.array(list(grades.values()), np.bool_), found, f1, floor=floor)


def _plainly(text: str) -> bool:
    words = own_words(text)
    return "?" in words or _OPENER.search(words) is not None


def _read(path: Path) -> dict[tuple[str, str], bool]:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["archive"], row["event"]): row["asks"] == "yes" for row in csv.DictReader(file)}

"""What became of an import, counted, with a few examples of everything that was not taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_EXAMPLES: Final = 3


@dataclass(slots=True, kw_only=True)
class Tally:
    """``read`` counts events made from the archive; ``finished_before`` pieces that an earlier run had finished.

    A piece is a file, or a stretch of a long one.
    """

    pieces: int = 0
    finished_before: int = 0
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, why: str, file: str, place: str | None) -> None:
        """Count something that could not be read."""
        self.skipped[why] += 1
        self._exemplify(why, file, place)

    def refuse(self, why: str, file: str, place: str | None) -> None:
        """Count an event that ingest refused."""
        self.refused[why] += 1
        self._exemplify(why, file, place)

    def _exemplify(self, why: str, file: str, place: str | None) -> None:
        examples = self.examples.setdefault(why, [])
        if len(examples) < _EXAMPLES:
            examples.append(file if place is None else f"{file}, {place}")

"""What whoever measures chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``rounds`` that must count, ``seconds`` of each contestant's turn, and sizes by name where a row has some.

    ``data`` is a folder that a row which fills one is to keep, and finds filled the next time.
    """

    rounds: int = 5
    seconds: int = 3
    data: Path | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def size(self, name: str, default: int) -> int:
        """Return the size called ``name``."""
        return self.sizes.get(name, default)

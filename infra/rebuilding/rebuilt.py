"""What a rebuild came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.table_comparison import Difference

PASSES: Final = 10
NEARLY: Final = 2_000
"""So few messages or events are folded in a moment, so that the live copy need not stand still for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The rows of the new copy, and the messages that cannot be folded.

    ``differences`` are those of the copy as it was; None where it could not be compared.
    """

    rows: int
    parked: int
    differences: tuple[Difference, ...] | None

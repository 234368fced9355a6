"""How fast the demo lives: slowly in the weeks before, lively while somebody looks on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast life goes: mean gaps between what people begin, and after how long they are answered, in seconds.

    ``prompt`` is the share of questions and newcomers that are met before anybody would worry.
    """

    question: float
    chatter: float
    reaction: float
    arrival: float
    gathering: float
    soon: tuple[float, float]
    late: tuple[float, float]
    prompt: float


SLOW: Final = Pace(
    question=24_000, chatter=40_000, reaction=30_000, arrival=150_000, gathering=86_400,
    soon=(120, 3_600), late=(3_600, 14_400), prompt=0.8,
)  # fmt: skip
"""The weeks before: a few hundred events."""
LIVELY: Final = Pace(
    question=45, chatter=30, reaction=18, arrival=150, gathering=400, soon=(15, 120), late=(240, 900), prompt=0.65
)
"""While somebody looks on: an event every few seconds, of which now and then one needs a human."""

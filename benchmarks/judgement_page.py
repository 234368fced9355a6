"""Where the figures of tone and judgement are written."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "judgement.md"

"""The parts of pages that measurements write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

_END: Final = "<!-- until here -->"


def write_part(page: Path, begin: str, lines: Sequence[str]) -> None:
    """Put ``lines`` between ``begin`` and the next end of a part. Raise ValueError where the page has no such part."""
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(_END)
    if not (found and ended):
        raise ValueError(f"{page} has no part from {begin} to {_END}: put both there, each on a line of its own")
    page.write_text(f"{before}{begin}\n" + "\n".join(lines) + f"\n{_END}{after}", "utf-8")

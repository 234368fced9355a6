"""A forum's own marks of a quote to lines that begin with ``> ``, as every other platform has them. Pure.

Form: ``[quote="ada, post:1, topic:2"]`` to ``[/quote]``. Quotes may stand in quotes; a mark without its other is text.
"""

from __future__ import annotations

import re
from typing import Final

_MARK: Final = re.compile(r"\[(?P<end>/)?quote(?:=[^\]\n]*+)?\]", re.IGNORECASE)


def plain_text(raw: str) -> str:
    """Return ``raw`` with what it quotes as quoted lines; whom it quotes is left out."""
    marks = _pairs(raw)
    if not marks:
        return raw
    parts: list[str] = []
    depth = at = 0
    for mark in marks:
        parts.append(_lines(raw[at : mark.start()], quoted=depth > 0))
        depth += -1 if mark["end"] else 1
        at = mark.end()
    parts.append(raw[at:].strip())
    return "\n\n".join(part for part in parts if part)


def _pairs(raw: str) -> list[re.Match[str]]:
    """Return the marks that have their other, in the order of the text."""
    paired: list[re.Match[str]] = []
    begun: list[re.Match[str]] = []
    for mark in _MARK.finditer(raw):
        if not mark["end"]:
            begun.append(mark)
        elif begun:
            paired += (begun.pop(), mark)
    return sorted(paired, key=lambda mark: mark.start())


def _lines(part: str, *, quoted: bool) -> str:
    said = part.strip()
    return "\n".join(f"> {line}" for line in said.split("\n")) if quoted and said else said

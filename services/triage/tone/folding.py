"""A text as the lists and the model read it: small letters without accents, words between spaces, every place known.

Folded, "Don't say: IDIOT!" is " don t say  idiot   ". One space stands between the words of a phrase, and the end of a
sentence leaves two, also at the end of the text: so no phrase is found across it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

BLANK: Final = "\ufffc"
"""Stands where something was left out of a text: it is neither a letter nor a space, so no phrase bridges it."""


def _plain(code: int) -> str | None:
    """Return what the character becomes, or None when it stays."""
    character = chr(code)
    first = unicodedata.normalize("NFKD", character)[0]
    if character == BLANK:
        return None
    if not first.isalnum():
        return " "
    return first if first != character else None


_ALPHABETS: Final = (
    (0x0000, 0x0250),
    (0x1E00, 0x1F00),
    (0x2000, 0x2E80),
    (0x3000, 0x3040),
    (0xFE00, 0xFE70),
    (0xFF00, 0xFF61),
)
FOLDING: Final = {
    code: plain for low, high in _ALPHABETS for code in range(low, high) if (plain := _plain(code)) is not None
} | dict.fromkeys(range(0x1F000, 0x1FB00), " ")
"""What each character becomes before it is a small letter; never more than one character."""

_DROPPED: Final = re.compile(r"[\u0300-\u036f\u200b-\u200d\u2060\ufe0f\ufeff\xad]+|(?<=[ \t\n]) +")
_MAY_DROP: Final = re.compile(r"[\u0300-\u036f\u200b-\u200d\u2060\ufe0f\ufeff\xad]|[ \t\n] ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A folded text, with a space before and two after; ``place`` leads back to the text."""

    text: str
    cuts: tuple[int, ...] = field(default=(), repr=False)
    shifts: tuple[int, ...] = field(default=(), repr=False)

    def place(self, position: int) -> int:
        """Return where the character at ``position`` of the folded text stands in the text that was folded."""
        index = bisect_right(self.cuts, position) - 1
        return position - 1 + (self.shifts[index] if index >= 0 else 0)


def fold(text: str) -> Folded:
    """Return ``text`` folded."""
    if _MAY_DROP.search(text) is None:
        return Folded(text=f" {text.translate(FOLDING).lower()}  ")
    kept: list[str] = []
    cuts: list[int] = []
    shifts: list[int] = []
    done = length = 0
    for found in _DROPPED.finditer(text):
        start, end = found.span()
        kept.append(text[done:start])
        length += start - done
        done = end
        cuts.append(length + 1)
        shifts.append(end - length)
    kept.append(text[done:])
    return Folded(text=f" {''.join(kept).translate(FOLDING).lower()}  ", cuts=tuple(cuts), shifts=tuple(shifts))

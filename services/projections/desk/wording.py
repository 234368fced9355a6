"""The wording that the reading of tone noticed, marked in a text that is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from services.projections.resources import EvidenceItem, ReasonItem

_PLACE: Final = re.compile(r"(\d{1,6})-(\d{1,6})")

Place = tuple[int, int]


def places(explained: Sequence[ReasonItem], shown: EvidenceItem) -> list[Place]:
    """Return the places in the text of ``shown`` that reasons rest on; none once it was edited: they are of before.

    A reason tells those of its newest event.
    """
    if shown.told is None or shown.told.edited_at is not None:
        return []
    return [
        (int(start), int(end))
        for one in explained
        if one.evidence and one.evidence[-1] == shown.event
        for start, end in _PLACE.findall(str(one.values.get("found_at", "")))
    ]


def marked(text: str, noticed: Sequence[Place]) -> list[tuple[str, bool]]:
    """Return ``text`` in pieces, each with whether it was noticed. Places may overlap and reach beyond the text."""
    pieces: list[tuple[str, bool]] = []
    done = 0
    for start, end in sorted(noticed):
        begin = max(start, done)
        if begin < min(end, len(text)):
            pieces += [(text[done:begin], False), (text[begin:end], True)]
            done = min(end, len(text))
    return [piece for piece in (*pieces, (text[done:], False)) if piece[0]]

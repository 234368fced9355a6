"""Which words of distress or lost patience writers say of themselves: those in a clause that speaks of them.

"I feel so alone" is said of its writer, "I know that the filter alone fails" is not: in a text of any length somebody
says "I" somewhere. What is said of things as well counts only as what its writer is: "I am", "I feel", "makes me".
"""

from __future__ import annotations

import re
from typing import Final

from services.triage.tone.folding import fold
from services.triage.tone.word_lists import Span, WordLists

_NEAR: Final = 6
_NEAR_AFTER: Final = 3
"""Words before a term and after it among which one speaks of the writer."""

_BREAK: Final = re.compile(r"[.!?;:,()\n\u2026\u2013\u2014]")


def said_of_oneself(span: Span, said: str, lists: WordLists, *, closely: bool = True) -> bool:
    """Tell whether the term at ``span`` speaks of the writer of ``said``, in which quotes and code are blanked out.

    Not ``closely``, what is said of things as well may stand anywhere beside a word that speaks of the writer.
    Distress with a thing of one's trade is said of that thing; at the end of one's patience one is with things.
    """
    begins = max((found.end() for found in _BREAK.finditer(said, 0, span.start)), default=0)
    ends = _BREAK.search(said, span.end)
    before, term, after = (
        fold(part).text.split()
        for part in (
            said[begins : span.start],
            said[span.start : span.end],
            said[span.end : ends.start() if ends else len(said)],
        )
    )
    of_feeling = span.group.kind == "distress"
    if of_feeling and lists.of_trade((*before, *after)):
        return False
    if closely and span.group.of_things:
        near = term if of_feeling else (*term, *after[:_NEAR_AFTER])
        return lists.first_person(near) or _leads_to_writer(before, lists)
    return lists.first_person((*before[-_NEAR:], *term, *after[:_NEAR_AFTER]))


def _leads_to_writer(before: list[str], lists: WordLists) -> bool:
    for word in reversed(before):
        if lists.first_person((word,)):
            return True
        if not lists.links(word):
            return False
    return False

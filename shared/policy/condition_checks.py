"""Conditions of segments that can be read, and ask for what there is."""

from __future__ import annotations

from collections.abc import Iterator

from shared.member_condition import ConditionFaultyError, MemberCondition
from shared.policy.document import Document, Finding


def conditions(document: Document) -> Iterator[Finding]:
    """Each condition compiles."""
    for path, segment in document.items("segments"):
        if (text := segment.get("when")) is not None:
            try:
                MemberCondition(text)
            except ConditionFaultyError as error:
                for fault in error.faults:
                    yield document.error((*path, "when"), f"in {_short(text)!r}: {fault.problem}", fault.fix)


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"

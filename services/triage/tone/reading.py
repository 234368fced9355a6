"""Reading a text: what the lists find in its writer's own words, and which gates that opens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.triage.own_words import own_words
from services.triage.tone.folding import BLANK, fold
from services.triage.tone.languages import Languages
from services.triage.tone.word_lists import Kind, Span, WordLists

_READ: Final = 20_000
"""Characters that are read of a text."""

_MENTION: Final = re.compile(r"(?<![\w.+-])@[\w*_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in a text; ``spans`` are places in it, so that a person who may read it sees why."""

    language: str
    spans: tuple[Span, ...]
    first_person: bool
    to_somebody: bool

    def found(self, kind: Kind) -> tuple[Span, ...]:
        """Return the spans of ``kind``."""
        return tuple(span for span in self.spans if span.group.kind == kind)

    @property
    def crisis(self) -> bool:
        """Tell whether a crisis term was found: that is always shown to a person, outside of every budget."""
        return any(span.group.kind == "crisis" for span in self.spans)

    @property
    def distress_gate(self) -> bool:
        """Tell whether its writer speaks of themselves in words of distress that no idiom explains."""
        return self.crisis or (self.first_person and bool(self.found("distress")))

    @property
    def hostility_gate(self) -> bool:
        """Tell whether an insult is said to somebody."""
        insults = self.found("insult")
        return any(span.group.addressed for span in insults) or (bool(insults) and self.to_somebody)


class Reader:
    """Reads texts; making one loads the lists, which takes a good part of a second."""

    def __init__(self) -> None:
        self._lists = WordLists()
        self._languages = Languages()

    def read(self, texts: Iterable[str]) -> list[Reading]:
        """Return the reading of each text."""
        return [self._read(text[:_READ]) for text in texts]

    def _read(self, text: str) -> Reading:
        said = own_words(text, BLANK)
        folded = fold(said)
        spans = self._lists.find(folded)
        # Who quotes themselves ("I told them 'I want to die'") is heard all the same.
        aloud = own_words(text, BLANK, marks=False)
        if aloud != said:
            crisis = [span for span in self._lists.find(fold(aloud)) if span.group.kind == "crisis"]
            spans = [*crisis, *(span for span in spans if span.group.kind != "crisis")]
        first_person = self._lists.first_person(folded)
        return Reading(
            language=self._languages.of(said.replace(BLANK, " ")),
            spans=tuple(span for span in spans if first_person or not span.group.first_person),
            first_person=first_person,
            to_somebody=_MENTION.search(said) is not None or self._lists.second_person(folded),
        )

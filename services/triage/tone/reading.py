"""Reading a text: what the lists find in its writer's own words, the gates that this opens, what the model says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from services.triage.own_words import own_words
from services.triage.tone.folding import BLANK, fold
from services.triage.tone.languages import UNKNOWN, Languages
from services.triage.tone.model import Label, Model, Scorer
from services.triage.tone.said_of_oneself import said_of_oneself
from services.triage.tone.word_lists import Kind, Span, WordLists

_READ: Final = 20_000
"""Characters that are read of a text."""

_LISTS_ALONE: Final = 0.5
_FURTHER_FIND: Final = 0.1
_MOST_BY_LISTS: Final = 0.8
"""How strong one find is where the lists stand alone, each further one, and all: below what a model is sure of."""

_MODEL_AGREES, _MODEL_IS_SURE = 0.2, 0.5
"""From where on the model bears out what writers say of themselves, and any words of distress beside a first person."""

_ILL_HUMOUR: Final[tuple[Label, ...]] = ("distress", "hostility")
_THANKS_BY_LISTS: Final = 0.9
"""How sure a thanks is that the lists find: they are right nine times of ten, in texts of any length."""

_SAID_HALF: Final = 15
"""Words of a thanks that count half of what can be said."""

_MENTION: Final = re.compile(r"(?<![\w.+-])@[\w*_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in a text; ``spans`` are places in it, so that a person who may read it sees why."""

    language: str
    spans: tuple[Span, ...]
    words: int
    first_person: bool
    to_somebody: bool
    plight: tuple[Span, ...]
    """The words of distress that its writer says of themselves."""

    scores: Mapping[Label, float]
    """What the model or its replacement says, of the labels that it knows in this language; not behind any gate."""

    def found(self, kind: Kind) -> tuple[Span, ...]:
        """Return the spans of ``kind``."""
        return tuple(span for span in self.spans if span.group.kind == kind)

    @property
    def crisis(self) -> bool:
        """Tell whether a crisis term was found: that is always shown to a person, outside of every budget."""
        return any(span.group.kind == "crisis" for span in self.spans)

    @property
    def distress_gate(self) -> bool:
        """Tell whether its writer speaks of themselves in words of distress that neither idiom nor trade explains.

        Where the model takes a text for distress, words of distress and a first person anywhere in it are enough.
        """
        model = self.scores.get("distress")
        if self.plight and (model is None or model >= _MODEL_AGREES):
            return True
        borne_out = model is not None and model >= _MODEL_IS_SURE
        return self.crisis or (borne_out and self.first_person and bool(self.found("distress")))

    @property
    def signs_of_distress(self) -> tuple[Span, ...]:
        """What was found that shows distress: what its writer says of themselves, where they do."""
        return (*self.found("crisis"), *(self.plight or self.found("distress")))

    @property
    def hostility_gate(self) -> bool:
        """Tell whether an insult is said to somebody."""
        insults = self.found("insult")
        return any(span.group.addressed for span in insults) or (bool(insults) and self.to_somebody)

    @property
    def distress_signs(self) -> float:
        """How strong the signs of distress are in lists or model, from 0 to 1, whoever is spoken of."""
        return self._distress((*self.found("distress"), *self.found("crisis")))

    @property
    def distress(self) -> float:
        """How strong the signs of distress are, from 0 to 1; 0 behind a closed gate."""
        return self._distress(self.signs_of_distress) if self.distress_gate else 0.0

    @property
    def hostility(self) -> float:
        """How strong the signs of hostility are, from 0 to 1; 0 behind a closed gate."""
        return self._strength("hostility", self.found("insult")) if self.hostility_gate else 0.0

    @property
    def frustration(self) -> float:
        """How strong the signs are that its writer is at the end of their patience; 0 where no word says so."""
        found = self.found("frustration")
        if not (found and self.first_person):
            return 0.0
        return max(_by_lists(found), *(self.scores.get(label, 0.0) for label in _ILL_HUMOUR))

    @property
    def thanks(self) -> bool:
        """Tell whether it thanks somebody."""
        return bool(self.found("thanks")) or self.scores.get("gratitude", 0.0) >= 0.5

    @property
    def gratitude(self) -> float:
        """How much a thanks deserves a word: how surely it is one, and how much was said; 0 where it is none."""
        if not (self.thanks and self.to_somebody):
            return 0.0
        sure = max(_THANKS_BY_LISTS if self.found("thanks") else 0.0, self.scores.get("gratitude", 0.0))
        return (sure + self.words / (self.words + _SAID_HALF)) / 2

    def _distress(self, found: tuple[Span, ...]) -> float:
        return 1 - (1 - _by_lists(found)) * (1 - self.scores.get("distress", 0.0))

    def _strength(self, label: Label, found: tuple[Span, ...]) -> float:
        return self.scores.get(label, _by_lists(found))


def _by_lists(found: tuple[Span, ...]) -> float:
    return 0.0 if not found else min(_LISTS_ALONE + _FURTHER_FIND * (len(found) - 1), _MOST_BY_LISTS)


class Reader:
    """Reads texts; making one loads lists and models, which takes about a second of the processor."""

    def __init__(self, scorer: Scorer | None = None) -> None:
        """Score by ``scorer``, else by the shipped model."""
        self._lists = WordLists()
        self._languages = Languages()
        self._scorer = scorer or Model.shipped()

    @property
    def version(self) -> str:
        """What tells this reader from others: its lists and its scorer."""
        return f"{self._lists.version}-{self._scorer.version}"

    def read(self, texts: Iterable[str], usual: str = UNKNOWN) -> list[Reading]:
        """Return the reading of each text. Texts are best given many at once.

        ``usual`` is the language that the community writes in: a text that is too short to tell is taken to be in it.
        """
        cut = [text[:_READ] for text in texts]
        said = [own_words(text, BLANK) for text in cut]
        plain = [text.replace(BLANK, " ") for text in said]
        unscored = [self._unscored(*one, usual) for one in zip(cut, said, plain, strict=True)]
        scores = self._scorer.score(plain, [reading.language for reading in unscored])
        return [replace(reading, scores=found) for reading, found in zip(unscored, scores, strict=True)]

    def _unscored(self, text: str, said: str, plain: str, usual: str) -> Reading:
        told = self._languages.of(plain)
        folded = fold(said)
        spans = self._lists.find(folded)
        # Who quotes themselves ("I told them 'I want to die'") is heard all the same.
        aloud = own_words(text, BLANK, marks=False)
        if aloud != said:
            crisis = [span for span in self._lists.find(fold(aloud)) if span.group.kind == "crisis"]
            spans = [*crisis, *(span for span in spans if span.group.kind != "crisis")]
        words = folded.text.split()
        first_person = self._lists.first_person(words)
        spans = [span for span in spans if first_person or not span.group.first_person]
        return Reading(
            language=usual if told == UNKNOWN else told,
            spans=tuple(spans),
            plight=tuple(
                span for span in spans if span.group.kind == "distress" and said_of_oneself(span, said, self._lists)
            ),
            words=len(words),
            first_person=first_person,
            to_somebody=_MENTION.search(said) is not None or self._lists.second_person(words),
            scores={},
        )

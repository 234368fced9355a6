"""Reading a text: what the lists find in its writer's own words, the gates that this opens, what the model says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from msgspec import Struct

from services.triage.own_words import own_words
from services.triage.tone.folding import BLANK, Folded, fold
from services.triage.tone.languages import UNKNOWN, Languages
from services.triage.tone.model import CARRIED_OVER, Label, Model, Scorer
from services.triage.tone.said_of_oneself import said_of_oneself
from services.triage.tone.word_lists import Kind, Span, WordLists

_READ: Final = 20_000
"""Characters that are read of a text."""

_LISTS_ALONE: Final = 0.5
_FURTHER_FIND: Final = 0.1
_MOST_BY_LISTS: Final = 0.8
"""How strong one find is where the lists stand alone, each further one, and all: below what a model is sure of."""

_MODEL_AGREES, _MODEL_HEARS, _MODEL_IS_SURE = 0.2, 0.3, 0.5
"""From where on the model bears out what is said of oneself or to somebody; what may be said so; and hears it."""

_AT_LENGTH: Final = 20
"""Words of a text in which a trade would be named, were it about one."""

_ILL_HUMOUR: Final[tuple[Label, ...]] = ("distress", "hostility")
_THANKS_BY_LISTS: Final = 0.9
"""How sure a thanks is that the lists find: they are right nine times of ten."""

_SAID_HALF: Final = 15
"""Words of a thanks that count half of what can be said."""

_OF_WRITER: Final[tuple[Kind, ...]] = ("distress", "frustration")
_SHORT: Final = 60
"""Words of a text that is about one thing."""

_SENTENCE: Final = re.compile(r"[.!?\u2026]+(?=\s)|\n+")
_MENTION: Final = re.compile(r"(?<![\w.+-])@[\w*_]")


class Reading(Struct, frozen=True, kw_only=True):
    """What was found in a text; ``spans`` are places in it, so that a person who may read it sees why."""

    language: str
    spans: tuple[Span, ...]
    words: int
    first_person: bool
    to_somebody: bool
    of_writer: tuple[Span, ...]
    """The words of distress and of lost patience that its writer says of themselves."""

    of_writer_perhaps: tuple[Span, ...]
    """The words of distress in clauses that speak of the writer, be it of something else as well."""

    thanking: int
    """The words of the sentences that thank, each with the next, which often says for what."""

    asks: bool
    of_trade: bool
    """Whether it names anything that a trade works on."""

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

        Where more than a few words name nothing of a trade, any words of distress do, and none where the model is sure.
        """
        if self.crisis or self._own_distress:
            return True
        model = self.scores.get("distress", 0.0)
        at_length = self.first_person and not self.of_trade and self.words >= _AT_LENGTH
        return at_length and (model >= _MODEL_IS_SURE or (model >= _MODEL_HEARS and bool(self.found("distress"))))

    @property
    def _own_distress(self) -> tuple[Span, ...]:
        """Return what the writer says of themselves and the model bears out; where it is sure, what may be said so."""
        model = self.scores.get("distress")
        own = self._own("distress")
        if own and (model is None or model >= _MODEL_AGREES or self.language in CARRIED_OVER):
            return own
        return self.of_writer_perhaps if model is not None and model >= _MODEL_IS_SURE else ()

    @property
    def signs_of_distress(self) -> tuple[Span, ...]:
        """What was found that shows distress of its writer."""
        return (*self.found("crisis"), *(self._own_distress or self.found("distress")))

    @property
    def hostility_gate(self) -> bool:
        """Tell whether an insult is said to somebody, and the model does not take it for something else."""
        insults = self.found("insult")
        if self.scores.get("hostility", 1.0) < _MODEL_AGREES:
            return False
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
        found = self.signs_of_frustration
        if not found:
            return 0.0
        return max(_by_lists(found), *(self.scores.get(label, 0.0) for label in _ILL_HUMOUR))

    @property
    def signs_of_frustration(self) -> tuple[Span, ...]:
        """What was found that shows lost patience: in a short text, a first person anywhere makes it its writer's."""
        own = self._own("frustration")
        if not self.first_person or self.words > _SHORT:
            return own
        return tuple(span for span in self.found("frustration") if span in own or not span.group.of_things)

    @property
    def thanks(self) -> bool:
        """Tell whether it thanks somebody."""
        return bool(self.found("thanks")) or self.scores.get("gratitude", 0.0) >= 0.5

    @property
    def gratitude(self) -> float:
        """How much a thanks deserves a word: how surely it is one, and how much was said; 0 for one in passing.

        In passing it is where the text asks for more, or where the model, which reads the whole of it, hears none;
        where no model knows the language, where most of the text is about something else.
        """
        if not (self.thanks and self.to_somebody) or self.asks:
            return 0.0
        said = self.thanking if self.found("thanks") else self.words
        model = self.scores.get("gratitude")
        if model < 0.5 if model is not None else said * 2 < self.words:
            return 0.0
        sure = max(_THANKS_BY_LISTS if self.found("thanks") else 0.0, model or 0.0)
        return (sure + said / (said + _SAID_HALF)) / 2

    def _own(self, kind: Kind) -> tuple[Span, ...]:
        return tuple(span for span in self.of_writer if span.group.kind == kind)

    def _distress(self, found: tuple[Span, ...]) -> float:
        return 1 - (1 - _by_lists(found)) * (1 - self.scores.get("distress", 0.0))

    def _strength(self, label: Label, found: tuple[Span, ...]) -> float:
        return self.scores.get(label, _by_lists(found))


def _thanking(said: str, spans: Iterable[Span]) -> int:
    """Return how many words stand in the sentences of ``said`` that thank, and in the one after each."""
    places = [span.start for span in spans if span.group.kind == "thanks"]
    if not places:
        return 0
    ends = (0, *(found.end() for found in _SENTENCE.finditer(said)), len(said))
    counted, goes_on = 0, False
    for start, end in pairwise(ends):
        thanks = any(start <= place < end for place in places)
        counted += len(said[start:end].split()) if thanks or goes_on else 0
        goes_on = thanks
    return counted


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
        languages = [usual if told == UNKNOWN else told for told in self._languages.of(plain)]
        scores = self._scorer.score(plain, languages)
        return [self._read(*one) for one in zip(cut, said, languages, scores, strict=True)]

    def _read(self, text: str, said: str, language: str, scores: Mapping[Label, float]) -> Reading:
        folded = fold(said)
        words = folded.text.split()
        first_person = self._lists.first_person(words)
        spans = tuple(span for span in self._spans(text, said, folded) if first_person or not span.group.first_person)
        return Reading(
            language=language,
            spans=spans,
            of_writer=tuple(
                span for span in spans if span.group.kind in _OF_WRITER and said_of_oneself(span, said, self._lists)
            ),
            of_writer_perhaps=tuple(
                span
                for span in spans
                if span.group.kind == "distress" and said_of_oneself(span, said, self._lists, closely=False)
            ),
            thanking=_thanking(said, spans),
            asks="?" in said,
            of_trade=self._lists.of_trade(words),
            words=len(words),
            first_person=first_person,
            to_somebody=("@" in said and _MENTION.search(said) is not None) or self._lists.second_person(words),
            scores=scores,
        )

    def _spans(self, text: str, said: str, folded: Folded) -> list[Span]:
        spans = self._lists.find(folded)
        if said == text:
            return spans
        # Who quotes themselves ("I told them 'I want to die'") is heard all the same.
        aloud = own_words(text, BLANK, marks=False)
        if aloud == said:
            return spans
        crisis = [span for span in self._lists.find(fold(aloud)) if span.group.kind == "crisis"]
        return [*crisis, *(span for span in spans if span.group.kind != "crisis")]

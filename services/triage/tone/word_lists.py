"""The reviewed word lists, and where their terms stand in a text. What they hold and why is told in words/README.md."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final, Literal

from ahocorasick_rs import AhoCorasick

from services.triage.tone.folding import FOLDING, Folded, fold

LANGUAGES: Final = ("de", "en", "es", "fr", "pt")
"""The languages that have lists, by their ISO 639 codes."""

Kind = Literal["crisis", "distress", "frustration", "insult", "thanks", "farewell"]
_KINDS: Final[tuple[Kind, ...]] = ("crisis", "distress", "frustration", "insult", "thanks", "farewell")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_FOLDING_OF_TERMS: Final = {code: plain for code, plain in FOLDING.items() if chr(code) not in "{|}."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Terms that are in the lists for one reason."""

    kind: Kind
    language: str
    name: str
    first_person: bool
    addressed: bool
    of_things: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A term in a text, from the character ``start`` to the one before ``end``."""

    group: Group
    start: int
    end: int


class WordLists:
    """The lists of all languages as one automaton, and the words that speak of a writer or to somebody."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._first: set[str] = set()
        self._second: set[str] = set()
        self._links: set[str] = set()
        self._trade: set[str] = set()
        uses: defaultdict[str, set[tuple[int, bool]]] = defaultdict(set)
        written = blake2b(digest_size=4)
        for language in LANGUAGES:
            text = files(__package__).joinpath("words", f"{language}.toml").read_text("utf-8")
            written.update(text.encode())
            lists = tomllib.loads(text)
            self._first.update(word for term in lists["persons"]["first"] for word in fold(term).text.split())
            self._second.update(word for term in lists["persons"]["second"] for word in fold(term).text.split())
            self._links.update(word for term in lists["persons"]["links"] for word in fold(term).text.split())
            self._trade.update(word for term in lists["trade"]["words"] for word in fold(term).text.split())
            for kind in _KINDS:
                for table in lists[kind]:
                    number = self._add(kind, language, table)
                    for term in _spellings(table["terms"]):
                        uses[term].add((number, False))
                    for term in _spellings(table.get("except", ())):
                        uses[term].add((number, True))
            for table in lists["idiom"]:
                number = self._add("distress", language, table)
                for term in _spellings(table["terms"]):
                    uses[term].add((number, True))
        self._uses_of = [tuple(sorted(found)) for found in uses.values()]
        self._after = [len(term) - len(term.rstrip()) for term in uses]
        self._automaton = AhoCorasick(list(uses))
        self.version = written.hexdigest()

    def find(self, text: Folded) -> list[Span]:
        """Return the terms in ``text``, in its order, none within another of its sort.

        An exception takes back what it overlaps of its kind, in whatever language, unless that is longer than itself.
        """
        found = self._automaton.find_matches_as_indexes(text.text, overlapping=True)
        if not found:
            return []
        taken: list[tuple[Kind, int, int]] = []
        terms: list[tuple[int, int, int]] = []
        for pattern, start, after in found:
            end = after - self._after[pattern]
            for number, is_except in self._uses_of[pattern]:
                if is_except:
                    taken.append((self.groups[number].kind, start + 1, end))
                else:
                    terms.append((start + 1, -end, number))
        spans: list[Span] = []
        ends: dict[tuple[Kind, bool, bool], int] = {}
        for start, negative_end, number in sorted(terms):
            group, end = self.groups[number], -negative_end
            sort = (group.kind, group.first_person, group.addressed)
            if end <= ends.get(sort, 0) or _taken_back(group.kind, start, end, taken):
                continue
            ends[sort] = end
            spans.append(Span(group=group, start=text.place(start), end=text.place(end - 1) + 1))
        return spans

    def first_person(self, words: Iterable[str]) -> bool:
        """Tell whether one of ``words``, as they are folded, speaks of their writer."""
        return not self._first.isdisjoint(words)

    def second_person(self, words: Iterable[str]) -> bool:
        """Tell whether one of ``words``, as they are folded, speaks to somebody."""
        return not self._second.isdisjoint(words)

    def links(self, word: str) -> bool:
        """Tell whether ``word``, as it is folded, may stand between a writer and how they say that they are."""
        return word in self._links

    def of_trade(self, words: Iterable[str]) -> bool:
        """Tell whether one of ``words``, as they are folded, names what a trade works on."""
        return not self._trade.isdisjoint(words)

    def _add(self, kind: Kind, language: str, table: dict[str, Any]) -> int:
        """Add the group of ``table`` and return its number."""
        self.groups.append(
            Group(
                kind=kind,
                language=language,
                name=table["group"],
                first_person=table.get("first_person", False),
                addressed=table.get("addressed", False),
                of_things=table.get("of_things", False),
            )
        )
        return len(self.groups) - 1


def _taken_back(kind: Kind, start: int, end: int, taken: Iterable[tuple[Kind, int, int]]) -> bool:
    return any(of == kind and low < end and start < high and high - low >= end - start for of, low, high in taken)


def _spellings(terms: Iterable[str]) -> Iterator[str]:
    for term in terms:
        # Each letter is folded by itself, so that it may be done before the choices of the braces are made.
        written = {term, term.replace("'", ""), term.lower().translate(_UMLAUTS)}
        for folded in {one.translate(_FOLDING_OF_TERMS).lower() for one in written}:
            for chosen in _chosen(folded):
                end = "  " if chosen.endswith(".") else " "
                yield f" {chosen.replace('.', ' ').strip()}{end}"


def _chosen(term: str) -> list[str]:
    """Return ``term`` with every choice of its braces."""
    head, brace, tail = term.partition("{")
    if not brace:
        return [term]
    depth, at, choices = 1, 0, [""]
    while depth:
        letter = tail[at]
        at += 1
        depth += (letter == "{") - (letter == "}")
        if letter == "|" and depth == 1:
            choices.append("")
        elif depth:
            choices[-1] += letter
    ends = _chosen(tail[at:])
    return [f"{head}{chosen}{end}" for choice in choices for chosen in _chosen(choice) for end in ends]

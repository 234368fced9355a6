"""What is read of each labelled set: texts, and what those who labelled them said of them."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.held_out import is_held_out

HELD_OUT: Final = "held out"
"""The label of an example that nothing was chosen by, in a set of which half was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text, and what those who labelled it said of it."""

    text: str
    labels: frozenset[str]


_EMOTIONS: Final = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire"),
    *("disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy"),
    *("love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)
"""GoEmotions' labels in the order of its numbers."""

_XED: Final = ("neutral", "anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")
"""XED's labels in the order of its numbers."""


def _read_goemotions(path: Path) -> list[Example]:
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return [
        Example(text=text, labels=frozenset(_EMOTIONS[int(number)] for number in numbers.split(",")))
        for text, numbers, _ in rows
    ]


def _read_goemotions_german(path: Path) -> list[Example]:
    """Read each text once: it has a row for each of its labels."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels[row["de_text"]].update(row["original_label"].split(","))
    return [Example(text=text, labels=frozenset(found)) for text, found in labels.items()]


def _read_germeval(path: Path) -> list[Example]:
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if line.strip())
    return [Example(text=row[0], labels=frozenset({row[1].strip().lower()})) for row in rows]


def _read_xed(path: Path) -> list[Example]:
    """Read subtitles with their emotions behind them, or neutral ones behind a number."""
    examples = []
    for line in path.read_text("utf-8").splitlines():
        first, _, last = line.strip('"').rpartition("\t")
        numbers = last.replace(",", " ").split()
        if first.isdecimal():
            examples.append(Example(text=last, labels=frozenset({"neutral"})))
        elif numbers and all(number.isdecimal() for number in numbers):
            examples.append(Example(text=first, labels=frozenset(_XED[int(number)] for number in numbers)))
    return examples


def _read_brighter(path: Path) -> list[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Example(
                text=row["text"],
                labels=frozenset(
                    name for name, value in row.items() if name not in {"id", "text"} and value[:1] == "1"
                ),
            )
            for row in csv.DictReader(file)
        ]


def _read_premo(path: Path) -> list[Example]:
    """Read what at least two of those who labelled a comment felt in it."""
    examples = []
    for row in json.loads(path.read_text("utf-8")):
        felt = Counter(
            emotion
            for answer in row["individual_answers"]
            for emotion in {*answer["part1"]["emotions"], *answer["part2"]["emotions"]}
        )
        examples.append(Example(text=row["raw_message"], labels=frozenset(name for name in felt if felt[name] > 1)))
    return examples


def _read_senti4sd(path: Path) -> list[Example]:
    rows = (line.split(";", 2) for line in path.read_text("utf-8").splitlines() if line)
    return [Example(text=text, labels=frozenset({polarity})) for _, polarity, text in rows]


def _read_incivility(path: Path) -> list[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Example(text=row["comment_body"], labels=frozenset({row["tbdf"].lower()})) for row in csv.DictReader(file)
        ]


def _read_suicidewatch(path: Path) -> list[Example]:
    """Read each post once, title and text, held out by its name."""
    posts: dict[str, Example] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = f"{row['title']}\n{row['selftext']}".strip()
            labels = frozenset({HELD_OUT}) if is_held_out(row["name"]) else frozenset[str]()
            posts.setdefault(text, Example(text=text, labels=labels))
    return list(posts.values())


READERS: Final[dict[str, Callable[[Path], list[Example]]]] = {
    "goemotions": _read_goemotions,
    "goemotions_german": _read_goemotions_german,
    "germeval2018": _read_germeval,
    "brighter": _read_brighter,
    "xed": _read_xed,
    "premo": _read_premo,
    "senti4sd": _read_senti4sd,
    "incivility": _read_incivility,
    "suicidewatch": _read_suicidewatch,
}
"""By the beginning of a set's name, up to its hyphen."""

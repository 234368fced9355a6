"""Crises: how many posts of people in need are shown at one alert in 1,000 messages of a community where none is.

Whoever posts in r/SuicideWatch is taken to be in need; not all of them are. The community is Ubuntu's IRC channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.judge.answers import irc_logs
from benchmarks.tone.examples import HELD_OUT
from benchmarks.tone.figures import Figure, figure_of, precision
from benchmarks.tone.sets import Sets
from services.triage.tone.reading import Reader

POSTS: Final = "suicidewatch"
_AT_ONCE: Final = 2_000
_ONE_IN: Final = 1_000


def crises(reader: Reader, sets: Sets, archives: Sequence[Path]) -> Iterator[Figure]:
    """Measure it where the folder holds the posts and an archive of annotated IRC logs; both are optional."""
    yield from _false_alarms(reader, sets)
    if not (sets.has(POSTS) and archives):
        return
    talk = [
        post.text for path in archives for log in irc_logs(path) for post in log.posts.values() if not post.member.bot
    ]
    scores = np.sort(_scores(reader, talk))[::-1]
    shown_above = float(scores[len(talk) // _ONE_IN])
    name = "annotated logs"
    crisis = scores >= 1
    yield figure_of("crisis wording, en: share of messages", name, crisis, np.ones(len(talk)), precision)
    posts = _scores(reader, [post.text for post in sets.read(POSTS) if HELD_OUT in post.labels])
    everything, name = np.ones(len(posts)), f"{POSTS}, held-out half"
    yield figure_of("crisis, en: recall of crisis wording alone", name, posts >= 1, everything, precision)
    measure = "crisis, en: recall at 1 alert in 1,000"
    yield figure_of(measure, name, posts > shown_above, everything, precision, floor=0.6)


def _false_alarms(reader: Reader, sets: Sets) -> Iterator[Figure]:
    """Measure how often it is found where nobody is known to be in need."""
    tweets = [example.text for example in sets.read("germeval2018-training")]
    yield _share(reader, "crisis wording, de: share of tweets", "germeval2018-training", tweets, "de")
    for language in ("de", "es", "fr"):
        name = f"tatoeba-{language}"
        sentences = [*dict.fromkeys(pair.other for pair in sets.pairs(name))]
        yield _share(reader, f"crisis wording, {language}: share of learners' sentences", name, sentences, language)
    for name in ("xed-de", "xed-es", "xed-fr", "xed-pt", "xed-ptbr"):
        language = name[4:6]
        lines = [*dict.fromkeys(example.text for example in sets.read(name))]
        yield _share(reader, f"crisis wording, {language}: share of subtitles", name, lines, language)


def _share(reader: Reader, measure: str, name: str, texts: Sequence[str], language: str) -> Figure:
    scores = _scores(reader, texts, language)
    return figure_of(measure, name, scores >= 1, np.ones(len(scores)), precision)


def _scores(reader: Reader, texts: Sequence[str], usual: str = "en") -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how strong the signs of distress are behind the gate; crisis wording counts as 1."""
    return np.array(
        [
            1.0 if reading.crisis else min(reading.distress, 0.999)
            for start in range(0, len(texts), _AT_ONCE)
            for reading in reader.read(texts[start : start + _AT_ONCE], usual)
        ]
    )

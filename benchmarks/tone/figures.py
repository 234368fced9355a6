"""The figures: how well each thing is read on each set that was not trained on, with 95 % confidence intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.tone.examples import Example
from benchmarks.tone.labels import DISTRESS, HOSTILITY, XED_DISTRESS
from benchmarks.tone.sets import Sets
from services.triage.tone.model import Label
from services.triage.tone.reading import Reader, Reading

_RESAMPLES: Final = 400
_SEED: Final = 7
_Z: Final = 1.96
_INSULTING: Final = frozenset(
    {"insulting", "vulgarity", "threat", "identity attack/name-calling", "identity attacks/name-calling"}
)

_LANGUAGES: Final = {
    "germeval2018-test": "de",
    "goemotions_german-test": "de",
    "brighter-deu": "de",
    "xed-de": "de",
    "xed-fr": "fr",
    "brighter-esp": "es",
    "brighter-ptbr": "pt",
}
"""The usual language of each set; of the others it is English."""

_UNCIVIL: Final = _INSULTING | {"mocking", "irony", "bitter frustration"}
_FIRST: Final = 30

GERMAN: Final = "goemotions_german-test"

TABLE: Final = (
    "| measure | set | texts | of them shown | value | 95 % | floor |",
    "|---|---|---|---|---|---|---|",
)

Flags = NDArray[np.bool_]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measure on a set: ``shown`` of ``texts`` are what is looked for."""

    measure: str
    on: str
    texts: int
    shown: int
    value: float
    low: float
    high: float
    floor: float | None = None

    @property
    def row(self) -> str:
        """The figure as a row of the page's table."""
        missed = "" if self.floor is None or self.value >= self.floor else ", **missed**"
        floor = "" if self.floor is None else f"{self.floor:.2f}{missed}"
        return (
            f"| {self.measure} | {self.on} | {self.texts:,} | {self.shown:,} | {_told(self.value)} "
            f"| {_told(self.low)} to {_told(self.high)} | {floor} |"
        )


def _told(value: float) -> str:
    """Return a value with three digits, or five of a rare share."""
    return f"{value:.5f}" if 0 < value < 0.001 else f"{max(value, 0.0):.3f}"


def auc(shown: Flags, scores: Scores) -> float:
    """Return how often one of what is looked for scores above one of the rest; ties count half."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    many = int(shown.sum())
    return float((ranks[shown].sum() - many * (many + 1) / 2) / (many * (len(shown) - many)))


def f1(shown: Flags, scores: Scores) -> float:
    """Return the harmonic mean of precision and recall of what scores 1."""
    found = scores >= 1
    return float(2 * (shown & found).sum() / max(shown.sum() + found.sum(), 1))


def precision(shown: Flags, scores: Scores) -> float:
    """Return the share of what scores 1 that is looked for."""
    return float(shown[scores >= 1].mean()) if (scores >= 1).any() else 0.0


def measured(reader: Reader, sets: Sets) -> Iterator[Figure]:
    """Measure everything, set by set."""
    read = _Readings(reader, sets)
    yield read.thanks("goemotions-test", {"gratitude"}, floor=0.88)
    yield read.model("gratitude", "en", "goemotions-test", {"gratitude"}, floor=0.95)
    if sets.has(GERMAN):
        yield read.thanks(GERMAN, {"gratitude"}, floor=0.75)
        yield read.model("gratitude", "de", GERMAN, {"gratitude"}, floor=0.78)
    yield read.model("gratitude", "de", "brighter-deu", {"joy"}, floor=0.78)
    yield read.model("gratitude", "es", "brighter-esp", {"joy"})
    yield read.distress("en", "goemotions-test", DISTRESS)
    yield read.distress("en", "premo", {"sadness", "fear"}, floor=0.74)
    yield read.distress("en", "senti4sd-test", {"negative"}, floor=0.74)
    yield read.distress("en", "brighter-eng", {"sadness", "fear"}, floor=0.74)
    if sets.has(GERMAN):
        yield read.distress("de", GERMAN, DISTRESS, floor=0.74)
    yield read.distress("de", "brighter-deu", {"sadness", "fear"}, floor=0.74)
    yield read.distress("de", "xed-de", XED_DISTRESS)
    yield read.distress("fr", "xed-fr", XED_DISTRESS)
    yield read.distress("es", "brighter-esp", {"sadness", "fear"})
    yield read.distress("pt", "brighter-ptbr", {"sadness", "fear"})
    yield read.model("hostility", "en", "goemotions-test", HOSTILITY)
    yield read.model("hostility", "en", "incivility", _INSULTING)
    yield read.model("hostility", "en", "brighter-eng", {"anger"})
    yield read.model("hostility", "de", "germeval2018-test", {"offense"}, floor=0.74)
    yield from read.gated("germeval2018-test", {"offense"})
    yield from read.gated("incivility", _UNCIVIL)


class _Readings:
    """The readings of each set, made once."""

    def __init__(self, reader: Reader, sets: Sets) -> None:
        self._reader = reader
        self._sets = sets
        self._made: dict[str, tuple[list[Example], list[Reading]]] = {}

    def model(
        self, label: Label, language: str, name: str, looked_for: frozenset[str] | set[str], floor: float | None = None
    ) -> Figure:
        """Measure the model alone; what is told to be in a language that it does not know scores 0."""
        examples, readings = self._of(name)
        scores = np.array([reading.scores.get(label, 0.0) for reading in readings])
        return figure_of(
            f"{label}, {language}: AUC of the model", name, _flags(examples, looked_for), scores, auc, floor=floor
        )

    def distress(
        self, language: str, name: str, looked_for: frozenset[str] | set[str], floor: float | None = None
    ) -> Figure:
        """Measure distress, by lists and model together, not behind the gate."""
        examples, readings = self._of(name)
        scores = np.array([reading.distress_signs for reading in readings])
        measure = f"distress, {language}: AUC of lists and model"
        return figure_of(measure, name, _flags(examples, looked_for), scores, auc, floor=floor)

    def thanks(self, name: str, looked_for: set[str], floor: float) -> Figure:
        """Measure thanks, by lists and model."""
        examples, readings = self._of(name)
        scores = np.array([float(reading.thanks) for reading in readings])
        return figure_of("thanks: F1 of lists and model", name, _flags(examples, looked_for), scores, f1, floor=floor)

    def gated(self, name: str, looked_for: frozenset[str] | set[str]) -> Iterator[Figure]:
        """Measure how much of what the gate lets through is hostile: of all, and of the thirty that score highest."""
        examples, readings = self._of(name)
        shown = _flags(examples, looked_for)
        scores = np.array([reading.hostility for reading in readings])
        let_through = (scores > 0).astype(float)
        yield figure_of("hostility: precision behind the gate", name, shown, let_through, precision)
        first = np.argsort(-scores, kind="stable")[:_FIRST]
        sure = np.zeros(len(scores))
        sure[first] = 1
        yield figure_of(
            f"hostility: precision of the first {_FIRST} behind the gate", name, shown, sure, precision, floor=0.6
        )

    def _of(self, name: str) -> tuple[list[Example], list[Reading]]:
        if name not in self._made:
            examples = self._sets.read(name)
            texts = [example.text for example in examples]
            self._made[name] = (examples, self._reader.read(texts, usual=_LANGUAGES.get(name, "en")))
        return self._made[name]


def microseconds(reader: Reader, texts: Sequence[str]) -> float:
    """Return the processor time of one short text through all layers."""
    start = time.process_time()
    reader.read(texts)
    return (time.process_time() - start) / len(texts) * 1e6


def _flags(examples: Sequence[Example], looked_for: frozenset[str] | set[str]) -> Flags:
    return np.array([bool(example.labels & looked_for) for example in examples])


def figure_of(
    measure: str,
    name: str,
    shown: Flags,
    scores: Scores,
    of: Callable[[Flags, Scores], float],
    *,
    floor: float | None = None,
) -> Figure:
    """Return the figure that ``of`` makes of what is ``shown`` and of the ``scores``, with its interval."""
    low, high = wilson(shown[scores >= 1]) if of is precision else _bootstrapped(shown, scores, of)
    return Figure(
        measure=measure,
        on=name,
        texts=len(shown),
        shown=int(shown.sum()),
        value=of(shown, scores),
        low=low,
        high=high,
        floor=floor,
    )


def wilson(right: Flags) -> tuple[float, float]:
    """Return the interval of a share, which is told truly also where all or none are right."""
    return share_within(int(right.sum()), len(right))


def share_within(count: int, many: int) -> tuple[float, float]:
    """Return Wilson's interval of the share of ``count`` in ``many``."""
    many = max(many, 1)
    share = count / many
    middle = share + _Z**2 / (2 * many)
    half = _Z * ((share * (1 - share) + _Z**2 / (4 * many)) / many) ** 0.5
    return max(0.0, (middle - half) / (1 + _Z**2 / many)), (middle + half) / (1 + _Z**2 / many)


def _bootstrapped(shown: Flags, scores: Scores, of: Callable[[Flags, Scores], float]) -> tuple[float, float]:
    chance = np.random.default_rng(_SEED)
    drawn = (chance.integers(0, len(shown), len(shown)) for _ in range(_RESAMPLES))
    low, high = np.percentile([of(shown[rows], scores[rows]) for rows in drawn], [2.5, 97.5])
    return float(low), float(high)

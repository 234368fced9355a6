"""Train the model that reads tone: ``uv run --group tone python -m benchmarks.tone.training --data FOLDER``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import SGDClassifier

from benchmarks.tone.examples import Example
from benchmarks.tone.labels import DISTRESS, HOSTILITY, UNCLEAR, XED_DISTRESS
from benchmarks.tone.parallel import Pair
from benchmarks.tone.sets import Sets
from services.triage.own_words import own_words
from services.triage.tone import model
from services.triage.tone.features import BITS, batches, hashed

SHIPPED: Final = Path(model.__file__).with_name(model.FILE)
_ALPHA: Final = 1e-5
_ALPHA_OF_FEW: Final = 1e-4
"""For sets of some thousand examples; chosen among four by cross-validation on XED's German part."""

_ALPHA_OF_PAIRS: Final = 1e-6
"""For what learns the scores of English; chosen among three on the translated development part of GoEmotions."""

_SURE: Final = 0.02
"""A score below this is learnt as 0: there are many, and each further one would be two examples."""

_SHOWS_MOST: Final = (0.9, 0.999)
"""Of the sentences by their scores: between these what is learnt is stretched to what taught it."""

_CARRIED_OVER: Final[dict[str, tuple[model.Label, ...]]] = {
    "de": ("distress", "gratitude"),
    "fr": ("distress", "gratitude"),
    "es": ("gratitude",),
}
"""What each language learns of English."""

_PASSES: Final = 6
_SEED: Final = 1

Column = tuple[str, model.Label]
Weights = tuple[NDArray[np.float64], float]


def features(texts: Iterable[str]) -> csr_matrix:
    """Return the features of ``texts``, one row for each, of length one as the model weighs them."""
    buckets: list[NDArray[np.int64]] = []
    ends = [0]
    for batch in batches([own_words(text) for text in texts]):
        found, starts = hashed(batch)
        buckets.append(found)
        ends.extend((starts[1:] + ends[-1]).tolist())
    lengths = np.diff(ends)
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    rows = csr_matrix((values, np.concatenate(buckets), ends), shape=(len(ends) - 1, 1 << BITS))
    rows.sum_duplicates()
    return rows


def main(
    data: Annotated[Path, typer.Option(help="The folder of the labelled sets; docs/judgement.md names their files.")],
    to: Annotated[Path, typer.Option(help="Where the model is written.")] = SHIPPED,
) -> None:
    """Train every column on the sets whose licences let the weights be shipped, and write the model."""
    sets = Sets(data)
    english, german = sets.read("goemotions-train"), sets.read("germeval2018-training")
    clear = [example for example in english if example.labels & DISTRESS or not example.labels & UNCLEAR]
    subtitles = [*sets.read("xed-en"), *sets.read("xed-neutral")]
    columns: dict[Column, tuple[list[Example], frozenset[str], float]] = {
        ("en", "distress"): ([*clear, *subtitles], DISTRESS | XED_DISTRESS, _ALPHA),
        ("en", "hostility"): (english, HOSTILITY, _ALPHA),
        ("en", "gratitude"): (english, frozenset({"gratitude"}), _ALPHA),
        ("de", "hostility"): (german, frozenset({"offense"}), _ALPHA),
        ("es", "distress"): (sets.read("xed-es"), XED_DISTRESS, _ALPHA_OF_FEW),
        ("pt", "distress"): ([*sets.read("xed-ptbr"), *sets.read("xed-pt")], XED_DISTRESS, _ALPHA_OF_FEW),
    }
    trained = {
        column: logistic_regression(
            features(one.text for one in examples), np.array([bool(one.labels & shown_by) for one in examples]), alpha
        )
        for column, (examples, shown_by, alpha) in columns.items()
    }
    for language, labels in _CARRIED_OVER.items():
        trained |= _carried_over(language, labels, sets.pairs(f"tatoeba-{language}"), trained)
    weights = np.stack([trained[column][0] for column in model.COLUMNS], axis=1)
    scales = np.abs(weights).max(axis=0) / 127
    np.savez_compressed(
        to,
        weights=np.round(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        biases=np.array([trained[column][1] for column in model.COLUMNS], np.float32),
    )
    typer.echo(f"{to}: {to.stat().st_size / 1e6:.2f} MB")


def logistic_regression(
    rows: csr_matrix, shows: NDArray[np.bool_], alpha: float, sure: NDArray[np.float64] | None = None
) -> Weights:
    """Return the weights and the bias of a logistic regression that tells which rows show something."""
    regression = SGDClassifier(
        loss="log_loss", alpha=alpha, average=True, max_iter=_PASSES, tol=None, random_state=_SEED
    ).fit(rows, shows, sample_weight=sure)
    return regression.coef_[0], float(regression.intercept_[0])


def _carried_over(
    language: str, labels: Iterable[model.Label], pairs: Sequence[Pair], trained: Mapping[Column, Weights]
) -> dict[Column, Weights]:
    """Return the columns of ``language``, taught by those of English what its sentences show.

    A sentence that may show it is learnt twice, as one that does and as one that does not, each as surely as that.
    """
    english, other = features(pair.english for pair in pairs), features(pair.other for pair in pairs)
    columns = {}
    for label in labels:
        weights, bias = trained["en", label]
        likely = 1 / (1 + np.exp(-(english @ weights + bias)))
        unsure = likely > _SURE
        learnt, shift = logistic_regression(
            vstack([other, other[unsure]], format="csr"),
            np.repeat([False, True], [len(pairs), unsure.sum()]),
            _ALPHA_OF_PAIRS,
            np.concatenate([np.where(unsure, 1 - likely, 1), likely[unsure]]),
        )
        columns[language, label] = _as_sure(learnt, shift, other, english @ weights + bias)
    return columns


def _as_sure(weights: NDArray[np.float64], bias: float, rows: csr_matrix, taught: NDArray[np.float64]) -> Weights:
    """Return a column that is as sure of what shows most as what taught it: what learns scores comes out more timid."""
    scores = rows @ weights + bias
    (low, high), (lower, upper) = np.quantile(taught, _SHOWS_MOST), np.quantile(scores, _SHOWS_MOST)
    stretch = float((high - low) / (upper - lower))
    return weights * stretch, float(low + (bias - lower) * stretch)


if __name__ == "__main__":
    typer.run(main)

"""What a model of this kind reaches on BRIGHTER if it is trained on BRIGHTER, as weights that are shipped may not be.

``uv run --group tone python -m benchmarks.tone.ceiling --data FOLDER`` prints it and writes it into docs/judgement.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold

from benchmarks.judgement_page import PAGE
from benchmarks.page_part import write_part
from benchmarks.tone.figures import TABLE, Figure, Flags, Scores, auc, figure_of
from benchmarks.tone.sets import Sets
from benchmarks.tone.training import features, logistic_regression

_BEGIN: Final = "<!-- written by python -m benchmarks.tone.ceiling -->"
_ALPHAS: Final = (1e-5, 1e-4, 1e-3)
_FOLDS: Final = 10
_SEED: Final = 1

_MISSED: Final = (
    ("gratitude, de", "brighter-deu", frozenset({"joy"}), 0.78),
    ("distress, de", "brighter-deu", frozenset({"sadness", "fear"}), 0.74),
    ("distress, en", "brighter-eng", frozenset({"sadness", "fear"}), 0.74),
)


def main(
    data: Annotated[Path, typer.Option(help="The folder that holds the files of the labelled sets.")],
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
) -> None:
    """Train on nine tenths of each set and score the tenth, ten times; print the figures, write them into the page."""
    lines = [*TABLE, *(figure.row for figure in ceilings(Sets(data)))]
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


def ceilings(sets: Sets) -> Iterator[Figure]:
    """Measure the same features and regression where a floor is missed: the best of three regularisations."""
    for what, name, looked_for, floor in _MISSED:
        examples = sets.read(name)
        rows = features(example.text for example in examples)
        shown = np.array([bool(example.labels & looked_for) for example in examples])
        scores = max((_by_turns(rows, shown, alpha) for alpha in _ALPHAS), key=partial(auc, shown))
        yield figure_of(f"{what}: AUC if trained on the same set", name, shown, scores, auc, floor=floor)


def _by_turns(rows: csr_matrix, shown: Flags, alpha: float) -> Scores:
    """Return the score of each text by a model that was trained without its tenth."""
    scores = np.zeros(len(shown))
    for learnt, left in StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED).split(rows, shown):
        weights, bias = logistic_regression(rows[learnt], shown[learnt], alpha)
        scores[left] = rows[left] @ weights + bias
    return scores


if __name__ == "__main__":
    typer.run(main)

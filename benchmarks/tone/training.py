"""Train the model that reads tone: ``uv run --group tone python -m benchmarks.tone.training --data FOLDER``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from benchmarks.tone.examples import Example
from benchmarks.tone.labels import DISTRESS, HOSTILITY, UNCLEAR, XED_DISTRESS
from benchmarks.tone.sets import Sets
from services.triage.own_words import own_words
from services.triage.tone import model
from services.triage.tone.features import BITS, batches, hashed

LEXICON: Final = Path(__file__).with_name("lexicon_de.toml")
SHIPPED: Final = Path(model.__file__).with_name(model.FILE)
_ALPHA: Final = 1e-5
_ALPHA_OF_FEW: Final = 1e-4
"""For sets of some thousand examples; chosen among four by cross-validation on XED's German part."""

_OF_LEXICON: Final = 3.0
"""How much a term of the lexicon weighs, as docs/judgement.md tells it was chosen."""

_PASSES: Final = 6
_SEED: Final = 1


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


def lexicon() -> list[Example]:
    """Return the German terms as examples."""
    tables = tomllib.loads(LEXICON.read_text("utf-8"))
    return [
        Example(text=term, labels=XED_DISTRESS if kind == "distress" else frozenset())
        for kind, table in tables.items()
        for term in (*table["words"].split(), *table["sentences"].splitlines())
        if term
    ]


def main(
    data: Annotated[Path, typer.Option(help="The folder of the labelled sets; docs/judgement.md names their files.")],
    to: Annotated[Path, typer.Option(help="Where the model is written.")] = SHIPPED,
) -> None:
    """Train every column on the sets whose licences let the weights be shipped, and write the model."""
    sets = Sets(data)
    english, german = sets.read("goemotions-train"), sets.read("germeval2018-training")
    clear = [example for example in english if example.labels & DISTRESS or not example.labels & UNCLEAR]
    subtitles = [*sets.read("xed-en"), *sets.read("xed-neutral")]
    columns = {
        ("en", "distress"): ([*clear, *subtitles], DISTRESS | XED_DISTRESS, _ALPHA),
        ("en", "hostility"): (english, HOSTILITY, _ALPHA),
        ("en", "gratitude"): (english, frozenset({"gratitude"}), _ALPHA),
        ("de", "hostility"): (german, frozenset({"offense"}), _ALPHA),
        ("de", "distress"): (sets.read("xed-de"), XED_DISTRESS, _ALPHA_OF_FEW),
        ("es", "distress"): (sets.read("xed-es"), XED_DISTRESS, _ALPHA_OF_FEW),
        ("pt", "distress"): ([*sets.read("xed-ptbr"), *sets.read("xed-pt")], XED_DISTRESS, _ALPHA_OF_FEW),
    }
    terms = {("de", "distress"): lexicon()}
    trained = [_trained(*columns[column], terms.get(column, ())) for column in model.COLUMNS]
    weights = np.stack([one for one, _ in trained], axis=1)
    scales = np.abs(weights).max(axis=0) / 127
    np.savez_compressed(
        to,
        weights=np.round(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        biases=np.array([bias for _, bias in trained], np.float32),
    )
    typer.echo(f"{to}: {to.stat().st_size / 1e6:.2f} MB")


def _trained(
    examples: Sequence[Example], shown_by: frozenset[str], alpha: float, terms: Sequence[Example]
) -> tuple[NDArray[np.float64], float]:
    """Return the weights and the bias of a logistic regression that tells what shows one of the labels."""
    everything = [*examples, *terms]
    shows = [bool(example.labels & shown_by) for example in everything]
    regression = SGDClassifier(
        loss="log_loss", alpha=alpha, average=True, max_iter=_PASSES, tol=None, random_state=_SEED
    ).fit(
        features(example.text for example in everything),
        shows,
        sample_weight=[1.0] * len(examples) + [_OF_LEXICON] * len(terms),
    )
    return regression.coef_[0], float(regression.intercept_[0])


if __name__ == "__main__":
    typer.run(main)

"""The model: how likely a text shows distress, hostility or gratitude, from hashed features, by numpy alone.

It was trained by ``benchmarks.tone.training`` on the sets that docs/judgement.md names, and is shipped as
``model.npz``: one signed byte for each feature and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from importlib.resources import as_file, files
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from services.triage.tone.features import batches, hashed

Label = Literal["distress", "hostility", "gratitude"]

COLUMNS: Final[tuple[tuple[str, Label], ...]] = (
    ("en", "distress"),
    ("en", "hostility"),
    ("en", "gratitude"),
    ("de", "hostility"),
    ("de", "distress"),
    ("es", "distress"),
    ("pt", "distress"),
    ("de", "gratitude"),
    ("es", "gratitude"),
    ("fr", "distress"),
    ("fr", "gratitude"),
)
"""What there were examples of, by language. Of all else the model knows nothing, and the lists stand alone."""

CARRIED_OVER: Final = frozenset({"de", "fr"})
"""The languages whose distress was learnt of translated sentences: the lists know words of it that these never held."""

FILE: Final = "model.npz"


class Scorer(Protocol):
    """What scores texts. The model here is one; an encoder of sentences may take its place."""

    @property
    def version(self) -> str:
        """What tells it from others: alerts name it."""
        ...

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[dict[Label, float]]:
        """Return how likely each text shows each label, from 0 to 1.

        ``languages`` are those of the texts by their ISO 639 codes. A label is missing where the scorer knows nothing.
        """
        ...


class Model:
    """A trained model, with its weights by feature and column."""

    def __init__(self, weights: NDArray[np.int8], scales: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        """Take the weights, and of each column what a weight of one is worth and the bias."""
        self.version = blake2b(weights.tobytes() + scales.tobytes() + biases.tobytes(), digest_size=4).hexdigest()
        self._of = {language: _OfLanguage(weights, scales, biases, language) for language in dict(COLUMNS)}

    @classmethod
    def shipped(cls) -> Model:
        """Load the model that this package is shipped with."""
        with as_file(files(__package__).joinpath(FILE)) as path, np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["weights"], arrays["scales"], arrays["biases"])

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[dict[Label, float]]:
        """Return how likely each text shows each label. Texts are best given many at once."""
        scores: list[dict[Label, float]] = [{} for _ in texts]
        for language, columns in self._of.items():
            places = [place for place, of in enumerate(languages) if of == language]
            found = columns.score([texts[place] for place in places])
            for place, one in zip(places, found, strict=True):
                scores[place] = one
        return scores


class _OfLanguage:
    """The columns of one language: a text needs no other's."""

    def __init__(
        self, weights: NDArray[np.int8], scales: NDArray[np.float32], biases: NDArray[np.float32], language: str
    ) -> None:
        columns = [column for column, (of, _) in enumerate(COLUMNS) if of == language]
        self._labels = [COLUMNS[column][1] for column in columns]
        self._weights = [np.ascontiguousarray(weights[:, column]) for column in columns]
        self._scales = scales[columns]
        self._biases = biases[columns]

    def score(self, texts: Sequence[str]) -> list[dict[Label, float]]:
        rows = (row for batch in batches(texts) for row in self._probabilities(batch).tolist())
        return [dict(zip(self._labels, row, strict=True)) for row in rows]

    def _probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        buckets, starts = hashed(texts)
        sums = np.zeros((len(buckets) + 1, len(self._labels)), np.int32, order="F")
        for column, weights in enumerate(self._weights):
            np.cumsum(weights[buckets], dtype=np.int32, out=sums[1:, column])
        lengths = np.maximum(np.diff(starts), 1)
        logits = (sums[starts[1:]] - sums[starts[:-1]]) * self._scales / np.sqrt(lengths)[:, None] + self._biases
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)

"""In which language a text is written, of the ten that communities here are most likely to write.

py3langid's model tells it, as py3langid does, but of many texts at once: its automaton, which py3langid steps through
byte by byte in Python, is at each place where the few bytes before led it, so all places take these steps together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier

TOLD_APART: Final = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "tr")
"""By their ISO 639 codes. The fewer they are, the more often a short text is told rightly."""

UNKNOWN: Final = "und"
"""The ISO 639 code of a language that is not determined."""

STEPS: Final = 6
"""Bytes of the longest run that the model knows: after as many steps the automaton has forgotten what was before."""

_READ: Final = 300
"""Characters that are read: more tell nothing more, and take time."""

_ENOUGH_LETTERS: Final = re.compile(r"(?:[^\W\d_][\W\d_]*+){8}")
_SURE: Final = 0.5
"""The least share of all ten by which a language counts as told."""

_AT_ONCE: Final = 256
_BETWEEN: Final = b"\xff"
"""Stands in no text, so no run has it and the automaton begins anew there."""


class Languages:
    """The identification of languages, ready to use."""

    def __init__(self) -> None:
        model = LanguageIdentifier.from_model_file(MODEL_FILE)
        model.set_languages(TOLD_APART)
        self._codes: list[str] = model.nb_classes
        self._next: NDArray[np.uint32] = np.array(model.tk_nextmove, np.uint32)
        self._rows = np.array(model.tk_row, np.int64) << 8
        self._run_at = np.array(model.tk_output, np.int32)
        self._weights = np.asarray(model.nb_ptc, np.float32)
        self._prior = np.asarray(model.nb_pc, np.float32)
        first = self._next[self._rows[0] + np.arange(256)]
        self._after_two = self._next[self._rows[first][:, None] + np.arange(256)].ravel()
        self._worth = np.log1p(np.arange(4 * _READ + 1, dtype=np.float32))

    def of(self, texts: Sequence[str]) -> list[str]:
        """Return the language of each text, or ``UNKNOWN`` where it is too short or between two languages."""
        told = [UNKNOWN] * len(texts)
        cut = [text[:_READ] for text in texts]
        places = [place for place, text in enumerate(cut) if _ENOUGH_LETTERS.search(text)]
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            for place, code in zip(some, self._told([_bytes(cut[place]) for place in some]), strict=True):
                told[place] = code
        return told

    def _told(self, texts: Sequence[bytes]) -> list[str]:
        lengths = np.array([len(text) for text in texts])
        scores = self._scores(texts, lengths) / np.sqrt(lengths)[:, None]
        best = scores.argmax(axis=1)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        sure = shares.sum(axis=1) * _SURE <= 1
        return [self._codes[one] if is_sure else UNKNOWN for one, is_sure in zip(best, sure, strict=True)]

    def _scores(self, texts: Sequence[bytes], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logarithm of how likely each text is in each language, but for a constant."""
        letters = np.frombuffer(_BETWEEN * STEPS + _BETWEEN.join(texts), np.uint8).astype(np.int64)
        runs = self._run_at[self._states(letters)]
        found = np.flatnonzero(runs >= 0)
        many = len(self._weights)
        keys = np.repeat(np.arange(len(texts)), lengths + 1)[found] * many + runs[found]
        keys.sort()
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        owners, run = np.divmod(keys[firsts], many)
        shown = self._weights[run] * self._worth[np.diff(firsts, append=len(keys))][:, None]
        scores = np.zeros((len(texts), len(self._codes)), np.float32)
        having, starts = np.unique(owners, return_index=True)
        if len(having):
            # Of each text by itself: a sum along all would differ with what stands before.
            scores[having] = np.add.reduceat(shown, starts, axis=0) + self._prior
        return scores

    def _states(self, letters: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return where the automaton is at each letter after the first ``STEPS``, and at what follows the last."""
        many = len(letters) - STEPS
        states: NDArray[np.uint32] = self._after_two[(letters[1 : 1 + many] << 8) + letters[2 : 2 + many]]
        for step in range(3, STEPS + 1):
            states = self._next[self._rows[states] + letters[step : step + many]]
        return states


def _bytes(text: str) -> bytes:
    said = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", said).encode("utf-8", "surrogatepass")

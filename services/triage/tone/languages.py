"""In which language a text is written, of the ten that communities here are most likely to write."""

from __future__ import annotations

import re
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

TOLD_APART: Final = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "tr")
"""By their ISO 639 codes. The fewer they are, the more often a short text is told rightly."""

UNKNOWN: Final = "und"
"""The ISO 639 code of a language that is not determined."""

_READ: Final = 300
"""Characters that are read: more tell nothing more, and take time."""

_LETTERS: Final = re.compile(r"[^\W\d_]")
_FEWEST_LETTERS: Final = 8
_SURE: Final = 0.5
"""The least share of all ten by which a language counts as told."""


class Languages:
    """The identification of languages, ready to use."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=_SURE)
        self._identifier.set_languages(TOLD_APART)

    def of(self, text: str) -> str:
        """Return the language of ``text``, or ``UNKNOWN`` where it is too short or between two languages."""
        said = text[:_READ]
        if len(_LETTERS.findall(said)) < _FEWEST_LETTERS:
            return UNKNOWN
        return str(self._identifier.classify(said)[0])

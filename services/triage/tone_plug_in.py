"""Another scorer in the model's place: that of an installed package which says so by the entry point ``warmline.tone``.

What is installed is the same for every process of a machine, so what reads and what verifies agree. What a plug-in
does wrong costs scores, never a message: where it fails, the lists stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, get_args

import structlog

from services.triage.tone.model import Label, Scorer

GROUP: Final = "warmline.tone"
_LABELS: Final = frozenset(get_args(Label))

log = structlog.get_logger()


class PlugInError(Exception):
    """The installed scorer cannot be used; the message says why, and the mend."""


class Guarded:
    """A plug-in whose mistakes are no one else's: a text that it fails on has no scores, and the log says so."""

    def __init__(self, scorer: Scorer) -> None:
        """Take the plug-in."""
        self._scorer = scorer
        self.version = scorer.version

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[dict[Label, float]]:
        """Return what the plug-in says, and nothing of a text on which it fails also when it is alone."""
        try:
            return _checked(self._scorer.score(texts, languages), len(texts))
        except Exception as error:  # noqa: BLE001 -- it is somebody else's code: whatever it raises, the lists go on
            log.error("the tone plug-in failed", plug_in=self.version, texts=len(texts), error=type(error).__name__)  # noqa: TRY400 -- a trace may hold a text
        if len(texts) == 1:
            return [{}]
        return [self.score([text], [language])[0] for text, language in zip(texts, languages, strict=True)]


def _checked(scores: Sequence[Mapping[Any, Any]], many: int) -> list[dict[Label, float]]:
    """Return the scores as plain numbers. Raise ValueError unless they are probabilities by label, as many as texts."""
    plain = [{label: float(p) for label, p in one.items()} for one in scores]
    if len(plain) != many or not all(one.keys() <= _LABELS and all(0 <= p <= 1 for p in one.values()) for one in plain):
        raise ValueError
    return plain


@lru_cache(maxsize=1)
def installed() -> Scorer | None:
    """Return the scorer of the package that has one, ready to use; None without such a package.

    Raises PlugInError where several have one, and where it cannot be loaded.
    """
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    if len(found) > 1:
        raise PlugInError(
            f"several packages bring a reader of tone: {', '.join(map(_told, found))}. Uninstall all but one."
        )
    return Guarded(_loaded(found[0])) if found else None


def _loaded(point: EntryPoint) -> Scorer:
    try:
        scorer = point.load()()
        if not (isinstance(scorer.version, str) and callable(scorer.score)):
            raise TypeError("it needs a version, which is text, and score(texts, languages)")  # noqa: TRY301
    except Exception as error:
        raise PlugInError(
            f"the reader of tone {_told(point)} cannot be loaded: {error}. Mend or uninstall its package"
            " (docs/judgement.md, Another model)."
        ) from error
    return scorer  # type: ignore[no-any-return]


def _told(point: EntryPoint) -> str:
    package = f" of {point.dist.name}" if point.dist is not None else ""
    return f"{point.name} = {point.value}{package}"

"""Which of GoEmotions' emotions, and of XED's, show what is looked for."""

from __future__ import annotations

from typing import Final

DISTRESS: Final = frozenset({"sadness", "grief", "fear", "nervousness"})
XED_DISTRESS: Final = frozenset({"sadness", "fear"})
HOSTILITY: Final = frozenset({"anger", "annoyance", "disgust"})
UNCLEAR: Final = frozenset({"disappointment", "remorse", "embarrassment"})
"""Neither shows nor excludes distress: left out of its training. Remorse would make "sorry" its first word."""

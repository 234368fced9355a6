"""What triage takes from a text: it stays known where the text was redacted, so that a replay comes to the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from services.triage.own_words import own_words
from services.triage.question import asks
from services.triage.readings import shared_reader
from services.triage.tone.languages import UNKNOWN
from services.triage.tone.signs import Sign, signs_in
from shared.contracts.policy import Tone
from shared.contracts.redaction import TAKEN


class Taken(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether the text asks something, and the signs in its tone and its number of words, where that is read."""

    asks: bool = False
    signs: tuple[Sign, ...] = ()
    words: int = 0


_decoder: Final = msgspec.json.Decoder(Taken)


def take(text: str, tone: Tone | None) -> str:
    """Return what is taken from ``text``, as it is stored; ``tone`` is how its tone is read, None where it is not."""
    taken = Taken(asks=asks(text))
    if tone is not None:
        signs = signs_in(shared_reader().read([text], tone.language or UNKNOWN)[0])
        taken = Taken(asks=taken.asks, signs=signs, words=words_in(text))
    return msgspec.json.encode(taken).decode()


def words_in(text: str) -> int:
    """Return how many words of its writer's own a text has."""
    return len(own_words(text).split())


def taken_of(headers: Mapping[str, str] | None) -> Taken | None:
    """Return what was taken from the text of a redacted message; None of one that has its text."""
    stored = None if headers is None else headers.get(TAKEN)
    return None if stored is None else _decoder.decode(stored)

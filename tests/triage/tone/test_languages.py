"""What tells the language of many texts at once tells what py3langid tells of each."""

from __future__ import annotations

import re

import numpy as np
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from services.triage.tone.languages import STEPS, TOLD_APART, UNKNOWN, Languages

TEXTS = [
    "Thanks a lot, that solved it!",
    "Ich weiß leider nicht, woran es liegt.",
    "No entiendo por qué sigue fallando",
    "Je ne comprends pas ce qui se passe",
    "Não consigo entrar na minha conta",
    "Non riesco a capire cosa succede",
    "Ik snap er helemaal niets meer van",
    "Nie wiem, co się dzieje z serwerem",
    "Почему это не работает сегодня?",
    "Merhaba, bugün neden yeni sürüm gelmedi?",
    "WHY IS THIS STILL BROKEN, SERIOUSLY",
    "KO\u0308NNTE BITTE JEMAND HELFEN",
    "nope",
    "",
    "12345 67890 !!! ???",
    "xqzvkjwp qzxwvkj zzxq",
    "hmm ok lol yes no si ja",
    "我不知道为什么今天不行了吗",
    "\ud800 lonely surrogates are read all the same \udfff",
    "\x00\x00 odd bytes \x7f among the letters",
    "long words, and many of them " * 200,
]


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


@pytest.fixture(scope="module")
def reference() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=0.5)
    identifier.set_languages(TOLD_APART)
    return identifier


def test_each_text_is_told_as_py3langid_tells_it(languages: Languages, reference: LanguageIdentifier) -> None:
    def told(text: str) -> str:
        said = text[:300]
        return UNKNOWN if len(re.findall(r"[^\W\d_]", said)) < 8 else str(reference.classify(said)[0])

    parts = [text[: length or None] for text in TEXTS for length in (0, 9, 14, 25)]
    assert languages.of(parts) == [told(text) for text in parts]
    assert {*TOLD_APART, UNKNOWN} == set(languages.of(TEXTS))


def test_a_text_is_told_alike_alone_and_among_many(languages: Languages) -> None:
    many = TEXTS * 30
    assert languages.of(many) == [languages.of([text])[0] for text in TEXTS] * 30
    assert languages.of([]) == []


def test_the_model_knows_no_longer_runs_than_are_stepped_through(reference: LanguageIdentifier) -> None:
    after = np.array(reference.tk_nextmove).reshape(-1, 256)
    rows = np.array(reference.tk_row)
    reached = np.zeros(len(rows), np.bool_)
    newest, steps = np.array([0]), -1
    while len(newest):
        reached[newest] = True
        following = np.zeros(len(rows), np.bool_)
        following[after[rows[newest]]] = True
        newest, steps = np.flatnonzero(following & ~reached), steps + 1
    assert reached.all()
    assert steps == STEPS
    assert not after[:, 0xFF].any()

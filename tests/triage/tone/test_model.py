from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pytest

from services.triage.tone.features import BITS, batches, hashed
from services.triage.tone.model import FILE, Label, Model
from services.triage.tone.reading import Reader

TEXTS = [
    "You are a fucking idiot",
    "",
    "Thank you so much!",
    "a",
    "\ud800",
    "我很难过",
    "x" * 5_000,
    "thanks \U0001f600",
]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.shipped()


def test_it_is_small_enough_to_ship() -> None:
    assert len(files("services.triage.tone").joinpath(FILE).read_bytes()) < 2_000_000


def test_a_text_has_the_same_features_alone_and_among_others() -> None:
    together, starts = hashed(TEXTS)
    for number, text in enumerate(TEXTS):
        alone, _ = hashed([text])
        assert sorted(together[starts[number] : starts[number + 1]]) == sorted(alone)
    assert together.max() < 1 << BITS
    assert together.min() >= 0


def test_words_pairs_and_runs_are_features() -> None:
    assert len(hashed(["ab cd"])[0]) == (5 + 4 + 3) + 2 + 1
    same, other = set(hashed(["sad news"])[0]), set(hashed(["Sad  NEWS"])[0])
    assert same == other


def test_many_texts_are_hashed_in_parts() -> None:
    texts = ["long " * 1_000] * 200
    parts = batches(texts)
    assert len(parts) > 1
    assert [text for part in parts for text in part] == texts
    assert len(Model.shipped().score(texts, ["en"] * 200)) == 200


def test_scores_do_not_depend_on_the_company(model: Model) -> None:
    languages = ["en", "de", "und", "fr", "es", "en", "de", "en"]
    together = model.score(TEXTS, languages)
    alone = [model.score([text], [language])[0] for text, language in zip(TEXTS, languages, strict=True)]
    assert together == alone


def test_it_tells_the_plainest_apart(model: Model) -> None:
    attack, thanks, grief = model.score(
        [
            "You are a fucking idiot, shut up",
            "Thank you so much, I appreciate it",
            "I am so sad and scared, I cried all night",
        ],
        ["en"] * 3,
    )
    assert max(attack, key=lambda label: attack[label]) == "hostility"
    assert max(thanks, key=lambda label: thanks[label]) == "gratitude"
    assert max(grief, key=lambda label: grief[label]) == "distress"


@pytest.mark.parametrize(
    ("language", "grief", "thanks"),
    [
        ("de", "Ich bin so traurig und habe Angst, ich habe geweint", "Vielen Dank für eure Hilfe"),
        ("fr", "Je suis tellement triste et j'ai peur, j'ai pleuré", "Merci beaucoup pour votre aide"),
    ],
)
def test_what_was_learnt_of_english_is_told_apart_in_other_languages(
    model: Model, language: str, grief: str, thanks: str
) -> None:
    sad, grateful = model.score([grief, thanks], [language] * 2)
    assert sad["distress"] > 0.5 > grateful["distress"]
    assert grateful["gratitude"] > 0.5 > sad["gratitude"]


def test_of_a_language_without_examples_nothing_is_said(model: Model) -> None:
    italian, german, unknown = model.score(["sono così triste", "Ihr seid alle Idioten", "?"], ["it", "de", "und"])
    assert (italian, unknown) == ({}, {})
    assert german["hostility"] == pytest.approx(0.9, abs=0.1)
    assert german["distress"] == pytest.approx(0.1, abs=0.1)


def test_another_scorer_may_take_its_place() -> None:
    class Sure:
        version = "sure"

        def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[dict[Label, float]]:
            return [{"distress": 1.0, "hostility": 1.0} for _ in zip(texts, languages, strict=True)]

    sure = Reader(Sure())
    calm, sad = sure.read(["The build is green", "Sono triste, I feel so alone"])
    assert sure.version.endswith("-sure")
    assert (calm.distress, calm.hostility) == (0.0, 0.0)
    assert (sad.distress, sad.hostility) == (1.0, 0.0)


def test_where_the_lists_stand_alone_finds_have_a_strength_in_the_middle(reader: Reader) -> None:
    [french, thanks] = reader.read(
        ["Vous êtes vraiment des abrutis et des menteurs", "Muito obrigada pela vossa ajuda"]
    )
    assert "hostility" not in french.scores
    assert french.hostility == pytest.approx(0.6)
    assert "gratitude" not in thanks.scores
    assert thanks.thanks


def test_code_and_quotes_are_not_scored(reader: Reader) -> None:
    plain, quoting = reader.read(["The server is down again", "> you fucking idiots\n\nThe server is down again"])
    assert quoting.scores["hostility"] == pytest.approx(plain.scores["hostility"], abs=0.05)


def test_weights_are_bytes() -> None:
    with np.load(str(files("services.triage.tone").joinpath(FILE)), allow_pickle=False) as arrays:
        assert arrays["weights"].dtype == np.int8

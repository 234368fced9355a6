"""The lists as they are written: what a hand that edits them may get wrong."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from services.triage.tone.folding import fold
from services.triage.tone.word_lists import LANGUAGES, WordLists

GROUPS = ("crisis", "distress", "frustration", "idiom", "insult", "thanks", "farewell")


def written(language: str) -> dict[str, Any]:
    return tomllib.loads(files("services.triage.tone").joinpath("words", f"{language}.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def lists() -> WordLists:
    return WordLists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_says_why_it_is_there(language: str) -> None:
    lists = written(language)
    assert set(lists) == {"persons", "trade", *GROUPS}
    for kind in GROUPS:
        for group in lists[kind]:
            assert set(group) <= {"group", "why", "terms", "except", "first_person", "addressed", "of_things"}
            assert len(group["why"]) > 20
            assert group["terms"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_braces_are_closed_and_no_term_is_empty_or_a_letter(language: str) -> None:
    for kind in GROUPS:
        for group in written(language)[kind]:
            for term in (*group["terms"], *group.get("except", ())):
                assert term.count("{") == term.count("}"), term
                assert term == term.lower(), term
                assert len(term) > 1, term


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_crisis_groups_are_the_same_in_every_language(language: str) -> None:
    names = [group["group"] for group in written(language)["crisis"]]
    assert names == [group["group"] for group in written("en")["crisis"]]


def test_a_term_is_a_whole_phrase_of_whole_words(lists: WordLists) -> None:
    def found(text: str) -> list[str]:
        return [text[span.start : span.end] for span in lists.find(fold(text))]

    assert found("thanks") == ["thanks"]
    assert found("thanksy") == []
    assert found("*thanks*, all") == ["thanks"]
    assert found("I want to. Die Datei") == []
    assert found("I want to die") == ["want to die"]


def test_an_exception_takes_back_what_is_not_longer_than_itself(lists: WordLists) -> None:
    assert not lists.find(fold("I can't thank him"))
    assert [span.group.name for span in lists.find(fold("I can't thank him enough"))] == ["thanks beyond measure"]

from __future__ import annotations

from time import process_time

import pytest

from services.triage.own_words import own_words

OWN = [
    "hi all~~~ i want to talk",
    "hello~~~ how do I install this?",
    "~~~ hello all\nhow do I install this?",
    "and then ``` nobody closed it",
    ">:( i want to talk",
    ">_< i want to talk",
    ">.< i want to talk",
    ">w< i want to talk",
    ">= 3 is what I have",
]


@pytest.mark.parametrize("text", OWN)
def test_flourishes_and_faces_are_no_quotes_and_no_code(text: str) -> None:
    assert own_words(text) == text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("a ```b\nc``` d", "a ········· d"),
        ("```py\nb\n```\nc", "···········\nc"),
        ("~~~ py\nb\n~~~\nc", "············\nc"),
        ("a\n~~~\nb", "a\n·····"),
        ("a\n```quote\nb", "a\n··········"),
        ("> quoted\n>> twice\nown", "········\n········\nown"),
        ("see `code` there", "see ······ there"),
    ],
)
def test_code_and_quotes_are_blanked_in_their_place(text: str, own: str) -> None:
    assert own_words(text, "·") == own


@pytest.mark.parametrize(
    "text",
    [
        *(piece * (20_000 // len(piece)) for piece in ("`", "~", "```a ", "~~~a\n", ">:", "```` ``` ", "\n```", "`` ")),
        "a" + "`" * 20_000,
        "a" + "`" * 10_000 + "b" * 10_000,
        "a " + " ".join("`" * length for length in range(200, 2, -1)),
        "~~~" + " " * 20_000 + "a b",
        "~~~" + "a" * 20_000 + " b",
    ],
    ids=lambda text: text[:6],
)
def test_no_text_takes_long(text: str) -> None:
    began = process_time()
    own_words(text)
    assert process_time() - began < 1.0  # by a pattern that goes back it would be minutes

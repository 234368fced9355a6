"""What ``make tone`` computes, and what it says where a set is missing."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tone.__main__ import PAGE
from benchmarks.tone.examples import HELD_OUT, Example
from benchmarks.tone.figures import auc, f1, precision, wilson
from benchmarks.tone.parallel import Pair, read_pairs
from benchmarks.tone.sets import ORIGINS, SetMissingError, Sets

SHOWN = np.array([True, True, False, False])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0.9, 0.8, 0.2, 0.1], 1.0), ([0.1, 0.2, 0.8, 0.9], 0.0), ([0.5] * 4, 0.5), ([0.9, 0.1, 0.5, 0.1], 0.625)],
)
def test_auc_is_the_share_of_pairs_in_order(scores: list[float], expected: float) -> None:
    assert auc(SHOWN, np.array(scores)) == pytest.approx(expected)


def test_f1_and_precision_of_what_is_found() -> None:
    found = np.array([1.0, 0.0, 1.0, 0.0])
    assert precision(SHOWN, found) == 0.5
    assert f1(SHOWN, found) == 0.5


def test_the_interval_of_a_share_is_no_point_where_all_are_right() -> None:
    low, high = wilson(np.ones(30, np.bool_))
    assert low == pytest.approx(0.886, abs=0.001)
    assert high == pytest.approx(1.0)


def test_a_missing_set_is_told_with_where_it_is_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "other.tsv").write_text("not it")
    with pytest.raises(SetMissingError) as told:
        Sets(tmp_path).read("germeval2018-test")
    assert ORIGINS["germeval2018-test"].address in str(told.value)
    assert ORIGINS["germeval2018-test"].sha256 in str(told.value)


def test_every_second_post_of_a_crisis_is_held_out_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("name,title,selftext\nt3_a,Help,now\nt3_e,Again,\nt3_c,Help,now\n")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert not Sets(tmp_path).has("suicidewatch")
    monkeypatch.setitem(ORIGINS, "suicidewatch", replace(ORIGINS["suicidewatch"], sha256=digest))
    sets = Sets(tmp_path)
    assert sets.has("suicidewatch")
    assert {post.text: HELD_OUT in post.labels for post in sets.read("suicidewatch")} == {
        "Help\nnow": True,
        "Again": False,
    }


def test_a_translated_text_has_all_labels_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "translated.csv"
    file.write_text(
        "idx,de_text,ekman_label,en_text,original_label\n0,Danke,joy,Thanks,gratitude\n1,Danke,joy,Thanks,joy\n"
    )
    name = "goemotions_german-test"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setitem(ORIGINS, name, replace(ORIGINS[name], sha256=digest))
    assert Sets(tmp_path).read(name) == [Example(text="Danke", labels=frozenset({"gratitude", "joy"}))]


def test_sentences_are_read_with_what_somebody_made_of_them(tmp_path: Path) -> None:
    packed = tmp_path / "pairs.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("fra-eng/_about.txt", "CC BY 2.0")
        archive.writestr("fra-eng/fra.txt", "Thanks.\tMerci.\nRun!\tCours !\tCC-BY 2.0 (France)\n")
    assert read_pairs(packed) == [Pair(english="Thanks.", other="Merci."), Pair(english="Run!", other="Cours !")]


def test_what_is_trained_on_may_be_and_the_page_names_every_set() -> None:
    page = PAGE.read_text("utf-8")
    for origin in ORIGINS.values():
        assert origin.may_train or not origin.use.startswith("trained on")
        assert origin.sha256 in page

"""What ``make tone`` computes, and what it says where a set is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tone.__main__ import PAGE
from benchmarks.tone.figures import auc, f1, precision, wilson
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


def test_what_is_trained_on_may_be_and_the_page_names_every_set() -> None:
    page = PAGE.read_text("utf-8")
    for origin in ORIGINS.values():
        assert origin.may_train or origin.use != "trained on"
        assert origin.sha256 in page

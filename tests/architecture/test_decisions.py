"""A record is found by its number."""

from __future__ import annotations

import re
from pathlib import Path

RECORDS = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("[0-9]*.md"))


def test_records_are_numbered_without_a_gap_and_their_titles_agree() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))
    titles = [re.match(r"# (\d+)\. \w", record.read_text(encoding="utf-8")) for record in RECORDS]
    assert [title and int(title[1]) for title in titles] == numbers

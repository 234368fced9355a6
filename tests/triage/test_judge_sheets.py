"""What graders are shown of an archive, and what follows from their grades."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from benchmarks.judge.cards import card
from benchmarks.judge.grades import main, table
from benchmarks.judge.history import History
from benchmarks.judge.moments import flagged, unflagged
from benchmarks.judge.replay import replay
from benchmarks.judge.sheets import draw, write
from services.ingest.platforms.facts import Fact
from shared.contracts.needs_touch import Evidence
from tests.triage.making import MONDAY
from tests.triage.people import ADA, BEA, ROBOT, asked, posted

SAID = (
    asked(ADA, "m-1"),
    posted(BEA, "m-2", text="I want to kill myself.", conversation="c-2"),
    posted(BEA, "m-3", text="Good morning, all of you who read this.", conversation="c-3"),
    posted(ROBOT, "m-4", text="I am a robot that says something every day.", conversation="c-3"),
    posted(ADA, "m-5", text="And a good morning to you, too, dear friend.", conversation="c-3"),
    posted(BEA, "m-6", text="Short.", conversation="c-4"),
    posted(BEA, "m-7", text="Short.", conversation="c-5"),
)
FACTS = [
    Fact(id=f"f-{data.message}", time=MONDAY + timedelta(days=3 * day), data=data) for day, data in enumerate(SAID)
]


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    write(tmp_path, "zulip-some", draw("zulip-some", FACTS, replay(FACTS).found))
    return tmp_path


def _key(sheets: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((sheets / "zulip-some.key").open()))


def test_a_sheet_asks_of_what_was_flagged_and_of_what_the_rule_left_and_the_key_alone_says_which(sheets: Path) -> None:
    key = _key(sheets)
    drawn = {
        reason: {(row["event"], row["flagged"]) for row in key if row["reason"] == reason}
        for reason in ("distress", "unanswered")
    }
    # What is of a robot, or too short to be read, is not drawn.
    assert drawn["distress"] == {("f-m-2", "yes"), ("f-m-3", "no"), ("f-m-5", "no")}
    # After the last, nobody looked any more.
    assert drawn["unanswered"] == {("f-m-1", "yes"), ("f-m-2", "no"), ("f-m-3", "no"), ("f-m-6", "no")}
    sheet = (sheets / "zulip-some.sheet.md").read_text()
    assert sheet.count("\n## ") == len(key)
    assert "flagged" not in sheet
    assert not any(name in sheet for name in ("ada", "bea", "f-m-"))


def test_the_same_moments_are_drawn_each_time(sheets: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", "zulip-some", draw("zulip-some", FACTS, replay(FACTS).found))
    for name in ("zulip-some.key", "zulip-some.sheet.md"):
        assert (sheets / name).read_text() == (tmp_path / "again" / name).read_text()


def test_grades_are_kept_by_event_and_tell_how_well_was_chosen(sheets: Path) -> None:
    page = sheets / "page.md"
    page.write_text("<!-- written by make grades -->\n<!-- until here -->\n")
    grade = {"f-m-1": "unsure", "f-m-2": "yes", "f-m-5": "yes"}
    answers = [f"{row['item']} {grade.get(row['event'], 'no')}" for row in _key(sheets)]
    (sheets / "zulip-some.grades").write_text("\n".join(answers))
    main(sheets, sheets / "kept", page)
    kept = (sheets / "kept" / "zulip-some.distress.csv").read_text().splitlines()
    assert kept[0] == "event,at,flagged,grade"
    assert [line.split(",")[0::2] for line in kept[1:3]] == [["f-m-2", "yes"], ["f-m-3", "no"]]
    lines = table(sheets / "kept")
    assert "| zulip-some | distress | 1, 0, 0 | 1.00 | 0.21 to 1.00 | 1, 1, 0 | 0.50 | 0.09 to 0.91 |" in lines
    assert any(line.startswith("| zulip-some | unanswered | 0, 0, 1 |  |  |") for line in lines)
    assert "| zulip-some | distress | 1, 0, 0 |" in page.read_text()


def test_grades_of_reasons_that_were_not_asked_again_stay(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("<!-- written by make grades -->\n<!-- until here -->\n")
    for reason, grade in (("distress", "no"), ("unanswered", "yes"), ("distress", "yes")):
        write(tmp_path, "zulip-some", draw("zulip-some", FACTS, replay(FACTS).found, [reason]))
        key = _key(tmp_path)
        assert {row["reason"] for row in key} == {reason}
        (tmp_path / "zulip-some.grades").write_text("\n".join(f"{row['item']} {grade}" for row in key))
        main(tmp_path, tmp_path / "kept", tmp_path / "page.md")
    kept = {path.name: path.read_text() for path in (tmp_path / "kept").iterdir()}
    assert set(kept) == {"zulip-some.distress.csv", "zulip-some.unanswered.csv"}
    assert all(line.endswith(",yes") for text in kept.values() for line in text.splitlines()[1:])


def test_who_is_compared_with_themselves_is_shown_by_their_days(tmp_path: Path) -> None:
    days = [posted(ADA, f"m-{day}", text="A word. " * (40 if day > 16 else 4)) for day in range(20)]
    facts = [Fact(id=f"f-{day}", time=MONDAY + timedelta(days=day), data=data) for day, data in enumerate(days)]
    history = History(facts)
    need = structs.replace(replay(FACTS).found[0], reason="out-of-character", evidence=(evidence(17), evidence(19)))
    assert [moment.event for moment in flagged("out-of-character", [need], history)] == ["f-19"]
    [other] = unflagged("out-of-character", [need], history, Random(1))
    assert other.event == "f-18"
    usual, *shown = card(flagged("out-of-character", [need], history)[0], history, Random(1))
    assert usual.count("(8 words)") == 17
    assert [line.partition(": ")[0] for line in shown] == ["before", "before", "then", "then", "then"]


def evidence(day: int) -> Evidence:
    return Evidence(source="/some", event=f"f-{day}", time=MONDAY + timedelta(days=day))


@pytest.mark.parametrize(
    ("answers", "told"),
    [("1 perhaps", "line 1"), ("1 yes\n1 no", "line 2"), ("1 yes\n99 no", "99")],
    ids=["no-grade", "graded-twice", "not-all"],
)
def test_answers_that_are_not_one_for_each_item_are_told_of(sheets: Path, answers: str, told: str) -> None:
    (sheets / "zulip-some.grades").write_text(answers)
    with pytest.raises(ValueError, match=told):
        main(sheets, sheets / "kept", sheets / "page.md")
    assert not (sheets / "kept").exists()


def test_a_folder_without_answers_says_what_is_looked_for(sheets: Path) -> None:
    with pytest.raises(Exception, match="answers beside it"):
        main(sheets, sheets / "kept", sheets / "page.md")

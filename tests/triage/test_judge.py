"""What ``make judge`` counts, and how it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.judge.__main__ import PAGE, main
from benchmarks.judge.answers import irc_logs, questions, unanswered
from benchmarks.judge.replay import CRISIS, replay
from benchmarks.page_part import write_part
from benchmarks.tone.figures import share_within
from services.ingest.platforms.facts import Fact
from tests.triage.making import MONDAY
from tests.triage.people import ADA, BEA, asked, posted


def test_reasons_and_touches_are_counted_and_touches_settled_after_a_day() -> None:
    said = [
        asked(ADA, "m-1"),
        posted(BEA, "m-2", text="I want to kill myself.", conversation="c-2"),
        posted(BEA, "m-3", text="Good morning.", conversation="c-3"),
    ]
    facts = [Fact(id=data.message, time=MONDAY + timedelta(days=3 * day), data=data) for day, data in enumerate(said)]
    replayed = replay(facts)
    assert (replayed.messages, replayed.touches) == (3, 2)
    assert (replayed.reasons["unanswered"], replayed.reasons[CRISIS], replayed.reasons["distress"]) == (1, 1, 0)


def test_what_triage_finds_unanswered_is_held_against_the_replies_that_people_linked(tmp_path: Path) -> None:
    said = (
        "[08:00] <ada> Hello.\n[08:00] <ada> How do I start?\n[08:00] <cleo> Does anybody use it?\n"
        "[08:01] <dan> I do\n[08:01] <bo> Why is it slow?\n[08:01] <ada> bo: since ever\n"
    )
    (tmp_path / "2026-11-20_08.raw.txt").write_text(said)
    (tmp_path / "2026-11-20_08.annotation.txt").write_text("0 0 -\n1 1 -\n2 2 -\n2 3 -\n4 4 -\n4 5 -\n")
    (log,) = irc_logs(tmp_path)
    assert questions(log) == {1: True, 2: False, 4: False}
    found = unanswered(log.facts)
    # Who answers without a nick is not known to.
    assert {line for line, post in log.posts.items() if post.message in found} == {1, 2}


def test_a_folder_without_archives_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="zulip, discourse or slack"):
        main(tmp_path, 1_000, PAGE)


def test_a_part_of_a_page_is_replaced_and_what_is_around_it_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- part -->\nold\n<!-- until here -->\nafter\n")
    write_part(page, "<!-- part -->", ["new"])
    assert page.read_text() == "before\n<!-- part -->\nnew\n<!-- until here -->\nafter\n"
    with pytest.raises(ValueError, match="has no part"):
        write_part(page, "<!-- other -->", ["new"])


def test_the_interval_of_what_was_never_found_is_no_point() -> None:
    low, high = share_within(0, 1_000)
    assert (low, high) == (pytest.approx(0.0), pytest.approx(0.0038, abs=0.0002))

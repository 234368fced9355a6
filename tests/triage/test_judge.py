"""What ``make judge`` counts, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_struct

from benchmarks.judge.__main__ import PAGE, main, rows
from benchmarks.judge.answers import irc_logs, questions, unanswered
from benchmarks.judge.exports import archives, facts, in_pieces
from benchmarks.judge.grades import GRADES
from benchmarks.judge.questions import SETS, Graded
from benchmarks.judge.raw_threads import has_threads
from benchmarks.judge.replay import CRISIS, Replayed, policy, replay
from benchmarks.page_part import write_part
from benchmarks.tone.figures import share_within
from services.ingest.platforms.facts import Fact
from tests.golden.samples_contracts import REASON
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
    with pytest.raises(Exception, match="zulip, discourse, slack or irc"):
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
    assert (f"{low:.3f}", high) == ("0.000", pytest.approx(0.0038, abs=0.0002))
    assert f"{share_within(0, 5_726)[0]:.3f}" == "0.000", "no share is below nothing"


def test_what_triage_takes_for_a_question_is_held_against_the_grades_of_those_messages(tmp_path: Path) -> None:
    rows = "zulip-lean,post:m-1:1,yes\nzulip-lean,post:m-2:1,no\nirc-ubuntu,post:m-1:1,yes\n"
    (tmp_path / "questions.csv").write_text(f"archive,event,asks\n{rows}")
    said = [asked(ADA, "m-1"), posted(BEA, "m-2", text="Good morning."), posted(BEA, "m-3", text="Why?")]
    facts = [Fact(id=f"post:{data.message}:1", time=MONDAY, data=data) for data in said]
    graded = Graded(tmp_path)
    graded.read("zulip-lean", facts)
    assert list(graded.measured()) == []
    graded.read("irc-ubuntu", [replace(facts[0], data=posted(BEA, "m-1", text="It just hangs."))])
    figure, plainly = graded.measured()
    assert (figure.texts, figure.shown, figure.value, figure.floor) == (3, 2, pytest.approx(2 / 3), 0.84)
    assert (plainly.texts, plainly.floor) == (3, None)


def test_the_grades_that_are_kept_are_of_as_many_messages_as_the_table_says() -> None:
    kept = {told: (GRADES / f"{name}.csv").read_text().splitlines()[1:] for name, told in SETS.items()}
    assert [told.split()[0] for told in SETS.values()] == [str(len(rows)) for rows in kept.values()]
    events = [row.rpartition(",")[0] for rows in kept.values() for row in rows]
    assert len(set(events)) == len(events), "no message is in two sets"


def test_a_graded_message_that_is_not_in_its_archive_is_told(tmp_path: Path) -> None:
    rows = "zulip-lean,post:m-1:1,yes\nzulip-lean,post:m-2:1,no\n"
    (tmp_path / "questions.csv").write_text(f"archive,event,asks\n{rows}")
    graded = Graded(tmp_path)
    graded.read("zulip-lean", [Fact(id="post:m-1:1", time=MONDAY, data=asked(ADA, "m-1"))])
    with pytest.raises(ValueError, match="post:m-2:1 of zulip-lean"):
        list(graded.measured())


def test_a_need_that_grew_is_counted_once() -> None:
    grown = replace_struct(REASON, at=REASON.at + timedelta(hours=1), strength=2.0)
    another = replace_struct(REASON, since=REASON.since + timedelta(days=1))
    found = (REASON, grown, another)
    replayed = Replayed(messages=9, days=1, looked_for=("unanswered", "thanks"), found=found, touches=2)
    assert replayed.reasons == {CRISIS: 0, "thanks": 0, "unanswered": 2}


def test_parts_of_single_days_are_replayed_without_what_takes_longer_to_tell(tmp_path: Path) -> None:
    (tmp_path / "irc-hours").mkdir()
    for day in ("11-20", "11-27", "12-04"):
        of = day[-2:]
        said = (
            f"[08:00] <ada{of}> How do I start?\n[08:01] <bo{of}> ada{of}: read this\n[08:40] <cleo{of}> Does it run?\n"
        )
        (tmp_path / "irc-hours" / f"2026-{day}_08.raw.txt").write_text(said)
    ((path, export),) = archives(tmp_path)
    happened = facts(path, export)
    assert [fact.time.day for fact in happened] == [20] * 3 + [27] * 3 + [4] * 3
    assert (in_pieces(path), has_threads(path)) == (True, False)
    whole, pieces = replay(happened), replay(happened, in_pieces=True)
    assert (whole.reasons["welcome"], pieces.reasons["welcome"]) == (2, 0)
    assert whole.reasons["unanswered"] == pieces.reasons["unanswered"] == 2
    ours = policy().rules
    told = {row.split(" | ")[3]: row for row in rows("irc", pieces, ours)}
    assert "| irc | 9 | 3 | unanswered | 2 | 222.22 |" in told["unanswered"]
    assert (told["thanks"].split(" | ")[4], {"welcome", "moderated", "check-in"} & told.keys()) == ("0", set())
    assert {"welcome", "check-in", "ritual"} <= {row.split(" | ")[3] for row in rows("irc", whole, ours)}

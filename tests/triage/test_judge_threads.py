"""The second reading of archives, by which it is known whose questions nobody answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.judge.raw_threads import Message, Thread, raw_threads
from benchmarks.judge.replay import replay
from benchmarks.judge.threaded import asked, due_after, held
from services.ingest.platforms.facts import Fact
from tests.triage import people

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def written(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def told(threads: list[Thread]) -> dict[str, list[tuple[str, str]]]:
    return {thread.name: [(said.writer, said.text.strip()) for said in thread.messages] for thread in threads}


def test_a_topic_of_zulip_and_its_solved_namesake_are_one_without_bots_and_quotes(tmp_path: Path) -> None:
    def said(number: int, who: str, content: str) -> dict[str, Any]:
        return {"id": number, "sender_full_name": who, "timestamp": MONDAY.timestamp() + number, "content": content}

    solved = "<p>Ada has marked this topic as resolved.</p>"
    files = {
        "1-help/A.2Eb.json": [said(2, "Ada", "<blockquote>Who?</blockquote><p>I &amp; <code>you?</code></p>")],
        "1-help/.E2.9C.94.20A.2Eb.json": [said(3, "Notification Bot", solved), said(1, "Talbot", "<p>Hi</p>")],
        "1-help/Other.json": [said(4, "CI bot", "<p>Failed?</p>")],
    }
    (thread,) = raw_threads(written(tmp_path / "zulip-some", files))
    assert told([thread]) == {"A.b": [("Talbot", "Hi"), ("Ada", "I &")]}
    assert (thread.place, thread.solved) == ("1-help", [MONDAY + timedelta(seconds=3)])


def test_of_discourse_the_later_writing_of_a_post_is_read_and_what_was_deleted_is_not(tmp_path: Path) -> None:
    def post(number: int, raw: str, **changes: Any) -> dict[str, Any]:
        return {
            "id": number,
            "topic_id": 5,
            "topic_slug": "a",
            "topic_title": "Title",
            "category_id": 1,
            "post_number": number,
            "post_type": 1,
            "user_id": number,
            "user_deleted": False,
            "raw": raw,
            "created_at": f"2026-11-23T09:0{number}:00Z",
            "updated_at": "2026-11-23T10:00:00Z",
            **changes,
        }

    files = {
        "p/1-old.json": post(1, "old", updated_at="2026-11-23T09:30:00Z"),
        "p/1.json": post(1, "new [quote]a [quote]b[/quote]?[/quote]."),
        "p/2.json": post(2, "(post deleted by author)", user_deleted=True),
        "p/3.json": post(3, "by the system", user_id=-1),
        "p/4.json": post(4, "answer", accepted_answer=True),
    }
    (thread,) = raw_threads(written(tmp_path / "discourse-some", files))
    assert told([thread]) == {"a": [("1", "Title\n\nnew  ."), ("4", "answer")]}
    assert thread.solved == [MONDAY + timedelta(minutes=4)]


def test_of_slack_it_is_known_what_stands_in_threads_and_what_beside_them(tmp_path: Path) -> None:
    def said(number: int, text: str, **more: Any) -> dict[str, Any]:
        return {"ts": f"{MONDAY.timestamp() + number:.6f}", "user": f"U{number}", "text": text, **more}

    first = said(1, "Who?")
    files = {
        "users.json": [{"id": "U4", "is_bot": True}],
        "channels.json": [{"id": "C1", "name": "help"}],
        "help/2026-11-23.json": [
            *(first, said(2, "in it", thread_ts=first["ts"]), said(3, "<@U1> beside"), said(4, "a robot")),
            *(said(5, "an app", bot_id="B1"), said(6, "came", subtype="channel_join")),
        ],
    }
    threads = raw_threads(written(tmp_path / "slack-some", files))
    assert [[said.text for said in thread.messages] for thread in threads] == [["Who?", "in it"], ["  beside"]]
    assert [(said.writer, set(said.names)) for said in threads[0].beside] == [("U1", set()), ("U3", {"U1"})]
    assert threads[0].messages[0].id == f"C1:{first['ts']}"


@pytest.mark.parametrize(
    ("asked_at", "due"),
    [
        ("2026-11-23T08:30", "2026-11-23T12:30"),
        ("2026-11-23T05:00", "2026-11-23T12:00"),
        ("2026-11-20T15:00", "2026-11-23T11:00"),
        ("2026-11-21T15:00", "2026-11-23T12:00"),
        ("2026-10-23T14:00", "2026-10-26T11:00"),
    ],
    ids=["within", "before-nine", "over-the-weekend", "on-saturday", "clocks-go-back"],
)
def test_an_answer_is_due_when_four_hours_of_the_team_have_passed(asked_at: str, due: str) -> None:
    assert due_after(datetime.fromisoformat(f"{asked_at}Z")) == datetime.fromisoformat(f"{due}Z")


def heard(hours: float, writer: str, text: str = "Well.", *names: str) -> Message:
    time = MONDAY + timedelta(hours=hours)
    return Message(id=f"{writer}{hours}", time=time, writer=writer, text=text, outside=True, names=frozenset(names))


QUESTION = heard(0, "ada", "Who knows?")


@pytest.mark.parametrize(
    ("thread", "unanswered"),
    [
        ([QUESTION], True),
        ([QUESTION, heard(1, "ada")], True),
        ([QUESTION, heard(3.9, "bea")], False),
        ([QUESTION, heard(4.1, "bea")], True),
        ([heard(-1, "ada"), QUESTION], True),
        ([heard(-1, "bea"), QUESTION], None),
        ([heard(-1, "ada"), heard(1, "bea")], None),
    ],
    ids=["alone", "goes-on", "in-time", "late", "asked-later", "in-an-answer", "nothing-asked"],
)
def test_an_opening_is_unanswered_where_nobody_else_spoke_in_time(
    thread: list[Message], unanswered: bool | None
) -> None:
    one = Thread(name="a", place="b", messages=thread)
    assert [found.unanswered for found in asked([one])] == ([] if unanswered is None else [unanswered])


@pytest.mark.parametrize(
    ("beside", "unanswered"),
    [
        (heard(0.2, "bea"), False),
        (heard(0.3, "bea"), True),
        (heard(0.2, "bea", "No.", "cleo"), True),
        (heard(3, "bea", "Yes.", "ada"), False),
        (heard(0.1, "ada"), True),
        (heard(-0.1, "bea"), True),
    ],
    ids=["at-once", "later", "to-another", "by-name", "themselves", "before"],
)
def test_what_is_said_beside_a_question_answers_it_as_people_do_there(beside: Message, unanswered: bool) -> None:
    (one,) = asked([Thread(name="a", place="b", messages=[QUESTION], beside=[beside])])
    assert one.unanswered is unanswered


def test_what_was_raised_is_held_against_it_and_threads_that_begin_earlier_are_left_out() -> None:
    said = [people.asked(people.ADA, "1"), people.asked(people.BEA, "2", conversation="c-2")]
    said += [people.posted(people.ADA, "3", conversation="c-2"), people.asked(people.ADA, "4", conversation="c-4")]
    times = [MONDAY, MONDAY, MONDAY + timedelta(hours=5), MONDAY + timedelta(days=2)]
    facts = [Fact(id=f"post:{one.message}:1", time=time, data=one) for one, time in zip(said, times, strict=True)]
    threads = {one.conversation: Thread(name=one.conversation, place="b") for one in said}
    for one, time in zip(said, times, strict=True):
        message = Message(id=one.message, time=time, writer=one.member.id, text=one.text)
        threads[one.conversation].messages.append(message)
    earlier = Message(id="0", time=MONDAY - timedelta(days=9), writer="ada", text="Who?")
    (figure,) = held(
        "some",
        [*threads.values(), Thread(name="old", place="b", messages=[earlier])],
        replay(facts).found,
        MONDAY,
        times[-1],
    )
    assert (figure.texts, figure.shown, figure.value) == (2, 2, 1.0)

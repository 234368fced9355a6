"""Which openings nobody answered in time: what triage raised, held against a second reading of the archive's files.

What counts is what a person would say who knows the default policy: nobody else, no bot, had spoken in the thread when
four of the team's hours were over, and nobody had marked it as solved. On Slack people answer beside threads as well,
as decision 0032 words it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.judge.raw_threads import Message, Thread
from benchmarks.tone.figures import Figure, f1, figure_of
from services.triage.question import asks
from shared.contracts.needs_touch import TouchReason

_FOR_QUESTIONS: Final = "217875-Is-there-code-for-X?"
"""A stream of Lean's Zulip that is there for questions: each opening in it is taken for one."""

_ZONE: Final = ZoneInfo("Europe/Berlin")
_OPENS, _SHUTS = time(9), time(17)
_FRIDAY: Final = 4
_WAIT: Final = timedelta(hours=4)
_NAMED: Final = timedelta(days=1)
_NEXT: Final = timedelta(minutes=15)
_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that opens a thread, and whether nobody had answered it when that was due."""

    thread: Thread
    question: Message
    due: datetime
    unanswered: bool


def held(
    archive: str, threads: Iterable[Thread], found: Iterable[TouchReason], begins: datetime, ends: datetime
) -> Iterator[Figure]:
    """Measure what was ``found`` in a replay from ``begins`` to ``ends``, on threads that begin and are due in it."""
    raised = {need.evidence[0].event for need in found if need.reason == "unanswered"}
    within = [thread for thread in threads if thread.messages[0].time >= begins]
    yield _figure("unanswered in threads: F1", archive, _due(within, asks, ends), raised, floor=0.97)
    places = [thread for thread in within if thread.place == _FOR_QUESTIONS]
    if places:
        measure = "unanswered in threads, each opening a question: F1"
        yield _figure(measure, f"{archive}, {_FOR_QUESTIONS}", _due(places, _anything, ends), raised)


def _due(threads: Iterable[Thread], reads: Callable[[str], bool], ends: datetime) -> list[Asked]:
    return [one for one in asked(threads, reads) if one.due <= ends]


def _figure(
    measure: str, on: str, questions: Collection[Asked], raised: Collection[str], *, floor: float | None = None
) -> Figure:
    shown = np.array([one.unanswered for one in questions], np.bool_)
    was_raised = [any(f"post:{said.id}:1" in raised for said in one.thread.messages) for one in questions]
    return figure_of(measure, on, shown, np.array(was_raised, np.float64), f1, floor=floor)


def _anything(_text: str) -> bool:
    return True


def asked(threads: Iterable[Thread], reads: Callable[[str], bool] = asks) -> Iterator[Asked]:
    """Yield the threads whose opener asks, as it ``reads`` to, before anybody else speaks."""
    for thread in threads:
        question = _question(thread, reads)
        if question is not None:
            due = due_after(question.time)
            others = [*thread.messages, *(said for said in thread.beside if _answers_beside(said, question))]
            heard = any(said.writer != question.writer and question.time <= said.time <= due for said in others)
            solved = any(at <= due for at in thread.solved)
            yield Asked(thread=thread, question=question, due=due, unanswered=not (heard or solved))


def _question(thread: Thread, reads: Callable[[str], bool]) -> Message | None:
    for message in thread.messages:
        if message.writer != thread.messages[0].writer:
            return None
        if reads(message.text):
            return message
    return None


def _answers_beside(said: Message, question: Message) -> bool:
    if not question.outside or said.time < question.time:
        return False
    after = said.time - question.time
    return after <= _NAMED if question.writer in said.names else not said.names and after <= _NEXT


def due_after(moment: datetime) -> datetime:
    """Return when four hours of the team's have passed: from nine to five in Berlin, Monday to Friday."""
    left, day = _WAIT, moment.astimezone(_ZONE).date()
    while True:
        if day.weekday() <= _FRIDAY:
            opens, shuts = (datetime.combine(day, clock, _ZONE).astimezone(UTC) for clock in (_OPENS, _SHUTS))
            begins = max(moment, opens)
            if left <= shuts - begins:
                return begins + left
            left -= max(shuts - begins, _NONE)
        day += timedelta(days=1)

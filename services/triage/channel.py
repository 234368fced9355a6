"""A channel with people who answer beside threads: whose question there got whose answer.

What names the asker answers them for a day; what names nobody answers those who asked shortly before. Messages may
arrive in any order, as long as the earlier is not more than ``REMARKS_KEPT`` messages of the channel late.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.voices import Post
from shared.decider import Decider

REMARKS_KEPT: Final = 6
QUESTIONS_KEPT: Final = 12
"""Questions that answers are looked for. Beyond, those that a peer answered are forgotten first, then the earliest."""

SAID_NEXT: Final = timedelta(minutes=15)
"""So long, what names nobody goes on with what was asked before. Where people talk, more is about something else."""
NAMED: Final = timedelta(days=1)


class Remark(Struct, frozen=True, kw_only=True, gc=False):
    """A message in the channel itself. ``said_to`` are the ids of those whom it names; ``reply`` if it goes to one."""

    post: Post
    said_to: tuple[str, ...] = ()
    reply: bool = False


class Question(Struct, frozen=True, kw_only=True, gc=False):
    """A question that is a conversation of its own, and whether a peer is known to have answered it."""

    post: Post
    answered_by_peer: bool = False


class RemarkMade(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody said something in the channel; ``asks`` when it is a question outside of threads."""

    remark: Remark
    asks: bool


class AnsweredBeside(Struct, frozen=True, kw_only=True, gc=False):
    """``answer`` answers ``question``, a message that is a conversation of its own."""

    question: str
    answer: Post


class NoteRemark(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody said something in the channel; ``opens`` when it is a conversation of its own."""

    remark: Remark
    opens: bool


class ChannelState(Struct, frozen=True, kw_only=True, gc=False):
    """The latest remarks, and the latest questions that nobody of the team answered, each in the order of time.

    ``lags`` halts a build of the time when what is stored was the whole state: it knows no such field.
    """

    remarks: tuple[Remark, ...] = ()
    questions: tuple[Question, ...] = ()
    lags: bool = True


def decide(command: Any, state: ChannelState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteRemark(remark=remark):
            asks = command.opens and remark.post.asks and not remark.post.team
            of_it = _answers(Question(post=remark.post), state.remarks) if asks else ()
            by_it = [answer for question in state.questions for answer in _answers(question, (remark,))]
            return (RemarkMade(remark=remark, asks=asks), *of_it, *by_it)
        case _:
            return ()


def _answers(question: Question, remarks: Iterable[Remark]) -> tuple[AnsweredBeside, ...]:
    """Return the first answers among ``remarks``: the team's, and a peer's if none is known."""
    found: dict[bool, AnsweredBeside] = {}
    for remark in remarks:
        by_team = remark.post.team
        if (by_team or not question.answered_by_peer) and by_team not in found and _answers_it(remark, question.post):
            found[by_team] = AnsweredBeside(question=question.post.message, answer=remark.post)
    return tuple(found.values())


def _answers_it(remark: Remark, question: Post) -> bool:
    said, asked = remark.post, question
    if said.member.key == asked.member.key or _place(said) <= _place(asked):
        return False
    after = said.evidence.time - asked.evidence.time
    if asked.member.id in remark.said_to:
        return after <= NAMED
    return not remark.said_to and not remark.reply and after <= SAID_NEXT


def _place(post: Post) -> tuple[datetime, str]:
    return (post.evidence.time, post.message)


def evolve(state: ChannelState, event: Any) -> ChannelState:
    """Return the state after ``event``."""
    match event:
        case RemarkMade():
            remarks = sorted((*state.remarks, event.remark), key=lambda remark: _place(remark.post))
            questions = state.questions
            if event.asks:
                asked = (*questions, Question(post=event.remark.post))
                questions = _bounded(tuple(sorted(asked, key=lambda question: _place(question.post))))
            return ChannelState(remarks=tuple(remarks[-REMARKS_KEPT:]), questions=questions)
        case AnsweredBeside():
            left = [
                replace(question, answered_by_peer=True) if question.post.message == event.question else question
                for question in state.questions
                if not (event.answer.team and question.post.message == event.question)
            ]
            return replace(state, questions=tuple(left))
        case _:
            return state


def _bounded(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    if len(questions) <= QUESTIONS_KEPT:
        return questions
    forgotten = next((question for question in questions if question.answered_by_peer), questions[0])
    return tuple(question for question in questions if question is not forgotten)


CHANNEL: Final[Decider[ChannelState]] = Decider(
    category="channel",
    initial=ChannelState(),
    decide=decide,
    evolve=evolve,
    events=(RemarkMade, AnsweredBeside),
    lags=True,
)

"""What a grader reads of a moment: as much as somebody of the team would see then, and not what the rule said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import Final

from benchmarks.judge.history import History, text_of
from benchmarks.judge.moments import OF_DAYS, OF_TEXTS, Moment
from services.ingest.platforms.facts import Fact

_TEXT: Final = 650
_SHORT: Final = 220
_BEFORE: Final = 2
_FOLLOWING: Final = 6
_FOLLOWING_BESIDE: Final = 10
_BESIDE: Final = "in the channel, outside of the thread: "
_POSTS: Final = 3
_DAYS: Final = 24

QUESTIONS: Final = {
    "distress": "Does this text show that its writer is not well, so that a human should turn to them?",
    "frustration": (
        "Does this text show that its writer is at the end of their patience, so that a human should step in?"
    ),
    "heated": "Is somebody insulted or attacked in this text, so that a human should look?",
    "thanks": "Is this a thanks for help that is worth a word from the team?",
    "unanswered": "Is there a question or a wish for help that still waits for an answer at the time of asking?",
    "welcome": "Is this somebody new whom nobody has turned to, so that a human should welcome them?",
    "fading": "Is this somebody who came regularly and is missed by now, so that a human should ask after them?",
    "returning": "Is this somebody who is back after an absence that was long for them, worth a word from the team?",
    "milestone": "Is this about a year, or some full years, after the member's first day, worth a word from the team?",
    OF_DAYS: "Is A for some days so unlike themselves that somebody who knows them would wonder how they are?",
}
"""What is asked of each reason."""


def card(moment: Moment, history: History, chance: Random) -> list[str]:
    """Return the lines of what is to be read; people are letters, the one it is about is A."""
    fact = history.get(moment.event)
    if fact is None:
        raise ValueError(f"{moment.event} is not in this archive: give the archive that it was drawn from.")
    people = _Letters(fact.data.member.id)
    if moment.reason in OF_TEXTS:
        return list(_text(moment, fact, history, chance, people))
    if moment.reason == OF_DAYS:
        return list(_compared(fact, history, people))
    if moment.reason == "unanswered":
        return list(_opening(moment, fact, history, people))
    return list(_member(moment, fact, history, people))


class _Letters:
    """Letters in place of people, in the order in which they appear."""

    def __init__(self, first: str) -> None:
        self._known = {first: "A"}

    def of(self, fact: Fact) -> str:
        number = len(self._known)
        letter = chr(ord("A") + number) if number < 26 else f"P{number}"
        return self._known.setdefault(fact.data.member.id, letter)


def _text(moment: Moment, fact: Fact, history: History, chance: Random, people: _Letters) -> Iterator[str]:
    yield from _said(history.before(fact)[-_BEFORE:], people, "before: ")
    yield f"**A: {_excerpt(text_of(fact), moment.spans, chance)}**"


def _opening(moment: Moment, fact: Fact, history: History, people: _Letters) -> Iterator[str]:
    opening, *rest = history.conversation(fact, moment.at) or [fact]
    yield f"asked as of {_told(moment.at)}"
    yield f"{_told(opening.time)} {people.of(opening)}: {_clipped(text_of(opening), _TEXT)}"
    yield from _said(rest[:_FOLLOWING], people)
    if len(rest) > _FOLLOWING:
        yield f"… and {len(rest) - _FOLLOWING} more messages in the conversation"
    yield from _said(history.beside(opening, moment.at)[:_FOLLOWING_BESIDE], people, _BESIDE)


def _member(moment: Moment, fact: Fact, history: History, people: _Letters) -> Iterator[str]:
    member = fact.data.member.id
    days = [day.isoformat() for day in history.days(member, moment.at)]
    day_only = moment.reason == "fading"
    asked = moment.at.date() if day_only else _told(moment.at)
    yield f"asked as of {asked}; the archive begins on {history.begins.date()}"
    if (joined := history.joined.get(member)) is not None and joined.time <= moment.at:
        yield f"A joined on {_told(joined.time)}"
    left_out = [f"… {len(days) - _DAYS} more …"] if len(days) > _DAYS else []
    shown = [*days[:4], *left_out, *days[4 - _DAYS :]] if left_out else days
    yield f"A wrote on {len(days)} days: {', '.join(shown) or 'none'}"
    if day_only:
        return
    for post in [post for post in history.members.get(member, []) if fact.time <= post.time <= moment.at][:_POSTS]:
        yield from _said([post], people)
        after = [other for other in history.conversation(post, moment.at) if other.time > post.time]
        for said, where in ((after, "then in the conversation: "), (history.beside(post, moment.at), _BESIDE)):
            others = [other for other in said if other.data.member.id != member]
            yield from _said(others[:_BEFORE], people, where)


def _compared(fact: Fact, history: History, people: _Letters) -> Iterator[str]:
    earlier = [post for post in history.members.get(fact.data.member.id, []) if post.time <= fact.time]
    firsts = {post.time.date(): post for post in reversed(earlier)}
    days = [firsts[day] for day in sorted(firsts)]
    usual = [f"{_told(post.time)} ({len(text_of(post).split())} words)" for post in days[-_DAYS:-_POSTS]]
    yield f"before, the first text of each of A's days: {', '.join(usual)}"
    yield from _said(days[-_POSTS - 2 : -_POSTS], people, "before: ")
    yield from _said(days[-_POSTS:], people, "then: ")


def _said(posts: Iterable[Fact], people: _Letters, where: str = "") -> Iterator[str]:
    return (f"{where}{_told(post.time)} {people.of(post)}: {_clipped(text_of(post), _SHORT)}" for post in posts)


def _told(time: datetime) -> str:
    return time.strftime("%a %Y-%m-%d %H:%M")


def _clipped(text: str, most: int) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else f"{one_line[:most]} …"


def _excerpt(text: str, spans: str, chance: Random) -> str:
    """Return a part of a long text, with the first of what was found in it or, where nothing was, from anywhere."""
    if len(text) <= _TEXT:
        return _clipped(text, _TEXT)
    inside = int(spans.partition("-")[0]) if spans else chance.randrange(len(text))
    start = max(0, min(inside - chance.randrange(50, _TEXT - 100), len(text) - _TEXT))
    part = " ".join(text[start : start + _TEXT].split())
    return f"{'… ' if start else ''}{part}{' …' if start + _TEXT < len(text) else ''}"

"""Moments at which a rule found that somebody is needed, and others at which it could have and did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from benchmarks.judge.history import History, text_of
from benchmarks.judge.replay import policy
from services.ingest.platforms.facts import Fact
from services.triage.own_words import own_words
from shared.contracts.needs_touch import TouchReason
from shared.working_hours import WorkingHours

OF_TEXTS: Final = ("distress", "frustration", "heated", "thanks")
OF_DAYS: Final = "out-of-character"
REASONS: Final = (*OF_TEXTS, "unanswered", "welcome", "fading", "returning", "milestone", OF_DAYS)
"""Those that are graded. A follow-up is due by the calendar after another reason."""

_LONG_ENOUGH: Final = 20
"""Characters of a text that says something, without spaces, quotes, code and links."""
_KNOWN_DAYS: Final = 3
"""Days on which somebody wrote of whom one may ask whether they are missed."""
_COMPARED_DAYS: Final = 18
"""Days on which somebody wrote who can be compared with themselves."""
_AWAY_DAYS: Final = 7
_ASKED_AFTER_DAYS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """As of ``at``, somebody looks at the fact ``event``: a post, the first of a conversation, a member's last.

    ``spans`` are where in the text something was found, ``5-12 20-31``.
    """

    reason: str
    event: str
    at: datetime
    flagged: bool
    spans: str = ""


def flagged(reason: str, found: Iterable[TouchReason], history: History) -> list[Moment]:
    """Return each moment once at which the rule found somebody."""
    moments: dict[str, Moment] = {}
    for need in found:
        event = (need.evidence[-1] if reason in (*OF_TEXTS, OF_DAYS) else need.evidence[0]).event
        if need.reason == reason and history.get(event) is not None:
            spans = str(need.values.get("found_at") or "")
            moments.setdefault(event, Moment(reason=reason, event=event, at=need.at, flagged=True, spans=spans))
    return list(moments.values())


def unflagged(reason: str, found: Sequence[TouchReason], history: History, chance: Random) -> list[Moment]:
    """Return moments at which the rule could have found somebody and did not, drawn by ``chance``."""
    needs = [need for need in found if need.reason == reason]
    draw = _Others(reason, needs, history, chance)
    if reason in OF_TEXTS:
        return list(draw.texts())
    by_reason = {
        "unanswered": draw.openings,
        "welcome": draw.arrivals,
        "fading": draw.silences,
        "returning": draw.returns,
        "milestone": draw.days,
        OF_DAYS: draw.usual_days,
    }
    return list(by_reason[reason]())


class _Others:
    """Draws what the rule did not find: at most one moment of each member, or each post or conversation once."""

    def __init__(self, reason: str, needs: Sequence[TouchReason], history: History, chance: Random) -> None:
        self._reason = reason
        self._needs = needs
        self._history = history
        self._chance = chance
        by = policy()
        self._rules, self._hours = by.rules, WorkingHours.of(by.hours)
        self._evidence = {one.event for need in needs for one in need.evidence}

    def texts(self) -> Iterator[Moment]:
        for post in self._history.posts:
            if post.id not in self._evidence and len("".join(own_words(text_of(post)).split())) >= _LONG_ENOUGH:
                yield self._moment(post, post.time)

    def openings(self) -> Iterator[Moment]:
        asked = {need.conversation for need in self._needs}
        for conversation, posts in self._history.conversations.items():
            if conversation not in asked:
                yield from self._when_due(posts[0])

    def arrivals(self) -> Iterator[Moment]:
        greeted = {need.member.id for need in self._needs}
        for member, posts in self._history.members.items():
            if member not in greeted:
                yield from self._when_due(posts[0])
            elif len(posts) > 1:
                yield from self._when_due(self._chance.choice(posts[1:]))

    def silences(self) -> Iterator[Moment]:
        for member, days in self._regulars():
            end = min(days[-1] + timedelta(days=_ASKED_AFTER_DAYS), self._history.ends.date())
            first = days[_KNOWN_DAYS - 1]
            between = (first + timedelta(days=number) for number in range(1, (end - first).days + 1))
            silent = [day for day in between if day not in days]
            if silent:
                day = self._chance.choice(silent)
                last = [post for post in self._history.members[member] if post.time.date() < day][-1]
                if not any(last.time < need.at and need.at.date() <= day for need in self._of(member)):
                    yield self._moment(last, datetime.combine(day, time(), UTC))

    def returns(self) -> Iterator[Moment]:
        for member, days in self._regulars():
            later = zip(days[_KNOWN_DAYS - 1 :], days[_KNOWN_DAYS:], strict=False)
            back = [day for before, day in later if (day - before).days >= _AWAY_DAYS]
            yield from self._on_one_of(member, back)

    def days(self) -> Iterator[Moment]:
        for member, days in self._regulars():
            yield from self._on_one_of(member, days[_KNOWN_DAYS:])

    def usual_days(self) -> Iterator[Moment]:
        for posts in self._history.members.values():
            firsts = {post.time.date(): post for post in reversed(posts)}
            known = [firsts[day] for day in sorted(firsts)[_COMPARED_DAYS - 1 :]]
            others = [post for post in known if post.id not in self._evidence]
            if others:
                post = self._chance.choice(others)
                yield self._moment(post, post.time)

    def _on_one_of(self, member: str, days: Sequence[date]) -> Iterator[Moment]:
        found = {one.time.date() for need in self._of(member) for one in need.evidence}
        others = [day for day in days if day not in found]
        if others:
            day = self._chance.choice(others)
            yield from self._when_due(next(post for post in self._history.members[member] if post.time.date() == day))

    def _regulars(self) -> Iterator[tuple[str, list[date]]]:
        for member in self._history.members:
            days = self._history.days(member)
            if len(days) >= _KNOWN_DAYS:
                yield member, days

    def _of(self, member: str) -> Iterator[TouchReason]:
        return (need for need in self._needs if need.member.id == member)

    def _when_due(self, fact: Fact) -> Iterator[Moment]:
        """Look when the rule does, in the team's hours, so that the time tells nothing; not after the archive's end."""
        due = self._hours.add(fact.time, getattr(self._rules, self._reason).within_hours)
        if due is not None and due <= self._history.ends:
            yield self._moment(fact, due)

    def _moment(self, fact: Fact, at: datetime) -> Moment:
        return Moment(reason=self._reason, event=fact.id, at=at, flagged=False)

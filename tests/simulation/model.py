"""Who must stand in the queue, and for which reason: said as simply as can be, of a set of facts without any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.triage.question import asks
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import Deleted, Joined, Left, Posted, Solved, Updated
from tests.simulation.community import ANSWER_HOURS, TEAM, WELCOME_HOURS

TEAM_IDS = frozenset(member.id for member in TEAM)


@dataclass(frozen=True, slots=True, order=True)
class Need:
    reason: str
    member: str
    conversation: str | None = None


@dataclass(slots=True)
class Known:
    """What the facts say, whatever order they came in."""

    first_seen: dict[str, datetime]
    greeted: set[str]
    left: dict[str, datetime]
    joined: dict[str, datetime]
    last_did: dict[str, datetime]
    posts: dict[str, list[Posted]]
    times: dict[str, datetime]
    deleted: set[str]
    solved: set[str]
    did: dict[str, set[str]]

    @property
    def unseen(self) -> set[str]:
        """Who is known by one message alone, which was deleted."""
        return {who for who, did in self.did.items() if len(did) == 1 and did <= self.deleted}

    @property
    def gone(self) -> set[str]:
        """Who left last and did not join after it, nor do anything on a later day."""
        return {
            who
            for who, left in self.left.items()
            if self.joined.get(who, left) <= left and self.last_did.get(who, left).date() <= left.date()
        }


def known(events: Iterable[MemberEvent]) -> Known:
    found = Known({}, set(), {}, {}, {}, defaultdict(list), {}, set(), set(), defaultdict(set))
    for event in events:
        data: Any = event.data
        if isinstance(data, Deleted):
            found.deleted.add(data.message)
        if isinstance(data, Posted | Joined | Left | Solved | Updated) and not data.member.bot:
            _note(found, event, data)
        if isinstance(data, Solved):
            found.solved.add(data.conversation)
    for posts in found.posts.values():
        of_team = [found.times[post.message] for post in posts if post.member.id in TEAM_IDS]
        for post in posts:
            if of_team and found.times[post.message] <= max(of_team):
                found.greeted.add(post.member.id)
    return found


def _note(found: Known, event: MemberEvent, data: Posted | Joined | Left | Solved | Updated) -> None:
    """Take note of what the event says of its member."""
    who, time = data.member.id, event.time
    found.first_seen[who] = min(time, found.first_seen.get(who, time))
    if isinstance(data, Posted):
        found.posts[data.conversation].append(data)
        found.times[data.message] = time
        if who in TEAM_IDS:
            found.greeted |= set(data.mentions) - {who}
    if isinstance(data, Posted | Joined | Solved):
        found.did[who].add(data.message if isinstance(data, Posted) else event.id)
    newest = found.left if isinstance(data, Left) else found.joined if isinstance(data, Joined) else found.last_did
    if not isinstance(data, Updated):
        newest[who] = max(time, newest.get(who, time))


def needs(events: Iterable[MemberEvent], at: datetime) -> set[Need]:
    """Return what is needed as of ``at``, settled or not."""
    facts = known(events)
    welcomes = {
        Need("welcome", who)
        for who, since in facts.first_seen.items()
        if who not in facts.greeted | facts.gone | facts.unseen | TEAM_IDS
        and since + timedelta(hours=WELCOME_HOURS) <= at
    }
    answers = set()
    for conversation, posts in facts.posts.items():
        opening, *later = sorted(posts, key=lambda post: (facts.times[post.message], post.message))
        who = opening.member.id
        question = next((post for post in (opening, *later) if asks(post.text)), None)
        if (
            who not in TEAM_IDS
            and question is not None
            and not {opening.message, question.message} & facts.deleted
            and conversation not in facts.solved
            and all(post.member.id == who for post in posts)
            and facts.times[question.message] + timedelta(hours=ANSWER_HOURS) <= at
        ):
            answers.add(Need("unanswered", who, conversation))
    return welcomes | answers


def of_who_left(events: Iterable[MemberEvent]) -> set[Need]:
    """Return what need not be met any more, as who needed it has left since; they may be there again."""
    facts = known(events)
    answers = {
        Need("unanswered", post.member.id, conversation)
        for conversation, posts in facts.posts.items()
        for post in posts
        if asks(post.text) and post.member.id in facts.left and facts.left[post.member.id] >= facts.times[post.message]
    }
    return answers | {Need("welcome", who) for who in facts.left}


def due_times(events: Iterable[MemberEvent]) -> list[datetime]:
    """Return when anything may become due."""
    hours = (timedelta(hours=WELCOME_HOURS), timedelta(hours=ANSWER_HOURS))
    return [event.time + late for event in events for late in hours]

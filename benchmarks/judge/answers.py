"""Which questions nobody answered: what triage finds, held against the replies that people linked by hand.

The logs are those of Ubuntu's IRC channel with their annotations (jkkummerfeld/irc-disentanglement). A line asks as
triage reads it; what is held against the gold is whether somebody replied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.held_out import is_held_out
from benchmarks.judge.exports import FORMATS
from benchmarks.tone.figures import Figure, f1, figure_of
from infra.importing.archive import open_archive
from infra.importing.reading import Found, Piece
from services.ingest.platforms.facts import Fact
from services.triage.conversation import CONVERSATION
from services.triage.conversation_facts import NotePost
from services.triage.conversation_state import open_question
from services.triage.question import asks
from services.triage.stream_ids import identity
from services.triage.voices import Post
from shared.contracts.member_events import Posted
from shared.contracts.needs_touch import Evidence

_ANNOTATED: Final = ".annotation.txt"
_LOGS: Final = FORMATS["irc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log: its posts by line, and the lines that each line replies to, as annotated; a line of its own to itself."""

    name: str
    posts: Mapping[int, Posted]
    facts: tuple[Fact, ...]
    replies: Mapping[int, frozenset[int]]

    @property
    def held_out(self) -> bool:
        """Whether nothing was chosen by it: half of all logs are, by their names."""
        return is_held_out(self.name.rpartition("/")[2])


def irc_logs(path: Path) -> Iterator[Log]:
    """Yield the annotated logs of the archive."""
    read: dict[str, dict[int, Fact]] = {}
    linked: dict[str, dict[int, frozenset[int]]] = {}
    for file in open_archive(path).files():
        if file.path.endswith(_ANNOTATED):
            linked[file.path.removesuffix(_ANNOTATED)] = _links(file.read().decode())
        elif _LOGS.holds(file.path):
            pieces = (piece for piece in _LOGS.reader({})(file) if isinstance(piece, Piece))
            found = (one for piece in pieces for one in piece.read() if isinstance(one, Found))
            read[file.path.removesuffix(".raw.txt")] = {int(one.place.split()[1]) - 1: one.fact for one in found}
    for name, replies in sorted(linked.items()):
        facts = read.get(name, {})
        posts = {line: fact.data for line, fact in facts.items() if isinstance(fact.data, Posted)}
        yield Log(name=name, posts=posts, facts=tuple(facts.values()), replies=replies)


def _links(annotation: str) -> dict[int, frozenset[int]]:
    replies: defaultdict[int, set[int]] = defaultdict(set)
    for row in annotation.splitlines():
        first, second = sorted(int(line) for line in row.split()[:2])
        replies[second].add(first)
    return {line: frozenset(to) for line, to in replies.items()}


def questions(log: Log) -> dict[int, bool]:
    """Return the lines that ask and reply to nothing, and of each whether nobody else replied to it."""
    answered = {
        to
        for line, replied_to in log.replies.items()
        for to in replied_to
        if line in log.posts and to in log.posts and log.posts[line].member.id != log.posts[to].member.id
    }
    return {
        line: line not in answered
        for line, replied_to in log.replies.items()
        if replied_to <= {line}
        and (post := log.posts.get(line)) is not None
        and not post.member.bot
        and asks(post.text)
    }


def unanswered(facts: Iterable[Fact]) -> frozenset[str]:
    """Return the messages with an open question that nobody answered, once all of ``facts`` is heard."""
    states: defaultdict[str, Any] = defaultdict(lambda: CONVERSATION.initial)
    for fact in facts:
        said = fact.data
        if isinstance(said, Posted) and not said.member.bot:
            member, _ = identity("acme", "irc", said.member.id)
            seen = Evidence(source="/log", event=fact.id, time=fact.time)
            post = Post(member=member, evidence=seen, message=said.message, asks=asks(said.text), team=False)
            note = NotePost(conversation=said.conversation, post=post, due=fact.time, answered_by="anyone")
            state = states[said.conversation]
            states[said.conversation] = CONVERSATION.fold(CONVERSATION.decide(note, state), state)
    return frozenset(
        question.message
        for state in states.values()
        if (question := open_question(state)) is not None and not state.voices.answered(question.member, "anyone")
    )


def measured(logs: Iterable[Log]) -> Figure:
    """Return the F1 of what triage finds, on the logs that nothing was chosen by."""
    shown, found = [], []
    for log in logs:
        if log.held_out:
            open_ones = unanswered(log.facts)
            for line, unheard in questions(log).items():
                shown.append(unheard)
                found.append(float(log.posts[line].message in open_ones))
    name = "annotated logs, held-out half"
    return figure_of("unanswered on IRC: F1", name, np.array(shown, np.bool_), np.array(found), f1, floor=0.84)

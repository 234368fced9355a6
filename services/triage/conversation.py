"""One conversation: who opened it, whether that was a question, and whose voices came after.

Posts may arrive in any order: what is kept is the earliest post, and of everybody else only what can still matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.triage.conversation_facts import (
    ConversationOpened,
    ConversationSolved,
    LookAtQuestion,
    NoteDeletion,
    NoteEdit,
    NotePost,
    NoteSolved,
    OpeningDeleted,
    OpeningEdited,
    Post,
    QuestionPassed,
    QuestionPostponed,
    Voice,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.needs import (
    Circumstances,
    CloseNeed,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedWithdrawn,
    met,
    raised,
    withdrawn,
)
from shared.contracts.needs_touch import Evidence, NeedsTouch, Scalar
from shared.decider import Deadline, Decider

UNANSWERED: Final = "unanswered"
PEERS_KEPT: Final = 8
"""Peers whose voices a conversation remembers; with so many, it is certainly answered and somebody is looked after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationState:
    """What is known of one conversation."""

    conversation: str = ""
    opening: Post | None = None
    due: datetime | None = None
    answered_by: Literal["anyone", "team"] = "anyone"
    voices: tuple[Voice, ...] = ()
    solved: bool = False
    deleted: bool = False
    looked: bool = False
    need: NeedsTouch | None = None


def answer(state: ConversationState) -> Voice | None:
    """Return the voice that answers the opening post, one of the team first; None when nobody's does."""
    if state.opening is None:
        return None
    answers = [
        voice
        for voice in state.voices
        if voice.member != state.opening.member and (voice.team or state.answered_by == "anyone")
    ]
    return min(answers, key=lambda voice: (not voice.team, voice.first.time), default=None)


def decide(command: Any, state: ConversationState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NotePost():
            return _with_consequences(state, _note(command, state))
        case NoteEdit() if _is_opening(state, command.message) and command.asks != _asks(state):
            return _with_consequences(state, (OpeningEdited(asks=command.asks, evidence=command.evidence),))
        case NoteDeletion() if _is_opening(state, command.message) and not state.deleted:
            return _with_consequences(state, (OpeningDeleted(evidence=command.evidence),))
        case NoteSolved() if not state.solved:
            return _with_consequences(state, (ConversationSolved(evidence=command.evidence),))
        case LookAtQuestion():
            return _look(command.seen, state)
        case CloseNeed() if state.need is not None and state.need.touch == command.touch:
            return (NeedClosed(touch=command.touch, outcome=command.outcome),)
        case _:
            return ()


def _is_opening(state: ConversationState, message: str) -> bool:
    return state.opening is not None and state.opening.message == message


def _asks(state: ConversationState) -> bool:
    return state.opening is not None and state.opening.asks


def _note(command: NotePost, state: ConversationState) -> tuple[Any, ...]:
    post = command.post
    if state.opening is None or _place(post) < _place(state.opening):
        return (
            ConversationOpened(
                conversation=command.conversation, post=post, due=command.due, answered_by=command.answered_by
            ),
        )
    return (VoiceHeard(post=post),) if _matters(post, state) else ()


def _place(post: Post) -> tuple[datetime, str]:
    return (post.evidence.time, post.message)


def _matters(post: Post, state: ConversationState) -> bool:
    known = next((voice for voice in state.voices if voice.member == post.member), None)
    if known is None:
        return post.team or sum(not voice.team for voice in state.voices) < PEERS_KEPT
    if post.evidence.time < known.first.time:
        return True
    return post.team and any(
        not voice.team and not voice.greeted and known.last.time < voice.first.time <= post.evidence.time
        for voice in state.voices
    )


def _with_consequences(state: ConversationState, events: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add what follows from ``events``: greetings, and the end of a need whose cause is gone."""
    if not events:
        return ()
    after = CONVERSATION.fold(events, state)
    greeting = _greeting(after)
    if greeting is not None:
        events = (*events, greeting)
    if after.need is None:
        return events
    need, found = after.need, answer(after)
    if found is not None and found.team:
        return (*events, met(need, found.first.time, "answered by the team", found.member, (found.first,)))
    if found is not None:
        return (*events, withdrawn(need, found.first.time, "answered by a peer", (found.first,)))
    for gone, cause in ((after.solved, "solved"), (after.deleted, "deleted"), (not _asks(after), "no question")):
        if gone:
            evidence: Evidence = events[0].evidence if hasattr(events[0], "evidence") else events[0].post.evidence
            return (*events, withdrawn(need, evidence.time, cause, (evidence,)))
    return events


def _greeting(state: ConversationState) -> VoicesGreeted | None:
    team = [voice for voice in state.voices if voice.team]
    if not team:
        return None
    greeter = max(team, key=lambda voice: (voice.last.time, voice.member.key))
    greeted = tuple(
        voice.member
        for voice in state.voices
        if not voice.team and not voice.greeted and voice.first.time <= greeter.last.time
    )
    return VoicesGreeted(members=greeted, by=greeter.member, evidence=greeter.last) if greeted else None


def _look(seen: Circumstances, state: ConversationState) -> tuple[Any, ...]:
    if state.opening is None or state.due is None:
        return ()
    if seen.due is not None and seen.due > max(state.due, seen.at):
        return (QuestionPostponed(due=seen.due),)
    since = state.opening.evidence.time
    against = {
        "the rule is off": not seen.enabled,
        "long past": seen.at - since > seen.forget_after,
    }
    for why, holds in against.items():
        if holds:
            return (QuestionPassed(why=why, at=seen.at),)
    peers = sum(not voice.team and voice.member != state.opening.member for voice in state.voices)
    values: dict[str, Scalar] = {
        "hours_since": round((seen.at - since) / timedelta(hours=1), 2),
        "answers_by_team": 0,
        "answers_by_peers": peers,
    }
    return (
        raised(
            seen,
            "unanswered",
            state.opening.member,
            (state.opening.evidence,),
            values,
            conversation=state.conversation,
        ),
    )


def evolve(state: ConversationState, event: Any) -> ConversationState:
    """Return the state after ``event``."""
    match event:
        case ConversationOpened():
            return replace(
                state,
                conversation=event.conversation,
                opening=event.post,
                due=event.due,
                answered_by=event.answered_by,
                voices=_hear(state.voices, event.post),
            )
        case VoiceHeard():
            return replace(state, voices=_hear(state.voices, event.post))
        case VoicesGreeted():
            greeted = tuple(
                replace(voice, greeted=True) if voice.member in event.members else voice for voice in state.voices
            )
            return replace(state, voices=greeted)
        case OpeningEdited() if state.opening is not None:
            return replace(state, opening=replace(state.opening, asks=event.asks))
        case OpeningDeleted():
            return replace(state, deleted=True)
        case ConversationSolved():
            return replace(state, solved=True)
        case QuestionPassed():
            return replace(state, looked=True)
        case QuestionPostponed():
            return replace(state, due=event.due)
        case NeedRaised():
            return replace(state, need=event.need, looked=True)
        case NeedWithdrawn() | NeedMet() | NeedClosed():
            return replace(state, need=None)
        case _:
            return state


def _hear(voices: tuple[Voice, ...], post: Post) -> tuple[Voice, ...]:
    known = next((voice for voice in voices if voice.member == post.member), None)
    if known is None:
        return (*voices, Voice(member=post.member, team=post.team, first=post.evidence, last=post.evidence))
    heard = replace(
        known,
        team=known.team or post.team,
        first=min(known.first, post.evidence, key=lambda evidence: evidence.time),
        last=max(known.last, post.evidence, key=lambda evidence: evidence.time),
    )
    return tuple(heard if voice is known else voice for voice in voices)


def deadlines(state: ConversationState) -> tuple[Deadline, ...]:
    """An open question of somebody who is not of the team is looked at once."""
    opening = state.opening
    if opening is None or state.due is None or opening.team or not opening.asks:
        return ()
    if state.looked or state.solved or state.deleted or answer(state) is not None:
        return ()
    return (Deadline(name=UNANSWERED, due=state.due),)


CONVERSATION: Final[Decider[ConversationState]] = Decider(
    category="conversation",
    initial=ConversationState(),
    decide=decide,
    evolve=evolve,
    events=(
        ConversationOpened,
        VoiceHeard,
        VoicesGreeted,
        OpeningEdited,
        OpeningDeleted,
        ConversationSolved,
        QuestionPassed,
        QuestionPostponed,
        NeedRaised,
        NeedWithdrawn,
        NeedMet,
        NeedClosed,
    ),
    deadlines=deadlines,
)

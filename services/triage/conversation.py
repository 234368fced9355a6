"""One conversation: who opened it, whether that was a question, and whose voices came after.

Posts may arrive in any order: the earliest that is known counts as the opening. Who opens with a greeting and asks in
their next post asks, too, as long as nobody else spoke in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage import needs
from services.triage.conversation_facts import (
    AnswerAccepted,
    ConversationOpened,
    ConversationSolved,
    LookAtQuestion,
    NoteDeletion,
    NoteEdit,
    NotePost,
    NoteRecovery,
    NoteSolved,
    OpeningDeleted,
    OpeningEdited,
    OpeningRecovered,
    QuestionAsked,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.conversation_state import (
    UNANSWERED,
    ConversationState,
    due_of,
    edit_of,
    evolve,
    is_later,
    open_question,
)
from services.triage.difference import within
from services.triage.needs import NEED_EVENTS, CloseNeed, EndNeed, PassNeed, met, raised, withdrawn
from services.triage.voices import Post
from shared.contracts.needs_touch import Evidence, MemberRef, Scalar
from shared.decider import Deadline, Decider

_SPOKEN: Final = (ConversationOpened, VoiceHeard)


def may_open(state: ConversationState, time: datetime) -> bool:
    """Tell whether a post of that time may turn out to be the one that opens the conversation."""
    return state.opening is None or time <= state.opening.evidence.time


def may_ask(state: ConversationState, member: MemberRef, time: datetime) -> bool:
    """Tell whether a post may turn out to be what the conversation asks: only then it matters what it asks, and when.

    What is said after somebody else spoke never does, whatever else is still on its way.
    """
    if may_open(state, time):
        return True
    opening, further = state.opening, state.further
    if (
        opening is None
        or opening.asks
        or member.key != opening.member.key
        or (further is not None and time > further.post.evidence.time)
    ):
        return False
    return not state.voices.others_by(member, time)


def decide(command: Any, state: ConversationState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NotePost():
            return _with_consequences(state, _note(command, state), command.post.evidence)
        case NoteEdit() if _is_news(state, command):
            edited = OpeningEdited(message=command.message, asks=command.asks, evidence=command.evidence)
            return _with_consequences(state, (edited,), command.evidence)
        case NoteDeletion() if is_later(state, command.message, command.evidence.time, deleted=True):
            deleted = OpeningDeleted(message=command.message, evidence=command.evidence)
            return _with_consequences(state, (deleted,), command.evidence)
        case NoteRecovery() if is_later(state, command.message, command.evidence.time, deleted=False):
            recovered = OpeningRecovered(message=command.message, evidence=command.evidence)
            return _with_consequences(state, (recovered,), command.evidence)
        case NoteSolved() if not state.solved:
            solved = ConversationSolved(evidence=command.evidence, message=command.message)
            return _with_consequences(state, (solved,), command.evidence)
        case LookAtQuestion():
            return _look(command, state)
        case CloseNeed() | PassNeed() | EndNeed():
            return needs.decide(command, state)
        case _:
            return ()


def _is_news(state: ConversationState, command: NoteEdit) -> bool:
    known = edit_of(state, command.message)
    return known is None or known.evidence.time < command.evidence.time


def _note(command: NotePost, state: ConversationState) -> tuple[Any, ...]:
    post = command.post
    if state.opening is None or _place(post) < _place(state.opening):
        return (
            ConversationOpened(
                conversation=command.conversation, post=post, due=command.due, answered_by=command.answered_by
            ),
        )
    heard = (VoiceHeard(post=post),) if state.voices.changed_by(post) else ()
    if not post.asks or post.team or not may_ask(state, post.member, post.evidence.time):
        return heard
    if state.further is not None and _place(state.further.post) <= _place(post):
        return heard
    return (*heard, QuestionAsked(post=post, due=command.due))


def _place(post: Post) -> tuple[datetime, str]:
    return (post.evidence.time, post.message)


def _with_consequences(state: ConversationState, events: tuple[Any, ...], evidence: Evidence) -> tuple[Any, ...]:
    """Add what follows from ``events``: greetings, and the end of a need whose cause is gone."""
    if not events:
        return events
    asked, solved = needs.standing_for(state, UNANSWERED), state.solved or isinstance(events[0], ConversationSolved)
    if not (asked or solved or state.voices.team or any(_is_of_team(event) for event in events)):
        return events
    after = CONVERSATION.fold(events, state)
    voices, last = after.voices, after.voices.last_of_team
    to_greet = voices.to_greet()
    if last is not None and to_greet:
        events = (*events, VoicesGreeted(members=to_greet, by=last.member, evidence=last.first))
    opening, accepted = after.opening, _accepted(after)
    if accepted is not None:
        events = (*events, accepted)
    if asked is None or opening is None:
        return events
    by_team, by_peer = voices.team_answer(opening.member), voices.peer_answer(opening.member)
    if by_team is not None:
        end: Any = met(asked, by_team.first.time, "answered by the team", by_team.member, (by_team.first,))
    elif opening.member != asked.member:
        end = withdrawn(asked, evidence.time, "an earlier post came to light", (opening.evidence,))
    elif by_peer is not None and after.answered_by == "anyone":
        end = withdrawn(asked, by_peer.first.time, "answered by a peer", (by_peer.first,))
    elif open_question(after) is None:
        cause = "solved" if after.solved else "deleted" if opening.message in after.deleted else "no question any more"
        end = withdrawn(asked, evidence.time, cause, (evidence,))
    else:
        return events
    return (*events, end)


def _accepted(state: ConversationState) -> AnswerAccepted | None:
    """Return whose answer solved the conversation; not that of who asked, nor one that was not their first in it."""
    accepted, opening = state.accepted, state.opening
    if accepted is None or accepted.message is None or opening is None:
        return None
    by = state.voices.peer_of(accepted.message)
    if by is None or by.member == opening.member:
        return None
    return AnswerAccepted(by=by.member, evidence=accepted.evidence)


def _is_of_team(event: Any) -> bool:
    return isinstance(event, _SPOKEN) and event.post.team


def _look(command: LookAtQuestion, state: ConversationState) -> tuple[Any, ...]:
    seen, opening = command.seen, state.opening
    if opening is None or state.looked_at == opening.member.key:
        return ()
    question = open_question(state) or opening
    due, since = due_of(state, question), question.evidence.time
    if due is None:
        return ()
    why = next((why for why, holds in _against(command, state, opening, since) if holds), None)
    if why is not None:
        return (QuestionPassed(why=why, at=seen.at),)
    if seen.due is not None and seen.due > max(due, seen.at):
        return (QuestionPostponed(due=seen.due),)
    edit = edit_of(state, question.message)
    values: dict[str, Scalar] = {
        "hours_since": round((seen.at - since) / timedelta(hours=1), 2),
        "answers_by_team": 0,
        "answers_by_peers": state.voices.peers_beside(opening.member),
    }
    return (
        raised(
            seen,
            UNANSWERED,
            opening.member,
            (question.evidence,) if edit is None else (question.evidence, edit.evidence),
            values,
            conversation=state.conversation,
            difference=within("an answer", seen.due - since) if seen.due else None,
        ),
    )


def _against(
    command: LookAtQuestion, state: ConversationState, opening: Post, since: datetime
) -> Iterator[tuple[str, bool]]:
    """Yield what may stand against asking for an answer, and whether it does."""
    seen = command.seen
    yield "the rule is off", not seen.enabled
    yield "one of the team", command.team
    yield "a bot", command.bot
    yield "the member left", command.gone
    yield "no open question", open_question(state) is None
    yield "answered", state.voices.answered(opening.member, command.answered_by)
    yield "the team has no hours", seen.due is None
    yield "long past", seen.at - since > seen.forget_after


def deadlines(state: ConversationState) -> tuple[Deadline, ...]:
    """An open question of somebody who is not of the team is looked at once."""
    question = open_question(state)
    if question is None or state.looked_at == question.member.key:
        return ()
    due = due_of(state, question)
    if due is None or state.voices.answered(question.member, state.answered_by):
        return ()
    return (Deadline(name=UNANSWERED, due=due),)


CONVERSATION: Final[Decider[ConversationState]] = Decider(
    category="conversation",
    initial=ConversationState(),
    decide=decide,
    evolve=evolve,
    events=(
        ConversationOpened,
        QuestionAsked,
        VoiceHeard,
        VoicesGreeted,
        OpeningEdited,
        OpeningDeleted,
        OpeningRecovered,
        ConversationSolved,
        AnswerAccepted,
        QuestionPassed,
        QuestionPostponed,
        *NEED_EVENTS,
    ),
    deadlines=deadlines,
    lags=True,
)

"""What is known of one conversation, and how it follows from what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from services.triage import needs
from services.triage.conversation_facts import (
    AnswerAccepted,
    ConversationOpened,
    ConversationSolved,
    OpeningDeleted,
    OpeningEdited,
    OpeningRecovered,
    QuestionAsked,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.needs import NEED_EVENTS, HoldsNeeds, NeedFound, NeedGone, NeedRaised, NeedWithdrawn
from services.triage.voices import AnsweredBy, Post, Voices
from shared.contracts.needs_touch import Evidence

T = TypeVar("T")

UNANSWERED: Final = "unanswered"
EARLY_KEPT: Final = 4
"""Edits and deletions that are remembered of posts that ask nothing: the true opening may still be on its way."""


class Presence(Struct, frozen=True, kw_only=True, gc=False):
    """What was last done to a message by the time of the platform: it was deleted, or recovered."""

    message: str
    at: datetime
    deleted: bool


class ConversationState(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """What is known of one conversation.

    ``further`` is the opener's question where the opening asks nothing: their first before anybody else spoke.
    ``looked_at`` is the key of the opener whose question was looked at. ``withdrawn`` when the need that this raised is
    gone without anybody's help: should another post turn out to be the opening, or this one be there again after it was
    deleted, that is looked at, whoever wrote it.
    ``solution`` is the event that marked it as solved; earlier builds did not keep that.
    ``accepted`` is the answer that solved it, until it is known whose it is.
    ``needs_raised`` counts the questions that were found unanswered.
    """

    conversation: str = ""
    opening: Post | None = None
    due: datetime | None = None
    further: QuestionAsked | None = None
    answered_by: AnsweredBy = "anyone"
    voices: Voices = Voices()
    edits: tuple[OpeningEdited, ...] = ()
    deleted: tuple[str, ...] = ()
    presences: tuple[Presence, ...] = ()
    solved: bool = False
    solution: Evidence | None = None
    accepted: ConversationSolved | None = None
    looked_at: str | None = None
    needs_raised: int = 0
    withdrawn: bool = False


def evolve(state: ConversationState, event: Any) -> ConversationState:
    """Return the state after ``event``."""
    match event:
        case ConversationOpened():
            return replace(
                state,
                conversation=event.conversation,
                opening=event.post,
                due=event.due,
                further=_further(state, event.post),
                answered_by=event.answered_by,
                voices=state.voices.hear(event.post),
                looked_at=None if state.withdrawn else state.looked_at,
            )
        case VoiceHeard():
            return replace(state, voices=state.voices.hear(event.post))
        case VoicesGreeted():
            return replace(state, voices=state.voices.greet(event.members))
        case OpeningEdited():
            edits = {edit.message: edit for edit in state.edits if edit.message != event.message}
            return replace(state, edits=_remembered(state, {**edits, event.message: event}))
        case OpeningDeleted() | OpeningRecovered():
            return _with_presence(state, event)
        case ConversationSolved() | AnswerAccepted():
            return _solved(state, event)
        case QuestionPassed():
            return replace(state, looked_at=_opener(state), withdrawn=False)
        case QuestionAsked() | QuestionPostponed():
            return _awaited(state, event)
        case NeedFound() | NeedRaised() if event.need.reason == UNANSWERED:
            return replace(
                needs.evolve(state, event),
                looked_at=event.need.member.key,
                needs_raised=state.needs_raised + 1,
                withdrawn=False,
                # The need ends by the rule that raised it, whatever held when the question was asked.
                answered_by="team" if event.need.thresholds.get("answered_by") == "team" else "anyone",
            )
        case NeedGone(reason="unanswered", by=None) | NeedWithdrawn():
            return replace(needs.evolve(state, event), withdrawn=True)
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


def _solved(state: ConversationState, event: ConversationSolved | AnswerAccepted) -> ConversationState:
    if isinstance(event, AnswerAccepted):
        return replace(state, solved=True, accepted=None)
    accepted = event if event.message is not None else None
    return replace(state, solved=True, solution=event.evidence, accepted=accepted)


def _with_presence(state: ConversationState, event: OpeningDeleted | OpeningRecovered) -> ConversationState:
    gone = isinstance(event, OpeningDeleted)
    deleted = {message: message for message in state.deleted if message != event.message}
    if gone:
        deleted[event.message] = event.message
    presences = {one.message: one for one in state.presences if one.message != event.message}
    presences[event.message] = Presence(message=event.message, at=event.evidence.time, deleted=gone)
    question = event.message in _in_question(state)
    return replace(
        state,
        deleted=_remembered(state, deleted),
        presences=_remembered(state, presences),
        looked_at=None if question and state.withdrawn and not gone else state.looked_at,
    )


def _awaited(state: ConversationState, event: QuestionAsked | QuestionPostponed) -> ConversationState:
    if isinstance(event, QuestionAsked):
        return replace(state, further=event)
    further = replace(state.further, due=event.due) if state.further is not None else None
    return replace(state, due=event.due, further=further)


def _further(state: ConversationState, opening: Post) -> QuestionAsked | None:
    """Return what is known to be asked further down where ``opening`` comes before what opened until now."""
    later = state.opening
    if later is None or later.member.key != opening.member.key or opening.asks:
        return None
    return QuestionAsked(post=later, due=state.due) if later.asks and not later.team else state.further


def _remembered(state: ConversationState, by_message: Mapping[str, T]) -> tuple[T, ...]:
    """Return what concerns the opening and the question, and the last few of the rest."""
    matter = _in_question(state)
    rest = [one for message, one in by_message.items() if message not in matter]
    own = [one for message, one in by_message.items() if message in matter]
    return (*own, *rest[-EARLY_KEPT:])


def _in_question(state: ConversationState) -> set[str]:
    """Return the messages that may be what the conversation asks."""
    further = state.further.post if state.further is not None else None
    return {post.message for post in (state.opening, further) if post is not None}


def _opener(state: ConversationState) -> str | None:
    return state.opening.member.key if state.opening is not None else None


def edit_of(state: ConversationState, message: str) -> OpeningEdited | None:
    """Return the newest edit of ``message`` that is remembered."""
    if not state.edits:
        return None
    return next((edit for edit in state.edits if edit.message == message), None)


def is_later(state: ConversationState, message: str, at: datetime, *, deleted: bool) -> bool:
    """Tell whether a deletion or recovery of ``message`` is the last that is known; of two at once the deletion is."""
    known = next((one for one in state.presences if one.message == message), None)
    return known is None or (at, deleted) > (known.at, known.deleted)


def open_question(state: ConversationState) -> Post | None:
    """Return what the opener asks, as it stands now; None when that is nothing, one of the team's, solved or deleted.

    That is the opening; where it never asked anything, their first question before anybody else spoke.
    """
    opening, further = state.opening, state.further
    if opening is None or opening.team or state.solved or opening.message in state.deleted:
        return None
    if _asks(state, opening):
        return opening
    if further is None or not _asks(state, further.post) or further.post.message in state.deleted:
        return None
    return None if state.voices.others_by(opening.member, further.post.evidence.time) else further.post


def _asks(state: ConversationState, post: Post) -> bool:
    edit = edit_of(state, post.message)
    return post.asks if edit is None else edit.asks


def due_of(state: ConversationState, question: Post) -> datetime | None:
    """Return when an answer to ``question``, the open one, is due."""
    further = state.further
    return further.due if further is not None and further.post is question else state.due

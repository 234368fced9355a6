"""What is known of one conversation, and how it follows from what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from services.triage import needs
from services.triage.conversation_facts import (
    AnswerAccepted,
    ConversationOpened,
    ConversationSolved,
    OpeningDeleted,
    OpeningEdited,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.needs import NEED_EVENTS, HoldsNeeds, NeedFound, NeedGone, NeedRaised, NeedWithdrawn
from services.triage.voices import AnsweredBy, Post, Voices

T = TypeVar("T")

UNANSWERED: Final = "unanswered"
EARLY_KEPT: Final = 4
"""Edits and deletions that are remembered of other posts than the opening: the true opening may still be on its way."""


class ConversationState(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """What is known of one conversation.

    ``looked_at`` is the key of the opener whose question was looked at. ``withdrawn`` when the need that this raised is
    gone without anybody's help: should another post turn out to be the opening, that is looked at, whoever wrote it.
    ``accepted`` is the answer that solved it, until it is known whose it is.
    ``needs_raised`` counts the questions that were found unanswered.
    """

    conversation: str = ""
    opening: Post | None = None
    due: datetime | None = None
    answered_by: AnsweredBy = "anyone"
    voices: Voices = Voices()
    edits: tuple[OpeningEdited, ...] = ()
    deleted: tuple[str, ...] = ()
    solved: bool = False
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
        case OpeningDeleted():
            deleted = {message: message for message in (*state.deleted, event.message)}
            return replace(state, deleted=_remembered(state, deleted))
        case ConversationSolved() | AnswerAccepted():
            accepted = event if isinstance(event, ConversationSolved) and event.message is not None else None
            return replace(state, solved=True, accepted=accepted)
        case QuestionPassed():
            return replace(state, looked_at=_opener(state), withdrawn=False)
        case QuestionPostponed():
            return replace(state, due=event.due)
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


def _remembered(state: ConversationState, by_message: Mapping[str, T]) -> tuple[T, ...]:
    """Return what concerns the opening, and the last few of the rest."""
    opening = state.opening.message if state.opening is not None else None
    rest = [one for message, one in by_message.items() if message != opening]
    own = [one for message, one in by_message.items() if message == opening]
    return (*own, *rest[-EARLY_KEPT:])


def _opener(state: ConversationState) -> str | None:
    return state.opening.member.key if state.opening is not None else None


def edit_of(state: ConversationState, message: str) -> OpeningEdited | None:
    """Return the newest edit of ``message`` that is remembered."""
    if not state.edits:
        return None
    return next((edit for edit in state.edits if edit.message == message), None)


def is_open_question(state: ConversationState) -> bool:
    """Tell whether the opening, as it stands now, is a question of a member, and neither solved nor deleted."""
    opening = state.opening
    if opening is None or opening.team or state.solved or opening.message in state.deleted:
        return False
    edit = edit_of(state, opening.message)
    return opening.asks if edit is None else edit.asks

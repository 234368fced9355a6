"""What can happen in a conversation, and what its decider can be asked."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from services.triage.needs import Circumstances
from services.triage.voices import AnsweredBy, Post
from shared.contracts.needs_touch import Evidence, MemberRef

# What happened


class ConversationOpened(Struct, frozen=True, kw_only=True, gc=False):
    """The earliest post that is known; ``due`` is when a question in it should have been answered."""

    conversation: str
    post: Post
    due: datetime | None
    answered_by: AnsweredBy


class QuestionAsked(Struct, frozen=True, kw_only=True, gc=False):
    """Who opened with what asks nothing asked further down, before anybody else spoke; ``due`` is the answer's."""

    post: Post
    due: datetime | None


class VoiceHeard(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody spoke, in a way that changes what is known of the conversation."""

    post: Post


class VoicesGreeted(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team spoke after these members did."""

    members: tuple[MemberRef, ...]
    by: MemberRef
    evidence: Evidence


class OpeningEdited(Struct, frozen=True, kw_only=True, gc=False):
    """The opening post was changed, or another that may turn out to be it; ``asks`` is what it does now."""

    message: str
    asks: bool
    evidence: Evidence


class OpeningDeleted(Struct, frozen=True, kw_only=True, gc=False):
    """The opening post is gone, or another that may turn out to have been it."""

    message: str
    evidence: Evidence


class OpeningRecovered(Struct, frozen=True, kw_only=True, gc=False):
    """The opening post, or another that may turn out to be it, is there again after it was deleted."""

    message: str
    evidence: Evidence


class ConversationSolved(Struct, frozen=True, kw_only=True, gc=False):
    """The conversation was marked as solved, by the answer ``message`` where there is one."""

    evidence: Evidence
    message: str | None = None


class AnswerAccepted(Struct, frozen=True, kw_only=True, gc=False):
    """The answer by which the conversation was solved is this peer's first in it."""

    by: MemberRef
    evidence: Evidence


class QuestionPassed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came and nothing is needed; ``why`` says what stood against it."""

    why: str
    at: datetime


class QuestionPostponed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came, and by the policy that holds now it is later."""

    due: datetime


# What is asked


class NotePost(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody wrote; ``due`` is when an answer would be due if this is what the conversation asks."""

    conversation: str
    post: Post
    due: datetime | None
    answered_by: AnsweredBy


class NoteEdit(Struct, frozen=True, kw_only=True, gc=False):
    """A message was changed."""

    message: str
    asks: bool
    evidence: Evidence


class NoteDeletion(Struct, frozen=True, kw_only=True, gc=False):
    """A message is gone."""

    message: str
    evidence: Evidence


class NoteRecovery(Struct, frozen=True, kw_only=True, gc=False):
    """A message that was deleted is there again."""

    message: str
    evidence: Evidence


class NoteSolved(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody marked the conversation as solved, by the answer ``message`` where there is one."""

    evidence: Evidence
    message: str | None = None


class LookAtQuestion(Struct, frozen=True, kw_only=True, gc=False):
    """The answer's deadline fired. ``answered_by`` and ``team``, the opener's, are by the policy that holds now.

    ``bot`` and ``gone`` are the opener's, too: whether they are no human, or left.
    """

    seen: Circumstances
    answered_by: AnsweredBy
    team: bool
    bot: bool = False
    gone: bool = False

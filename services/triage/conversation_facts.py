"""What can happen in a conversation, and what its decider can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.triage.needs import Circumstances
from services.triage.voices import AnsweredBy, Post
from shared.contracts.needs_touch import Evidence, MemberRef

# What happened


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOpened:
    """The earliest post that is known; ``due`` is when a question in it should have been answered."""

    conversation: str
    post: Post
    due: datetime | None
    answered_by: AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHeard:
    """Somebody spoke, in a way that changes what is known of the conversation."""

    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicesGreeted:
    """Somebody of the team spoke after these members did."""

    members: tuple[MemberRef, ...]
    by: MemberRef
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningEdited:
    """The opening post was changed, or another that may turn out to be it; ``asks`` is what it does now."""

    message: str
    asks: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningDeleted:
    """The opening post is gone, or another that may turn out to have been it."""

    message: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSolved:
    """The conversation was marked as solved."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPassed:
    """The deadline came and nothing is needed; ``why`` says what stood against it."""

    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPostponed:
    """The deadline came, and by the policy that holds now it is later."""

    due: datetime


# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePost:
    """Somebody wrote; ``due`` is when an answer would be due if this opens the conversation with a question."""

    conversation: str
    post: Post
    due: datetime | None
    answered_by: AnsweredBy


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEdit:
    """A message was changed."""

    message: str
    asks: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDeletion:
    """A message is gone."""

    message: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSolved:
    """Somebody marked the conversation as solved."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtQuestion:
    """The answer's deadline fired. ``answered_by`` and ``team``, the opener's, are by the policy that holds now."""

    seen: Circumstances
    answered_by: AnsweredBy
    team: bool

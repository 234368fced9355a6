"""Who turned to a newcomer, of those who are not of the team: by an answer to what they opened, or by their name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.triage.conversation_facts import VoiceHeard
from services.triage.member_facts import NoteNewcomersWord, TurnAsPeer
from services.triage.member_state import MemberState
from services.triage.situation import Situation
from services.triage.stream_ids import conversation_stream
from shared.workspace import Workspace


def note_word(now: Situation) -> None:
    """Remember where a newcomer wrote: who answers there may have turned to them."""
    if not _counts(now):
        return
    state: MemberState = now.work.state(now.stream)
    if state.welcome_by is not None and not now.team:
        now.decide(now.stream, NoteNewcomersWord(conversation=now.data.conversation, at=now.event.time))


def answer_opener(now: Situation, conversation: str, events: Sequence[Any]) -> None:
    """Whoever opened the stream ``conversation`` was turned to when the first peer was heard in it."""
    if not _counts(now):
        return
    heard = [event.post.evidence for event in events if isinstance(event, VoiceHeard)]
    if not heard:
        return
    state = now.work.state(conversation)
    if state.opening is None:
        return
    opener = state.opening.member
    answer = state.voices.peer_answer(opener)
    if answer is not None and answer.first in heard:
        now.decide(now.of(opener), TurnAsPeer(by=answer.member, evidence=answer.first, mentioned=False))


def address_mentioned(now: Situation) -> None:
    """Whom a peer mentions was turned to, though the event of their joining may arrive later."""
    if now.bot or now.team or not _counts(now):
        return
    for member in now.mentioned:
        now.decide(now.of(member), TurnAsPeer(by=now.member, evidence=now.evidence, mentioned=True))


def _counts(now: Situation) -> bool:
    """Tell whether a peer's word to a newcomer counts; else nothing of it is kept."""
    return now.reading.arming.welcome.greeted_by == "anyone"


def turned_to_by_peer(member: MemberState, community: str, work: Workspace) -> bool:
    """Tell whether a peer mentioned the member, or answered in one of the conversations that they opened."""
    if member.addressed is not None:
        return True
    conversations = [conversation_stream(community, member.platform, one.conversation) for one in member.spoke_in]
    for state in work.states(conversations):
        opening = state.opening
        if opening is not None and opening.member == member.member and state.voices.peer_answer(opening.member):
            return True
    return False

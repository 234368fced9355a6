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
    if state.welcome == "awaited" and state.welcome_due is not None and not now.team:
        now.decide(now.stream, NoteNewcomersWord(conversation=now.data.conversation, at=now.event.time))


def answer_opener(now: Situation, conversation: str, events: Sequence[Any]) -> None:
    """Whoever opened the stream ``conversation`` was turned to when the first peer was heard in it."""
    heard = [event.post.evidence for event in events if isinstance(event, VoiceHeard)] if _counts(now) else []
    opening = now.work.state(conversation).opening if heard else None
    answer = now.work.state(conversation).voices.peer_answer(opening.member) if opening is not None else None
    if opening is not None and answer is not None and answer.first in heard:
        now.decide(now.of(opening.member), TurnAsPeer(by=answer.member, evidence=answer.first, mentioned=False))


def address_mentioned(now: Situation) -> None:
    """Whom a peer mentions was turned to, though the event of their joining may arrive later."""
    if not now.data.mentions or not _counts(now) or now.bot or now.team:
        return
    for member_id in now.data.mentions:
        member = now.ref(member_id)
        if member != now.member:
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

"""``welcome``: a newcomer whom nobody of the team has greeted; where the policy says so, to whom nobody has turned.

A peer turns to a newcomer by an answer in a conversation that they opened, or by a mention. What is said to others in a
conversation that they only joined does not count: whom it is meant for cannot be told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.difference import within
from services.triage.member_facts import (
    LookAtWelcome,
    MemberAddressed,
    NewcomerSpoke,
    NoteMember,
    NoteNewcomersWord,
    TurnAsPeer,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.member_state import NOT_KNOWN_LONG, MemberState, earliest
from services.triage.needs import raised, standing_for, withdrawn
from services.triage.newcomer_facts import LoseMessage, NewcomerBack, NewcomerKnownBy, NewcomerSeenAgain, NewcomerUnseen
from shared.contracts.needs_touch import Scalar, TouchReason

NAME: Final = "welcome"
GREETED_BY: Final = "greeted_by"
EVENTS: Final = (
    MemberAddressed,
    NewcomerSpoke,
    NewcomerKnownBy,
    NewcomerSeenAgain,
    NewcomerUnseen,
    NewcomerBack,
    WelcomePassed,
    WelcomePostponed,
)
"""What is recorded of a welcome in the stream of the member."""

_BY_PEER: Final = "a peer turned to them"
_UNSEEN: Final = "their only message was deleted"


def may_begin(state: MemberState, time: datetime, *, joined: bool) -> bool:
    """Tell whether an event of that time may be the one that a welcome counts from: only then it matters when."""
    first = state.first
    return first is None or time <= first.time or (joined and not state.joined)


def look(command: LookAtWelcome, state: MemberState) -> tuple[Any, ...]:
    """Return what follows when the time for a greeting is over."""
    seen = command.seen
    due = state.welcome_by
    if state.member is None or state.first is None or due is None or state.gone:
        return ()
    shows = state.back or state.first
    settled = command.known_since + command.settling_in
    against = {
        "the rule is off": not seen.enabled,
        "one of the team": command.team,
        "a bot": state.bot,
        "the team has no hours": seen.due is None,
        _BY_PEER: command.by_peer,
        "long past": seen.at - shows.time > seen.forget_after,
        **_elsewhere(command, state.first.time),
        NOT_KNOWN_LONG: not state.joined and state.first.time < settled,
    }
    why = next((why for why, holds in against.items() if holds), None)
    if why is not None:
        return (WelcomePassed(why=why, at=seen.at),)
    if seen.due is not None and seen.due > max(due, seen.at):
        return (WelcomePostponed(due=seen.due),)
    values: dict[str, Scalar] = {
        "joined": state.joined,
        "hours_since": round((seen.at - state.first.time) / timedelta(hours=1), 2),
        "greetings": 0,
    }
    word = "a greeting or an answer" if seen.thresholds.get(GREETED_BY) == "anyone" else "a greeting by the team"
    difference = within(word, seen.due - state.first.time) if seen.due else None
    return (raised(seen, NAME, state.member, (shows,), values, difference=difference, since=state.first.time),)


def turn_as_peer(command: TurnAsPeer, state: MemberState) -> tuple[Any, ...]:
    """Return what follows of a peer's word to the member: it ends a welcome that it would have spared."""
    first = command.mentioned and state.addressed is None and state.welcome == "awaited"
    addressed = (MemberAddressed(by=command.by, evidence=command.evidence),) if first else ()
    need = standing_for(state, NAME)
    if not isinstance(need, TouchReason) or need.thresholds.get(GREETED_BY) != "anyone":
        return addressed
    return (*addressed, withdrawn(need, command.evidence.time, _BY_PEER, (command.evidence,)))


def note_word(command: NoteNewcomersWord, state: MemberState) -> tuple[NewcomerSpoke, ...]:
    """Return that a newcomer wrote there, where it is one of the first conversations in which they did."""
    if state.welcome_by is None:
        return ()
    spoke = NewcomerSpoke(conversation=command.conversation, at=command.at)
    known = next((one for one in state.spoke_in if one.conversation == spoke.conversation), None)
    if known is not None and known.at <= spoke.at:
        return ()
    return (spoke,) if spoke in earliest((*state.spoke_in, spoke)) else ()


def says_more(state: MemberState, message: str | None) -> bool:
    """Tell whether it is news of a newcomer that they did something: wrote ``message``, if they did."""
    if state.welcome == "unseen":
        return True
    return state.may_be_unseen and not state.known_by_more and (message is None or message != state.first_message)


def note_more(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    """Return that a newcomer did something else than what they are known by, or is there after that was deleted."""
    evidence, message = command.evidence, command.message
    if not command.there or not says_more(state, message):
        return ()
    if state.welcome == "unseen":
        return (NewcomerBack(evidence=evidence, message=message),)
    if state.first_message is None and message is not None:
        return (NewcomerKnownBy(message=message, evidence=evidence),)
    return (NewcomerSeenAgain(evidence=evidence),)


def lose_message(command: LoseMessage, state: MemberState) -> tuple[Any, ...]:
    """Return what follows where the one message is deleted by which the newcomer was known."""
    if state.sole_message != command.message:
        return ()
    evidence, need = command.evidence, standing_for(state, NAME)
    unseen = NewcomerUnseen(evidence=evidence)
    return (unseen,) if need is None else (unseen, withdrawn(need, evidence.time, _UNSEEN, (evidence,)))


def _elsewhere(command: LookAtWelcome, first: datetime) -> dict[str, bool]:
    others = command.elsewhere
    if others is None:
        return {}
    return {
        "there before, on another platform": others.first is not None and others.first.time < first,
        "greeted on another platform": others.contact is not None and others.contact.time >= first,
    }

"""One identity of a member: when they came and were there, what they are, who turned to them, what they may need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage import contact, needs, promises, tags
from services.triage.contact import NoteAllowed, NoteDeclined
from services.triage.member_facts import (
    AskByHand,
    BeElsewhere,
    GreetMember,
    IdentityLinked,
    IdentityUnlinked,
    LookAtWelcome,
    MeetElsewhere,
    MemberActive,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberNamed,
    MemberReturned,
    MemberSeen,
    MemberSurveyed,
    MemberTagged,
    MemberTurnedTo,
    NoteActivity,
    NoteLeft,
    NoteLink,
    NoteMember,
    NoteNewcomersWord,
    NoteOccasion,
    NoteReturn,
    NoteSurvey,
    TurnAsPeer,
)
from services.triage.member_state import MemberState, evolve, named
from services.triage.needs import NEED_EVENTS, CloseNeed, EndNeed, NeedGone, PassNeed, met, withdrawn
from services.triage.newcomer_facts import LoseMessage
from services.triage.occasions import CHECK_IN, FADING, OccasionArose, OccasionLookedAt, OccasionPostponed
from services.triage.promises import NotePromise
from services.triage.reasons import by_hand, kinds, promised, welcome
from services.triage.reasons.judgement import LookAtOccasion
from services.triage.reasons.promised import LookAtPromises
from services.triage.rhythm import day_of, is_news
from services.triage.tags import NoteTag
from services.triage.told import TOLD_EVENTS
from shared.contracts.needs_touch import Evidence, MemberRef, NeedsTouch, TouchReason
from shared.decider import Deadline, Decider

DESCRIBED_AGAIN_AFTER: Final = timedelta(days=1)
"""An unchanged description is recorded again after so long, lest an older one that arrives late replace it."""


def decide(command: Any, state: MemberState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteMember():
            return _note(command, state)
        case NoteActivity():
            return _be_active(command, state)
        case GreetMember():
            return _greet(command, state)
        case NoteLeft():
            return _leave(command, state)
        case NoteReturn() if state.returned_at is None or command.evidence.time > state.returned_at:
            return _return(command, state)
        case NoteSurvey():
            return _answer(command, state)
        case NoteOccasion() if state.occasions.changed_by(command.name, command.occasion):
            return (*named(command.member, state), OccasionArose(name=command.name, occasion=command.occasion))
        case NoteTag():
            return tags.note(command, state.told.tags)
        case NoteDeclined() | NoteAllowed():
            return contact.note(command, state.told.declined)
        case CloseNeed() | PassNeed() | EndNeed():
            return needs.decide(command, state)
        case _ if type(command) in _BY_REASONS:
            return _BY_REASONS[type(command)](command, state)
        case _:
            return _decide_as_one_person(command, state)


_BY_REASONS: Final[dict[type[Any], Callable[[Any, MemberState], tuple[Any, ...]]]] = {
    LookAtWelcome: welcome.look,
    TurnAsPeer: welcome.turn_as_peer,
    NoteNewcomersWord: welcome.note_word,
    LoseMessage: welcome.lose_message,
    LookAtOccasion: kinds.look,
    LookAtPromises: promised.look,
    NotePromise: promised.note,
    AskByHand: by_hand.ask,
}
"""What the reasons decide by themselves."""


def _decide_as_one_person(command: Any, state: MemberState) -> tuple[Any, ...]:
    match command:
        case NoteLink():
            return _link(command, state)
        case MeetElsewhere():
            return tuple(_met(command.by, command.evidence, state))
        case BeElsewhere():
            return tuple(_there_elsewhere(state, command.evidence))
        case _:
            return ()


def _note(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    events = _seen(command, state) + _described(command, state)
    if command.tags is not None and (state.tagged_at is None or command.evidence.time > state.tagged_at):
        events = (*events, MemberTagged(tags=command.tags, at=command.evidence.time))
    if not state.needs and state.need is None:
        return events
    after = MEMBER.fold(events, state)
    if after.team or after.bot:
        cause = "one of the team" if after.team else "a bot"
        standing = (need for need in needs.standing(state) if need.reason != by_hand.BY_HAND)
        events = (*events, *_withdrawn(standing, cause, command.evidence))
    return events


def _withdrawn(standing: Iterable[TouchReason | NeedsTouch], cause: str, evidence: Evidence) -> Iterator[NeedGone]:
    return (withdrawn(need, evidence.time, cause, (evidence,)) for need in standing)


def _seen(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    known = state.first
    earlier = known is None or _is_before(command.evidence, known)
    if not earlier and (state.joined or not command.joined):
        return welcome.note_more(command, state)
    first = command.evidence if earlier or known is None else known
    # The need to greet begins with whatever is known first; a late report of the joining does not move it.
    due = command.welcome_due if earlier else state.welcome_due or command.welcome_due
    return (
        MemberSeen(
            member=command.member,
            evidence=first,
            joined=command.joined or state.joined,
            welcome_due=due,
            message=command.message,
            there=command.there,
        ),
    )


def _is_before(evidence: Evidence, known: Evidence) -> bool:
    return evidence.time <= known.time and _place(evidence) < _place(known)


def _place(evidence: Evidence) -> tuple[datetime, str, str]:
    return (evidence.time, evidence.source, evidence.event)


def _described(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    time, known = command.evidence.time, state.described_at
    bot = state.bot or command.bot
    at: datetime | None
    if command.roles is not None and (known is None or time >= known):
        roles, team, at = command.roles, command.team, time
        again = known is None or time - known >= DESCRIBED_AGAIN_AFTER
    else:
        roles, team, at = state.roles, command.team if command.roles is None else state.team, known
        again = False
    changed = bot != state.bot or team != state.team or roles != state.roles
    return (MemberDescribed(roles=roles, bot=bot, team=team, at=at),) if again or changed else ()


def _be_active(command: NoteActivity, state: MemberState) -> tuple[Any, ...]:
    evidence = command.evidence
    if not is_news(state.active_days, day_of(evidence.time)):
        return ()
    active = MemberActive(evidence=evidence, missed_at=command.missed_at, check_in_due=command.check_in_due)
    if not state.needs:
        return (active,)
    after = MEMBER.fold((active,), state)
    there = () if after.gone else [need for need in state.needs if need.reason == "farewell"]
    return (active, *_there_again(state, evidence), *_withdrawn(there, "there again", evidence))


def _there_again(state: MemberState, evidence: Evidence) -> Iterator[NeedGone]:
    missed = (need for need in state.needs if need.reason == "fading" and evidence.time > need.evidence[0].time)
    return _withdrawn(missed, "there again", evidence)


def _there_elsewhere(state: MemberState, evidence: Evidence) -> Iterator[NeedGone]:
    yield from _there_again(state, evidence)
    if state.left is not None and day_of(evidence.time) > day_of(state.left.time):
        yield from _withdrawn((need for need in state.needs if need.reason == "farewell"), "there again", evidence)


def _link(command: NoteLink, state: MemberState) -> tuple[IdentityLinked | IdentityUnlinked, ...]:
    if command.linked == any(one.key == command.other.key for one in state.links):
        return ()
    form = IdentityLinked if command.linked else IdentityUnlinked
    return (form(other=command.other, evidence=command.evidence),)


def _greet(command: GreetMember, state: MemberState) -> tuple[Any, ...]:
    evidence, known = command.evidence, state.contact
    events: tuple[Any, ...] = ()
    if state.greeted is None:
        events = (MemberGreeted(by=command.by, evidence=evidence),)
    elif known is None or evidence.time > known.time:
        events = (MemberTurnedTo(by=command.by, evidence=evidence),)
    return (*events, *_met(command.by, evidence, state))


def _met(by: MemberRef, evidence: Evidence, state: MemberState) -> Iterator[NeedGone]:
    """Yield the end of each need that a word of the team is what it asks for."""
    for need in needs.standing(state):
        if _meets(evidence, need):
            cause = "greeted" if need.reason == "welcome" else "the team turned to them"
            yield met(need, evidence.time, cause, by, (evidence,))


def _meets(contact: Evidence, need: TouchReason | NeedsTouch) -> bool:
    """Tell whether a word of the team is what the need asks for."""
    match need.reason:
        case "welcome":
            return True
        case "fading" | "returning" | "milestone" | "low-survey" | "moderated" | "farewell" | "check-in":
            return contact.time >= min(need.since, need.evidence[0].time)
        case "follow-up":
            return contact.time >= need.since
        case _:
            return False


def _leave(command: NoteLeft, state: MemberState) -> tuple[Any, ...]:
    if state.left is not None and state.left.time >= command.evidence.time:
        return ()
    left = MemberLeft(evidence=command.evidence)
    if not MEMBER.fold((left,), state).gone:
        return (left,)
    standing = (need for need in needs.standing(state) if need.reason not in ("farewell", by_hand.BY_HAND))
    return (left, *_withdrawn(standing, "the member left", command.evidence))


def _return(command: NoteReturn, state: MemberState) -> tuple[Any, ...]:
    returned = MemberReturned(evidence=command.evidence)
    farewell = needs.standing_for(state, "farewell")
    if farewell is None or MEMBER.fold((returned,), state).gone:
        return (returned,)
    return (returned, withdrawn(farewell, command.evidence.time, "there again", (command.evidence,)))


def _answer(command: NoteSurvey, state: MemberState) -> tuple[Any, ...]:
    known, answer = state.surveyed, command.answer
    if known is not None and _place(answer.evidence) <= _place(known.evidence):
        return ()
    surveyed, low = MemberSurveyed(answer=answer), needs.standing_for(state, "low-survey")
    if low is None or command.low:
        return (surveyed,)
    return (surveyed, withdrawn(low, answer.evidence.time, "a better answer", (answer.evidence,)))


def deadlines(state: MemberState) -> tuple[Deadline, ...]:
    """Return when a welcome and all that waits are looked at; nothing is for the team and for bots."""
    if state.team or state.bot:
        return ()
    welcome_by = None if state.gone else state.welcome_by
    dues = (("welcome", welcome_by), (FADING, state.missed_at), (CHECK_IN, state.check_in_due))
    waits = (*(Deadline(name=name, due=due) for name, due in dues if due is not None), *state.occasions.deadlines())
    declined = state.told.declined
    return (*contact.put_off(waits, declined), *promises.deadlines(state.told.promises, declined))


MEMBER: Final[Decider[MemberState]] = Decider(
    category="member",
    initial=MemberState(),
    decide=decide,
    evolve=evolve,
    events=(
        MemberSeen,
        MemberNamed,
        MemberActive,
        MemberDescribed,
        MemberTagged,
        MemberGreeted,
        MemberTurnedTo,
        MemberLeft,
        MemberReturned,
        MemberSurveyed,
        IdentityLinked,
        IdentityUnlinked,
        *welcome.EVENTS,
        OccasionArose,
        OccasionPostponed,
        OccasionLookedAt,
        *TOLD_EVENTS,
        *NEED_EVENTS,
    ),
    deadlines=deadlines,
)

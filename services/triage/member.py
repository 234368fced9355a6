"""One identity of a member: when they came, what they are, and whether somebody of the team has greeted them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec.structs import replace

from services.triage import needs
from services.triage.difference import within
from services.triage.member_facts import (
    GreetMember,
    LookAtWelcome,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberSeen,
    MemberTagged,
    NoteLeft,
    NoteMember,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.needs import (
    NEED_EVENTS,
    CloseNeed,
    HoldsNeeds,
    NeedFound,
    NeedGone,
    NeedRaised,
    PassNeed,
    met,
    raised,
    withdrawn,
)
from shared.contracts.needs_touch import Evidence, MemberRef, Scalar
from shared.decider import Deadline, Decider

WELCOME: Final = "welcome"
DESCRIBED_AGAIN_AFTER: Final = timedelta(days=1)
"""An unchanged description is recorded again after so long, lest an older one that arrives late replace it."""

_NOT_KNOWN_LONG: Final = "the community is not known for long"


class MemberState(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """What is known of one identity.

    ``welcome`` is awaited until it is done: looked at, or clear before; it is doubtful when it was passed only since
    nobody could tell a newcomer from somebody old, so that a late report of the joining takes it up again.
    """

    member: MemberRef | None = None
    first: Evidence | None = None
    joined: bool = False
    roles: tuple[str, ...] = ()
    described_at: datetime | None = None
    tags: tuple[str, ...] = ()
    tagged_at: datetime | None = None
    bot: bool = False
    team: bool = False
    greeted: Evidence | None = None
    left: Evidence | None = None
    welcome_due: datetime | None = None
    welcome: Literal["awaited", "doubtful", "done"] = "awaited"


def welcome_may_begin(state: MemberState, time: datetime, *, joined: bool) -> bool:
    """Tell whether an event of that time may be the one that a welcome counts from: only then it matters when."""
    first = state.first
    return first is None or time <= first.time or (joined and not state.joined)


def decide(command: Any, state: MemberState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteMember():
            return _note(command, state)
        case GreetMember():
            return _greet(command, state)
        case NoteLeft():
            return _leave(command, state)
        case LookAtWelcome():
            return _look(command, state)
        case CloseNeed() | PassNeed():
            return needs.decide(command, state)
        case _:
            return ()


def _note(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    events = (*_seen(command, state), *_described(command, state))
    if command.tags is not None and (state.tagged_at is None or command.evidence.time > state.tagged_at):
        events = (*events, MemberTagged(tags=command.tags, at=command.evidence.time))
    if not state.needs and state.need is None:
        return events
    after = MEMBER.fold(events, state)
    if after.team or after.bot:
        cause = "one of the team" if after.team else "a bot"
        events = (*events, *_all_withdrawn(state, cause, command.evidence))
    return events


def _all_withdrawn(state: MemberState, cause: str, evidence: Evidence) -> tuple[NeedGone, ...]:
    return tuple(withdrawn(need, evidence.time, cause, (evidence,)) for need in needs.standing(state))


def _seen(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    earlier = state.first is None or _place(command.evidence) < _place(state.first)
    if not earlier and (state.joined or not command.joined):
        return ()
    first = command.evidence if earlier or state.first is None else state.first
    # The need to greet begins with whatever is known first; a late report of the joining does not move it.
    due = command.welcome_due if earlier else state.welcome_due or command.welcome_due
    return (MemberSeen(member=command.member, evidence=first, joined=command.joined or state.joined, welcome_due=due),)


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
    changed = (roles, bot, team) != (state.roles, state.bot, state.team)
    return (MemberDescribed(roles=roles, bot=bot, team=team, at=at),) if again or changed else ()


def _greet(command: GreetMember, state: MemberState) -> tuple[Any, ...]:
    if state.greeted is not None:
        return ()
    greeted = MemberGreeted(by=command.by, evidence=command.evidence)
    welcome = needs.standing_for(state, WELCOME)
    if welcome is None:
        return (greeted,)
    return (greeted, met(welcome, command.evidence.time, "greeted", command.by, (command.evidence,)))


def _leave(command: NoteLeft, state: MemberState) -> tuple[Any, ...]:
    if state.left is not None:
        return ()
    return (MemberLeft(evidence=command.evidence), *_all_withdrawn(state, "the member left", command.evidence))


def _look(command: LookAtWelcome, state: MemberState) -> tuple[Any, ...]:
    seen = command.seen
    if state.member is None or state.first is None or state.welcome_due is None or state.welcome != "awaited":
        return ()
    settled = command.known_since + command.settling_in
    against = {
        "the rule is off": not seen.enabled,
        "one of the team": command.team,
        "a bot": state.bot,
        "the team has no hours": seen.due is None,
        "long past": seen.at - state.first.time > seen.forget_after,
        _NOT_KNOWN_LONG: not state.joined and state.first.time < settled,
    }
    why = next((why for why, holds in against.items() if holds), None)
    if why is not None:
        return (WelcomePassed(why=why, at=seen.at),)
    if seen.due is not None and seen.due > max(state.welcome_due, seen.at):
        return (WelcomePostponed(due=seen.due),)
    values: dict[str, Scalar] = {
        "joined": state.joined,
        "hours_since": round((seen.at - state.first.time) / timedelta(hours=1), 2),
        "greetings": 0,
    }
    difference = within("a greeting by the team", seen.due - state.first.time) if seen.due else None
    return (raised(seen, WELCOME, state.member, (state.first,), values, difference=difference),)


def evolve(state: MemberState, event: Any) -> MemberState:
    """Return the state after ``event``."""
    match event:
        case MemberSeen():
            again = event.joined and state.welcome == "doubtful"
            return replace(
                state,
                member=event.member,
                first=event.evidence,
                joined=event.joined,
                welcome_due=event.welcome_due,
                welcome="awaited" if again else state.welcome,
            )
        case MemberDescribed():
            return replace(state, roles=event.roles, bot=event.bot, team=event.team, described_at=event.at)
        case MemberTagged():
            return replace(state, tags=event.tags, tagged_at=event.at)
        case MemberGreeted():
            return replace(state, greeted=event.evidence, welcome="done")
        case MemberLeft():
            return replace(state, left=event.evidence, welcome="done")
        case WelcomePassed():
            return replace(state, welcome="doubtful" if event.why == _NOT_KNOWN_LONG else "done")
        case WelcomePostponed():
            return replace(state, welcome_due=event.due)
        case NeedFound() | NeedRaised() if event.need.reason == WELCOME:
            return replace(needs.evolve(state, event), welcome="done")
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


def deadlines(state: MemberState) -> tuple[Deadline, ...]:
    """A welcome is looked at once, unless it is clear before that none is needed."""
    if state.welcome_due is None or state.welcome != "awaited" or state.team or state.bot:
        return ()
    return (Deadline(name=WELCOME, due=state.welcome_due),)


MEMBER: Final[Decider[MemberState]] = Decider(
    category="member",
    initial=MemberState(),
    decide=decide,
    evolve=evolve,
    events=(
        MemberSeen,
        MemberDescribed,
        MemberTagged,
        MemberGreeted,
        MemberLeft,
        WelcomePassed,
        WelcomePostponed,
        *NEED_EVENTS,
    ),
    deadlines=deadlines,
)

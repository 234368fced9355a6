"""One identity of a member: when they came, what they are, and whether somebody of the team has greeted them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.needs import (
    Circumstances,
    CloseNeed,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedWithdrawn,
    met,
    raised,
    withdrawn,
)
from shared.contracts.needs_touch import Evidence, MemberRef, NeedsTouch, Scalar
from shared.decider import Deadline, Decider

WELCOME: Final = "welcome"

# What happened


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """The member is there since ``evidence.time``, as far as is known; ``joined`` when the platform said so."""

    member: MemberRef
    evidence: Evidence
    joined: bool
    welcome_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDescribed:
    """What the platform says about the member, as of ``at``; ``team`` by the policy's mapping at that time."""

    roles: tuple[str, ...]
    tags: tuple[str, ...]
    bot: bool
    team: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGreeted:
    """Somebody of the team answered or mentioned the member."""

    by: MemberRef
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft:
    """The member left the community."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomePassed:
    """The deadline came and no welcome is needed; ``why`` says what stood against it."""

    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomePostponed:
    """The deadline came, and by the policy that holds now it is later."""

    due: datetime


# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMember:
    """The member did something; ``tags`` is None when the event says nothing of them."""

    member: MemberRef
    evidence: Evidence
    joined: bool
    roles: tuple[str, ...]
    tags: tuple[str, ...] | None
    bot: bool
    team: bool
    welcome_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetMember:
    """Somebody of the team turned to the member."""

    by: MemberRef
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLeft:
    """The member left or cancelled."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtWelcome:
    """The welcome's deadline fired. ``known_since`` is the time of the community's first known event."""

    seen: Circumstances
    known_since: datetime
    settling_in: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """What is known of one identity."""

    member: MemberRef | None = None
    first: Evidence | None = None
    joined: bool = False
    roles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    bot: bool = False
    team: bool = False
    described_at: datetime | None = None
    greeted: Evidence | None = None
    left: Evidence | None = None
    welcome_due: datetime | None = None
    need: NeedsTouch | None = None
    welcomed: bool = False


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
        case CloseNeed() if state.need is not None and state.need.touch == command.touch:
            return (NeedClosed(touch=command.touch, outcome=command.outcome),)
        case _:
            return ()


def _note(command: NoteMember, state: MemberState) -> tuple[Any, ...]:
    events: list[Any] = []
    earlier = state.first is None or command.evidence.time < state.first.time
    if earlier or (command.joined and not state.joined):
        first = command.evidence if earlier or state.first is None else state.first
        # The need to greet begins with whatever is known first; a late report of the joining does not move it.
        due = command.welcome_due if first is command.evidence else state.welcome_due or command.welcome_due
        events.append(
            MemberSeen(member=command.member, evidence=first, joined=command.joined or state.joined, welcome_due=due)
        )
    tags = state.tags if command.tags is None else command.tags
    described = (command.roles, tags, command.bot, command.team)
    if described != (state.roles, state.tags, state.bot, state.team) and (
        state.described_at is None or command.evidence.time >= state.described_at
    ):
        events.append(
            MemberDescribed(
                roles=command.roles, tags=tags, bot=command.bot, team=command.team, at=command.evidence.time
            )
        )
    return tuple(events)


def _greet(command: GreetMember, state: MemberState) -> tuple[Any, ...]:
    if state.greeted is not None:
        return ()
    greeted = MemberGreeted(by=command.by, evidence=command.evidence)
    if state.need is None:
        return (greeted,)
    return (greeted, met(state.need, command.evidence.time, "greeted", command.by, (command.evidence,)))


def _leave(command: NoteLeft, state: MemberState) -> tuple[Any, ...]:
    if state.left is not None:
        return ()
    left = MemberLeft(evidence=command.evidence)
    if state.need is None:
        return (left,)
    return (left, withdrawn(state.need, command.evidence.time, "the member left", (command.evidence,)))


def _look(command: LookAtWelcome, state: MemberState) -> tuple[Any, ...]:
    seen = command.seen
    if state.member is None or state.first is None or state.welcome_due is None:
        return ()
    if seen.due is not None and seen.due > max(state.welcome_due, seen.at):
        return (WelcomePostponed(due=seen.due),)
    settled = command.known_since + command.settling_in
    against = {
        "the rule is off": not seen.enabled,
        "one of the team": state.team,
        "a bot": state.bot,
        "greeted": state.greeted is not None,
        "left": state.left is not None,
        "long past": seen.at - state.first.time > seen.forget_after,
        "the community is not known for long": not state.joined and state.first.time < settled,
    }
    for why, holds in against.items():
        if holds:
            return (WelcomePassed(why=why, at=seen.at),)
    values: dict[str, Scalar] = {
        "joined": state.joined,
        "hours_since": _hours(seen.at - state.first.time),
        "greetings": 0,
    }
    return (raised(seen, "welcome", state.member, (state.first,), values),)


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 2)


def evolve(state: MemberState, event: Any) -> MemberState:
    """Return the state after ``event``."""
    match event:
        case MemberSeen():
            again = event.joined and not state.joined and state.need is None
            return replace(
                state,
                member=event.member,
                first=event.evidence,
                joined=event.joined,
                welcome_due=event.welcome_due if again or not state.welcomed else state.welcome_due,
                welcomed=state.welcomed and not again,
            )
        case MemberDescribed():
            return replace(
                state, roles=event.roles, tags=event.tags, bot=event.bot, team=event.team, described_at=event.at
            )
        case MemberGreeted():
            return replace(state, greeted=event.evidence, welcomed=True)
        case MemberLeft():
            return replace(state, left=event.evidence, welcomed=True)
        case WelcomePassed():
            return replace(state, welcomed=True)
        case WelcomePostponed():
            return replace(state, welcome_due=event.due)
        case NeedRaised():
            return replace(state, need=event.need, welcomed=True)
        case NeedWithdrawn() | NeedMet() | NeedClosed():
            return replace(state, need=None)
        case _:
            return state


def deadlines(state: MemberState) -> tuple[Deadline, ...]:
    """A welcome is looked at once, unless it is clear before that none is needed."""
    if state.welcome_due is None or state.welcomed or state.team or state.bot:
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
        MemberGreeted,
        MemberLeft,
        WelcomePassed,
        WelcomePostponed,
        NeedRaised,
        NeedWithdrawn,
        NeedMet,
        NeedClosed,
    ),
    deadlines=deadlines,
)

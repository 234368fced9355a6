"""``welcome``: a newcomer whom nobody of the team has greeted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.difference import within
from services.triage.member_facts import LookAtWelcome, WelcomePassed, WelcomePostponed
from services.triage.member_state import NOT_KNOWN_LONG, MemberState
from services.triage.needs import raised
from shared.contracts.needs_touch import Scalar

NAME: Final = "welcome"


def may_begin(state: MemberState, time: datetime, *, joined: bool) -> bool:
    """Tell whether an event of that time may be the one that a welcome counts from: only then it matters when."""
    first = state.first
    return first is None or time <= first.time or (joined and not state.joined)


def look(command: LookAtWelcome, state: MemberState) -> tuple[Any, ...]:
    """Return what follows when the time for a greeting is over."""
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
        **_elsewhere(command, state.first.time),
        NOT_KNOWN_LONG: not state.joined and state.first.time < settled,
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
    return (raised(seen, NAME, state.member, (state.first,), values, difference=difference),)


def _elsewhere(command: LookAtWelcome, first: datetime) -> dict[str, bool]:
    others = command.elsewhere
    if others is None:
        return {}
    return {
        "there before, on another platform": others.first is not None and others.first.time < first,
        "greeted on another platform": others.contact is not None and others.contact.time >= first,
    }

"""One touch, from raised to ended: exactly one state at any time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.notifier.touch_commands import (
    AdoptFact,
    Annotate,
    ArrangeLooks,
    AssignTouch,
    CarryMore,
    Claim,
    Escalate,
    HoldTouch,
    Meet,
    NoteHolderLeft,
    NoteOverdue,
    PassOn,
    RaiseTouch,
    Release,
    Remind,
    RemindAgain,
    Settle,
    Withdraw,
)
from services.notifier.touch_state import (
    OPEN,
    URGENT,
    LoadGrown,
    LooksArranged,
    NeedEnded,
    TouchOverdue,
    TouchRaised,
    TouchState,
    deadlines,
    evolve,
    standing,
)
from shared.contracts import touch_facts
from shared.contracts.touch_facts import (
    Outcome,
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchFact,
    TouchHeld,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
    TouchSettled,
    TouchWithdrawn,
)
from shared.contracts.warmline_facts import PLATFORM
from shared.decider import Decider, Refused

MET_ON_PLATFORM: Final = " has answered on the platform"
MET_ELSEWHERE: Final = " has cared for them elsewhere"
"""How the note to whoever has a touch in their hands ends, after who met it."""


def decide(command: Any, state: TouchState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to; raises Refused for what a person may not do."""
    match command:
        case RaiseTouch():
            known = state.need is not None and command.need.revision <= state.need.revision
            return () if known or state.status in {"settled", "withdrawn"} else (TouchRaised(need=command.need),)
        case Claim() | Release() | Settle():
            return _by_hand(command, state)
        case AdoptFact():
            return _adopt(command, state)
        case _ if state.need is None or state.status not in OPEN:
            return ()
        case AssignTouch() if state.status != "claimed":
            fact = _fact(state, command.at)
            return (
                TouchAssigned(**fact, responder=command.responder, care_load=state.need.care_load, why=command.why),
            )
        case HoldTouch() if state.status != "claimed" and (state.status, state.hold) != ("held", command.hold):
            return (TouchHeld(**_fact(state, command.at), hold=command.hold, why=command.why),)
        case Withdraw():
            return _withdraw(command, state)
        case Meet():
            return _meet(command, state)
        case Annotate() | NoteHolderLeft() if state.status == "claimed":
            left = f"{state.responder} is no longer among the responders: whoever claims it next has it"
            note = command.note if isinstance(command, Annotate) else left
            return (TouchAnnotated(**_fact(state, command.at), note=note),)
        case Remind() if state.status in {"assigned", "claimed"}:
            return (TouchReminded(**_fact(state, command.at), responder=state.responder, to="responder"),)
        case _ if state.status != "claimed" or state.watch.reminded_at is not None:
            return _while_awaited(command, state)
        case _:
            return ()


def _while_awaited(command: Any, state: TouchState) -> tuple[Any, ...]:
    watch = state.watch
    match command:
        case CarryMore() if state.status == "assigned":
            return (LoadGrown(care_load=command.care_load),)
        case PassOn() if state.status == "assigned" and state.responder is not None:
            return (TouchPassedOn(**_fact(state, command.at), responder=state.responder),)
        case NoteOverdue() if state.responder is not None and watch.overdue_since is None:
            return (TouchOverdue(at=command.at),)
        case Escalate() if watch.escalated_at is None:
            return (TouchEscalated(**_fact(state, command.at), cause=command.cause, responder=command.responder),)
        case RemindAgain() if watch.escalated_at is not None:
            return (TouchReminded(**_fact(state, command.at), responder=command.responder, to=command.to),)
        case ArrangeLooks() if (watch.look_due, watch.alarm_due) != (command.look_due, command.alarm_due):
            return (LooksArranged(look_due=command.look_due, alarm_due=command.alarm_due),)
        case _:
            return ()


def _adopt(command: AdoptFact, state: TouchState) -> tuple[Any, ...]:
    if command.fact.revision <= state.revision:
        return ()
    return (command.fact, command.ended) if command.ended else (command.fact,)


def _withdraw(command: Withdraw, state: TouchState) -> tuple[Any, ...]:
    fact = _fact(state, command.at)
    if state.status != "claimed":
        return (TouchWithdrawn(**fact, cause=command.end.cause),)
    note = f"the cause is gone: {command.end.cause}"
    return (TouchAnnotated(**fact, note=note), NeedEnded(cause=command.end.cause, met=False, responder=None))


def _meet(command: Meet, state: TouchState) -> tuple[Any, ...]:
    fact, elsewhere = _fact(state, command.at), command.end.by.platform == PLATFORM
    if state.status == "claimed" and state.responder != command.responder:
        who = command.responder or "somebody of the team"
        return (
            TouchAnnotated(**fact, note=f"{who}{MET_ELSEWHERE if elsewhere else MET_ON_PLATFORM}"),
            NeedEnded(cause=command.end.cause, met=True, responder=command.responder),
        )
    outcome: Outcome = "reached" if elsewhere else "replied-on-platform"
    return (TouchSettled(**fact, responder=command.responder, outcome=outcome, **_settled_need(state)),)


def _by_hand(command: Claim | Release | Settle, state: TouchState) -> tuple[Any, ...]:
    if state.need is None:
        raise Refused("unknown-touch", "there is no such touch: reload the queue")
    if state.status not in OPEN:
        raise Refused("already-ended", f"the touch is {state.status} already: nothing is left to do")
    if not state.seen_from <= command.revision <= state.revision:
        raise Refused(
            "stale-revision",
            f"the touch has changed since you saw it: it is {_now(state)} (revision {state.revision}). Look again.",
        )
    fact = _fact(state, command.at)
    if isinstance(command, Claim):
        theirs = state.responder == command.responder
        if state.status == "claimed" and theirs and state.need.urgency != URGENT:
            raise Refused("not-allowed", "the touch is in your hands already: release it, or settle it when it is done")
        if state.status == "claimed" and not (theirs or command.holder_left or state.watch.escalated_at):
            raise Refused("not-allowed", f"the touch is {_now(state)}: it can be claimed once they release it")
        return (TouchClaimed(**fact, responder=command.responder),)
    if state.responder != command.responder:
        raise Refused("not-allowed", f"the touch is {_now(state)}: claim it first")
    if isinstance(command, Release):
        return (TouchReleased(**fact, responder=command.responder), *_ended_before(state, command.at))
    return (TouchSettled(**fact, responder=command.responder, outcome=command.outcome, **_settled_need(state)),)


def _ended_before(state: TouchState, at: datetime) -> tuple[TouchFact, ...]:
    """Return the end of a touch that is given back after its need had ended: nobody else is asked for it."""
    ended = state.need_ended
    if ended is None or state.need is None:
        return ()
    fact = {**_fact(state, at), "revision": state.revision + 2}
    if not ended.met:
        return (TouchWithdrawn(**fact, cause=ended.cause),)
    settled = TouchSettled(**fact, responder=ended.responder, outcome="replied-on-platform", **_settled_need(state))
    return (settled,)


def _settled_need(state: TouchState) -> dict[str, Any]:
    assert state.need is not None  # noqa: S101 -- asked only of a touch that was raised
    return {"about": state.need.about, "need_revision": state.need.revision}


def _now(state: TouchState) -> str:
    return (
        f"{state.status} by {state.responder}"
        if state.status == "claimed"
        else (f"assigned to {state.responder}" if state.status == "assigned" else state.status)
    )


def _fact(state: TouchState, at: datetime) -> dict[str, Any]:
    assert state.need is not None  # noqa: S101 -- asked only of a touch that was raised
    return {
        "touch": state.need.touch,
        "revision": state.revision + 1,
        "organisation": state.need.organisation,
        "community": state.need.community,
        "at": at,
    }


TOUCH: Final[Decider[TouchState]] = Decider(
    category="touch",
    initial=TouchState(),
    decide=decide,
    evolve=evolve,
    events=(TouchRaised, LoadGrown, NeedEnded, TouchOverdue, LooksArranged, *touch_facts.TOUCH_FACT_TYPES.values()),
    deadlines=deadlines,
    standing=standing,
)

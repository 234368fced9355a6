"""Notifier: what each needs-touch and each command means for the touch and for the people of the roster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from services.notifier.availability import (
    candidate,
    candidates,
    find,
    is_about,
    look_again_at,
    responder_of,
)
from services.notifier.roster import (
    ROSTER,
    ArrangeDrain,
    FinishDrain,
    GrantCapacity,
    ReleaseCapacity,
    RosterState,
    TakePolicy,
    choose,
)
from services.notifier.touch import (
    OPEN,
    TOUCH,
    AssignTouch,
    Claim,
    HoldTouch,
    Meet,
    RaiseTouch,
    Release,
    Settle,
    TouchState,
    Withdraw,
    held_line,
    unserved_line,
)
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn
from shared.contracts.policy import Policy, Responder
from shared.contracts.subjects import partition_of
from shared.contracts.touch_facts import Verdict
from shared.contracts.warmline_facts import PolicyAdopted
from shared.decider import Refused, stream_id
from shared.delivery import Delivered
from shared.event_store.codec import EventCodec
from shared.event_store.recorder import DeadlineRow
from shared.event_store.store import PartitionStore
from shared.partition.folding import LINE_LENGTH
from shared.workspace import Workspace


def notifier_codec() -> EventCodec:
    """Return how notifier's streams are stored."""
    return EventCodec("notifier", (ROSTER, TOUCH))


def touch_stream(touch: str) -> str:
    """Return the stream of a touch."""
    return stream_id("touch", touch)


def roster_stream(organisation: str) -> str:
    """Return the stream of an organisation's roster."""
    return stream_id("roster", organisation)


class NotifierService:
    """Runs one partition of organisations: their touches and their rosters, changed together in one transaction."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions

    def concerns(self, delivered: Delivered) -> bool:
        """Tell whether the organisation is of this partition: TOUCHES is ordered by community, not by organisation."""
        return partition_of(delivered.event.organisation, self._partitions) == self._partition

    def streams_of(self, delivered: Delivered) -> Sequence[str]:
        """Return the roster, and the touch where there is one."""
        event = delivered.event
        touch = getattr(event, "touch", None)
        roster = roster_stream(event.organisation)
        return [roster] if touch is None else [roster, touch_stream(touch)]

    def on_message(self, delivered: Delivered, work: Workspace) -> None:
        """Take in a need, its end, or a policy."""
        event = delivered.event
        if isinstance(event, MemberEvent):
            if isinstance(event.data, PolicyAdopted):
                _take_policy(event.organisation, event.data, work)
            return
        MESSAGE_HANDLERS[type(event)](event, work)

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        """Offer what waits again: the roster's only deadline."""
        roster: RosterState = work.state(deadline.stream)
        _drain(roster.organisation, work)

    def on_command(self, command: TouchCommand, work: Workspace) -> tuple[str, int]:
        """Carry out what a responder asks; return the touch and its new revision. Raises Refused."""
        roster: RosterState = work.state(roster_stream(command.organisation))
        responder = find(roster.policy, command.responder) if roster.policy else None
        if roster.policy is None or responder is None:
            raise Refused(
                "unknown-responder", f"the policy of {command.organisation} has no responder {command.responder!r}"
            )
        touch: TouchState = work.state(touch_stream(command.touch))
        if touch.need is None or touch.need.organisation != command.organisation:
            raise Refused("unknown-touch", "there is no such touch: reload the queue")
        if is_about(responder, touch.need.member):
            raise Refused("not-allowed", "this touch is about you: somebody else takes care of it")
        COMMAND_HANDLERS[type(command)](command, responder, roster.policy, touch.need, work)
        return self.as_done(command, work)

    def as_done(self, command: TouchCommand, work: Workspace) -> tuple[str, int]:
        """Return the touch and its revision."""
        touch: TouchState = work.state(touch_stream(command.touch))
        return command.touch, touch.revision

    def community_of(self, _stream: str) -> str:
        """No import suspends what notifier does."""
        return ""

    def suspended(self, _store: PartitionStore) -> Sequence[str]:
        """No import suspends what notifier does."""
        return ()


def _take_policy(organisation: str, adopted: PolicyAdopted, work: Workspace) -> None:
    roster = roster_stream(organisation)
    command = TakePolicy(organisation=organisation, version=adopted.version, policy=adopted.policy)
    if work.decide(roster, command):
        work.decide(roster, ArrangeDrain(due=work.now))


def _raise(need: NeedsTouch, work: Workspace) -> None:
    stream = touch_stream(need.touch)
    if work.decide(stream, RaiseTouch(need=need)) and work.state(stream).status == "raised":
        _offer(need, work)


def _withdraw(end: NeedsTouchWithdrawn, work: Workspace) -> None:
    _end(end.touch, Withdraw(end=end, at=work.now), work)


def _meet(end: NeedsTouchMet, work: Workspace) -> None:
    roster: RosterState = work.state(roster_stream(end.organisation))
    responder = responder_of(roster.policy, end.by) if roster.policy else None
    stands = find(roster.policy, responder) if roster.policy and responder else None
    touch: TouchState = work.state(touch_stream(end.touch))
    _end(end.touch, Meet(end=end, responder=responder, at=work.now), work)
    done: TouchState = work.state(touch_stream(end.touch))
    if stands and roster.policy and touch.need and done.status != touch.status and responder != touch.responder:
        # Care given unasked counts to the day of who gave it.
        taker = candidate(roster.policy, stands, touch.need, work.now)
        load = touch.need.care_load
        grant = GrantCapacity(touch=end.touch, candidate=taker, care_load=load, by_themselves=True)
        work.decide(roster_stream(end.organisation), grant)
        release = ReleaseCapacity(touch=end.touch, responder=stands.name, care_load=load)
        work.decide(roster_stream(end.organisation), release)


def _end(touch: str, command: Any, work: Workspace) -> None:
    stream = touch_stream(touch)
    before: TouchState = work.state(stream)
    work.decide(stream, command)
    after: TouchState = work.state(stream)
    if after.status not in OPEN:
        _give_back(before, work)


def _give_back(touch: TouchState, work: Workspace) -> None:
    """Take the touch off the responder's load, and let what waits have the room."""
    if touch.need is None or touch.responder is None:
        return
    roster = roster_stream(touch.need.organisation)
    work.decide(
        roster,
        ReleaseCapacity(touch=touch.need.touch, responder=touch.responder, care_load=touch.care_load),
    )
    work.decide(roster, ArrangeDrain(due=work.now))


def _offer(need: NeedsTouch, work: Workspace, *, but: str | None = None) -> bool:
    """Give the touch to whom the roster grants it, or hold it with the reason; tell whether somebody has it now."""
    stream, roster_id = touch_stream(need.touch), roster_stream(need.organisation)
    roster: RosterState = work.state(roster_id)
    if roster.policy is None:
        work.decide(stream, HoldTouch(hold="no-responder", why=(), at=work.now))
        return False
    stands = candidates(roster.policy, need, work.now)
    choice = choose(roster, tuple(one for one in stands if one.responder != but), need.care_load)
    why = choice.why
    if but is not None:
        why = (*why, Verdict(responder=but, chosen=False, why="has just given it back"))
    if choice.responder is None or choice.hold is not None:
        work.decide(stream, HoldTouch(hold=choice.hold or "no-responder", why=why, at=work.now))
        work.decide(roster_id, ArrangeDrain(due=look_again_at(roster.policy, work.now)))
        return False
    chosen = next(one for one in stands if one.responder == choice.responder)
    work.decide(roster_id, GrantCapacity(touch=need.touch, candidate=chosen, care_load=need.care_load))
    work.decide(stream, AssignTouch(responder=choice.responder, why=why, at=work.now))
    return True


def _drain(organisation: str, work: Workspace) -> None:
    roster_id = roster_stream(organisation)
    roster: RosterState = work.state(roster_id)
    lines = [work.line(line) for line in (held_line(organisation), unserved_line(organisation))]
    given = waiting = 0
    for stream in (stream for line in lines for stream in line):
        touch: TouchState = work.state(stream)
        if touch.need is not None and touch.status == "held":
            if _offer(touch.need, work):
                given += 1
            else:
                waiting += 1
    next_due = None
    if given and any(len(line) == LINE_LENGTH for line in lines):
        next_due = work.now  # there is more behind what was seen
    elif waiting and roster.policy:
        next_due = look_again_at(roster.policy, work.now)
    work.decide(roster_id, FinishDrain(next_due=next_due))


def _claim(command: ClaimTouch, responder: Responder, policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    stream, roster_id = touch_stream(need.touch), roster_stream(need.organisation)
    before: TouchState = work.state(stream)
    work.decide(stream, Claim(responder=command.responder, revision=command.revision, at=work.now))
    if before.responder == command.responder:
        return
    _give_back(before, work)
    taker = candidate(policy, responder, need, work.now)
    grant = GrantCapacity(touch=need.touch, candidate=taker, care_load=need.care_load, by_themselves=True)
    work.decide(roster_id, grant)


def _release(command: ReleaseTouch, _one: Responder, _policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    stream = touch_stream(need.touch)
    before: TouchState = work.state(stream)
    work.decide(stream, Release(responder=command.responder, revision=command.revision, at=work.now))
    _give_back(before, work)
    _offer(need, work, but=command.responder)


def _settle(command: SettleTouch, _one: Responder, _policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    settle = Settle(responder=command.responder, revision=command.revision, outcome=command.outcome, at=work.now)
    _end(need.touch, settle, work)


MESSAGE_HANDLERS: Final[dict[type[Any], Callable[[Any, Workspace], None]]] = {
    NeedsTouch: _raise,
    NeedsTouchWithdrawn: _withdraw,
    NeedsTouchMet: _meet,
}

COMMAND_HANDLERS: Final[dict[type[Any], Callable[[Any, Responder, Policy, NeedsTouch, Workspace], None]]] = {
    ClaimTouch: _claim,
    ReleaseTouch: _release,
    SettleTouch: _settle,
}

"""Notifier: what each needs-touch and each command means for the touch and for the people of the roster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from services.notifier.availability import candidate, find, is_about, responder_of
from services.notifier.care_elsewhere import count_care, note_care_of_touch
from services.notifier.looks import arrange_looks
from services.notifier.offering import drain, give_back, offer
from services.notifier.policy_in_force import POLICY, PolicyState, TakePolicy
from services.notifier.roster import ROSTER, GrantCapacity, GrowCapacity, OfferAgain, ReleaseCapacity
from services.notifier.streams import organisation_of, policy_stream, roster_stream, touch_stream
from services.notifier.touch import TOUCH
from services.notifier.touch_commands import (
    Annotate,
    CarryMore,
    Claim,
    Meet,
    NoteHolderLeft,
    RaiseTouch,
    Release,
    Remind,
    Settle,
    Withdraw,
)
from services.notifier.touch_state import OPEN, URGENT, TouchState, line_of
from services.notifier.unclaimed import look_after
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchMet, NeedsTouchRevised, NeedsTouchWithdrawn
from shared.contracts.policy import Policy, Responder
from shared.contracts.subjects import partition_of
from shared.contracts.warmline_facts import PLATFORM, CareLogged, PolicyAdopted
from shared.decider import Refused, category_of
from shared.delivery import Delivered, Message
from shared.event_store.codec import EventCodec
from shared.event_store.interface import Store
from shared.event_store.recorder import DeadlineRow
from shared.workspace import Workspace


class _Owned(msgspec.Struct):
    organisation: str | None = None


_owned_decoder: Final = msgspec.json.Decoder(_Owned)


def notifier_codec() -> EventCodec:
    """Return how notifier's streams are stored."""
    return EventCodec("notifier", (POLICY, ROSTER, TOUCH))


class NotifierService:
    """Runs one partition of organisations: their touches and their rosters, changed together in one transaction."""

    def __init__(self, partition: int, partitions: int) -> None:
        self._partition = partition
        self._partitions = partitions

    def concerns(self, message: Message) -> bool:
        """Tell whether the organisation is of this partition: TOUCHES is ordered by community, not by organisation."""
        organisation = _organisation_of(message)
        return organisation is None or partition_of(organisation, self._partitions) == self._partition

    def streams_of(self, delivered: Delivered) -> Sequence[str]:
        """Return the policy, the roster, and the touch where there is one."""
        event = delivered.event
        touch = getattr(event, "touch", None)
        streams = [policy_stream(event.organisation), roster_stream(event.organisation)]
        return streams if touch is None else [*streams, touch_stream(touch)]

    def streams_beside(self, _coming: Sequence[Delivered], _work: Workspace) -> Sequence[str]:
        """Return nothing: a touch says itself what it is about."""
        return ()

    def streams_of_due(self, _deadlines: Sequence[DeadlineRow], _work: Workspace) -> Sequence[str]:
        """Policy and roster are those of a whole organisation: after its first deadline they are in memory."""
        return ()

    def prepare(self, coming: Sequence[Delivered]) -> None:
        """Nothing is better done for many at once."""

    def on_message(self, delivered: Delivered, work: Workspace) -> None:
        """Take in a need, its end, a policy, or care that was given elsewhere."""
        event = delivered.event
        if not isinstance(event, MemberEvent):
            MESSAGE_HANDLERS[type(event)](event, work)
        elif isinstance(event.data, PolicyAdopted):
            _take_policy(event.organisation, event.data, work)
        elif isinstance(event.data, CareLogged):
            count_care(event, event.data, work)

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        """Offer what waits again, the roster's only deadline, or look at a touch that nobody has claimed."""
        # The wall may still be behind the stream's clock, by which it fires: what begins with it has begun.
        now = max(work.now, deadline.due)
        if category_of(deadline.stream) == TOUCH.category:
            look_after(deadline.stream, deadline.name, now, work)
        else:
            drain(organisation_of(deadline.stream), now, work)

    def on_command(self, command: TouchCommand, work: Workspace) -> tuple[str, int]:
        """Carry out what a responder asks; return the touch and its new revision. Raises Refused."""
        policy: Policy | None = work.state(policy_stream(command.organisation)).policy
        responder = find(policy, command.responder) if policy else None
        if policy is None or responder is None:
            raise Refused(
                "unknown-responder",
                f"the care policy of {command.organisation} has no responder {command.responder!r}: act as one of its "
                "responders, or add this one to the policy",
            )
        touch: TouchState = work.state(touch_stream(command.touch))
        if touch.need is None or touch.need.organisation != command.organisation:
            raise Refused("unknown-touch", "there is no such touch: reload the queue")
        if is_about(responder, touch.need.member):
            raise Refused("not-allowed", "this touch is about you: somebody else takes care of it")
        COMMAND_HANDLERS[type(command)](command, responder, policy, touch.need, work)
        return self.as_done(command, work)

    def as_done(self, command: TouchCommand, work: Workspace) -> tuple[str, int]:
        """Return the touch and its revision."""
        touch: TouchState = work.state(touch_stream(command.touch))
        return command.touch, touch.revision

    def community_of(self, _stream: str) -> str:
        """No import suspends what notifier does."""
        return ""

    def suspended(self, _store: Store) -> Sequence[str]:
        """No import suspends what notifier does."""
        return ()


def _organisation_of(message: Message) -> str | None:
    """Return whose the message is, as its headers or else its body says; None when neither does."""
    named = (message.headers or {}).get("ce-organisation")
    if named is None:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            named = _owned_decoder.decode(message.body).organisation
    return named


def _take_policy(organisation: str, adopted: PolicyAdopted, work: Workspace) -> None:
    stream, roster = policy_stream(organisation), roster_stream(organisation)
    before: PolicyState = work.state(stream)
    if not work.decide(stream, TakePolicy(version=adopted.version, policy=adopted.policy)):
        return
    for responder in before.policy.responders if before.policy else ():
        if find(adopted.policy, responder.name) is None:
            for place in work.line(line_of("claimed", organisation, responder.name)).places:
                work.decide(place.stream, NoteHolderLeft(at=work.now))
    for responder in adopted.policy.responders:
        # What waits is offered anew below; what is assigned would else be looked at only when the policy before said.
        for status in ("assigned", "claimed"):
            for place in work.line(line_of(status, organisation, responder.name)).places:
                touch: TouchState = work.state(place.stream)
                if touch.need is not None:
                    arrange_looks(touch.need, work.now, work)
    work.decide(roster, OfferAgain(at=work.now, unserved=True))


def _raise(need: NeedsTouch, work: Workspace) -> None:
    _take_in(need, f"another reason, or more of one: {need.reason}", work)


def _revise(revised: NeedsTouchRevised, work: Workspace) -> None:
    if revised.by is not None:
        note_care_of_touch(revised.by, revised, work)
    _take_in(revised.remains, f"{revised.reason} is no reason any more: {revised.cause}", work)


def _take_in(need: NeedsTouch, news: str, work: Workspace) -> None:
    stream = touch_stream(need.touch)
    before: TouchState = work.state(stream)
    if not work.decide(stream, RaiseTouch(need=need)):
        return
    if before.need is None or before.status in {"raised", "held"}:
        offer(need, work.now, work)
        return
    if before.status == "claimed":
        work.decide(stream, Annotate(note=news, at=work.now))
    else:
        _let_it_weigh(need, before, work)
    if _asks_anew(need, before):
        work.decide(stream, Remind(at=work.now))
    arrange_looks(need, work.now, work)


def _asks_anew(need: NeedsTouch, before: TouchState) -> bool:
    """Tell whether whoever has the touch must hear of it at once.

    They were told of something that could wait; or it is urgent anew after they had taken on what was urgent before.
    While they have not acted on that, the time that they have goes on.
    """
    if need.urgency != URGENT or before.need is None or before.need.urgency != URGENT:
        return need.urgency == URGENT
    news = any(one.revision == need.revision and one.urgency == URGENT for one in need.reasons)
    return news and before.status == "claimed" and not before.presses


def _let_it_weigh(need: NeedsTouch, before: TouchState, work: Workspace) -> None:
    """Let whoever has the touch carry what it weighs now, if the roster grants that; else it counts as it did."""
    policy: Policy | None = work.state(policy_stream(need.organisation)).policy
    responder = find(policy, before.responder) if policy and before.responder else None
    more = need.care_load - before.care_load
    if policy is None or responder is None or more <= 0:
        return
    grow = GrowCapacity(touch=need.touch, candidate=candidate(policy, responder, need, work.now), care_load=more)
    if work.decide(roster_stream(need.organisation), grow):
        work.decide(touch_stream(need.touch), CarryMore(care_load=need.care_load))


def _withdraw(end: NeedsTouchWithdrawn, work: Workspace) -> None:
    _end(end.touch, Withdraw(end=end, at=work.now), work)


def _meet(end: NeedsTouchMet, work: Workspace) -> None:
    policy: Policy | None = work.state(policy_stream(end.organisation)).policy
    name = responder_of(policy, end.by) if policy else None
    before: TouchState = work.state(touch_stream(end.touch))
    note_care_of_touch(end.by, end, work)
    ended = _end(end.touch, Meet(end=end, responder=name, at=work.now), work)
    responder = find(policy, name) if policy and name else None
    unasked = name != before.responder and end.by.platform != PLATFORM
    if policy and responder and before.need and ended and unasked:
        # It counts to the day of who gave it; of care elsewhere the fact itself does.
        roster, load = roster_stream(end.organisation), before.need.care_load
        giver = candidate(policy, responder, before.need, work.now)
        work.decide(roster, GrantCapacity(touch=end.touch, candidate=giver, care_load=load, by_themselves=True))
        work.decide(roster, ReleaseCapacity(touch=end.touch, responder=responder.name, care_load=load))


def _end(touch: str, command: Any, work: Workspace) -> bool:
    """Tell whether ``command`` has ended the touch, which then weighs on nobody any more."""
    stream = touch_stream(touch)
    before: TouchState = work.state(stream)
    work.decide(stream, command)
    ended = before.status in OPEN and work.state(stream).status not in OPEN
    if ended:
        give_back(before, work)
    return ended


def _claim(command: ClaimTouch, responder: Responder, policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    stream = touch_stream(need.touch)
    before: TouchState = work.state(stream)
    left = before.responder is not None and find(policy, before.responder) is None
    claim = Claim(responder=command.responder, revision=command.revision, at=work.now, holder_left=left)
    work.decide(stream, claim)
    if before.responder == command.responder:
        return
    give_back(before, work)
    taker = candidate(policy, responder, need, work.now)
    grant = GrantCapacity(touch=need.touch, candidate=taker, care_load=need.care_load, by_themselves=True)
    work.decide(roster_stream(need.organisation), grant)


def _release(command: ReleaseTouch, _one: Responder, _policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    stream = touch_stream(need.touch)
    before: TouchState = work.state(stream)
    work.decide(stream, Release(responder=command.responder, revision=command.revision, at=work.now))
    give_back(before, work)
    if work.state(stream).status in OPEN:
        offer(need, work.now, work)


def _settle(command: SettleTouch, _one: Responder, _policy: Policy, need: NeedsTouch, work: Workspace) -> None:
    settle = Settle(responder=command.responder, revision=command.revision, outcome=command.outcome, at=work.now)
    _end(need.touch, settle, work)


MESSAGE_HANDLERS: Final[dict[type[Any], Callable[[Any, Workspace], None]]] = {
    NeedsTouch: _raise,
    NeedsTouchRevised: _revise,
    NeedsTouchWithdrawn: _withdraw,
    NeedsTouchMet: _meet,
}

COMMAND_HANDLERS: Final[dict[type[Any], Callable[[Any, Responder, Policy, NeedsTouch, Workspace], None]]] = {
    ClaimTouch: _claim,
    ReleaseTouch: _release,
    SettleTouch: _settle,
}

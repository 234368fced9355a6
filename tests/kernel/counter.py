"""A very small service over the kernel: it counts what each member posted, reminds, and can be told to do badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.contracts.cloudevents import MemberEvent, Publication, encode_member_event, publication, type_name
from shared.contracts.commands import ClaimTouch
from shared.contracts.member_events import Member, Posted
from shared.contracts.needs_touch import NeedsTouchWithdrawn
from shared.contracts.subjects import needs_touch_subject
from shared.decider import Deadline, Decider, Refused, Standing, stream_id
from shared.delivery import Delivered, Message
from shared.event_store.codec import EventCodec, RecordedEvent
from shared.event_store.interface import Store
from shared.event_store.recorder import DeadlineRow
from shared.publisher import Outgoing
from shared.workspace import Workspace

START = datetime.fromisoformat("2026-11-20T12:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    by: str
    clock: datetime
    remind: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    clock: datetime
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterState:
    total: int = 0
    remind: datetime | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    by: str
    clock: datetime
    remind: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    clock: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    on: bool


def _decide(command: Any, state: CounterState) -> tuple[Any, ...]:
    match command:
        case Count():
            return (Counted(by=command.by, clock=command.clock, remind=command.remind),)
        case Remind():
            return (Reminded(clock=command.clock, total=state.total),)
        case Suspend() if command.on != state.suspended:
            return (Suspended(on=command.on),)
        case _:
            return ()


def _evolve(state: CounterState, event: Any) -> CounterState:
    match event:
        case Counted():
            return replace(state, total=state.total + 1, remind=event.remind or state.remind)
        case Reminded():
            return replace(state, remind=None)
        case Suspended():
            return replace(state, suspended=event.on)
        case _:
            return state


COUNTER: Decider[CounterState] = Decider(
    category="counter",
    initial=CounterState(),
    decide=_decide,
    evolve=_evolve,
    events=(Counted, Reminded, Suspended),
    deadlines=lambda state: (Deadline(name="remind", due=state.remind),) if state.remind else (),
    standing=lambda state: Standing(line="suspended", rank=0.0) if state.suspended else None,
)


TALLY: Decider[CounterState] = Decider(
    category="tally",
    initial=COUNTER.initial,
    decide=COUNTER.decide,
    evolve=COUNTER.evolve,
    events=COUNTER.events,
    deadlines=COUNTER.deadlines,
    lags=True,
)
"""The same, but what is stored of its states may lag behind the log."""


def counter_codec() -> EventCodec:
    return EventCodec("counter", (COUNTER, TALLY))


def counter(community: str, member: str) -> str:
    return stream_id("counter", community, member)


class CounterService:
    """The text of a post is its order: ``remind <time>``, ``suspend``, ``resume``, ``poison`` or anything else."""

    def concerns(self, message: Message) -> bool:
        return ".elsewhere." not in message.subject

    def streams_of(self, delivered: Delivered) -> Sequence[str]:
        return [counter(delivered.event.community, delivered.event.data.member.id)]

    def streams_beside(self, _coming: Sequence[Delivered], _work: Workspace) -> Sequence[str]:
        return ()

    def streams_of_due(self, _deadlines: Sequence[DeadlineRow], _work: Workspace) -> Sequence[str]:
        return ()

    def prepare(self, coming: Sequence[Delivered]) -> None:
        pass

    def on_message(self, delivered: Delivered, work: Workspace) -> None:
        community, posted = delivered.event.community, delivered.event.data
        stream = counter(community, posted.member.id)
        order, _, argument = posted.text.partition(" ")
        remind = datetime.fromisoformat(argument) if order == "remind" else None
        work.decide(stream, Count(by=delivered.event.id, clock=work.clock, remind=remind))
        if order == "everybody":
            work.decide(counter(community, argument), Count(by=delivered.event.id, clock=work.clock))
        if order == "poison":
            raise ValueError("poison \0 with a NUL")
        if order in {"suspend", "resume"}:
            work.decide(counter(community, "gate"), Suspend(on=order == "suspend"))
            (work.book.suspend if order == "suspend" else work.book.resume)(community)

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        if deadline.stream.endswith(":broken"):
            raise ValueError("a deadline that fails")
        work.decide(deadline.stream, Remind(clock=work.clock))

    def community_of(self, stream: str) -> str:
        return stream.split(":")[1]

    def suspended(self, store: Store) -> Sequence[str]:
        return [place.stream.split(":")[1] for place in store.waiting("suspended", 1000)]

    def on_command(self, command: ClaimTouch, work: Workspace) -> tuple[str, int]:
        if command.responder == "refused":
            raise Refused("not-allowed", "never")
        if command.responder == "broken":
            work.decide(counter("c", command.touch), Count(by="nobody", clock=work.clock))
            raise ValueError("a command that fails")
        work.decide(counter("c", command.touch), Count(by=command.command_id, clock=work.clock))
        return self.as_done(command, work)

    def as_done(self, command: ClaimTouch, work: Workspace) -> tuple[str, int]:
        return command.touch, work.version(counter("c", command.touch))


def post(
    number: int | str, text: str = "hello", *, member: str = "ada", community: str = "c", platform: str = "discord"
) -> MemberEvent:
    data = Posted(member=Member(id=member), conversation="talk", message=f"m-{number}", text=text)
    return MemberEvent(
        id=f"post:{number}",
        source="/discord/guild",
        type=type_name(data),
        time=START,
        organisation="acme",
        community=community,
        platform=platform,
        data=data,
    )


def outgoing(event: MemberEvent, *, partition: int = 0, msg_id: str | None = None) -> Outgoing:
    return Outgoing(
        subject=f"p.{partition}.member.{event.community}.{event.platform}.posted",
        headers={},
        body=encode_member_event(event),
        msg_id=msg_id or f"{event.community}/{event.id}",
    )


def counted_publication(recorded: RecordedEvent) -> Publication:
    """A public form for ``Counted``: any contract of TOUCHES will do."""
    stream, version = recorded.originator_id, recorded.originator_version
    end = NeedsTouchWithdrawn(
        touch=stream,
        revision=version,
        organisation="acme",
        community="c",
        segment="everyone",
        reason="welcome",
        about=stream,
        at=recorded.event.clock,
        cause="counted",
    )
    return publication(
        needs_touch_subject("c", "everyone", stream.rpartition(":")[2]),
        end,
        event_id=f"{stream}:{version}",
        source="/test",
        time=START,
        extensions={},
    )

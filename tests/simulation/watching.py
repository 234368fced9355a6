"""What must hold of a running world, whatever happens to it; checked step by step and whenever it has come to rest."""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from datetime import datetime, timedelta
from typing import Any

from services.notifier.policy_in_force import PolicyTaken
from services.notifier.roster import CapacityGranted, CapacityGrown, CapacityReleased, RosterState
from services.notifier.touch import OPEN, TouchState
from services.triage.needs import NeedRaised
from shared.contracts.cloudevents import decode_member_event
from shared.contracts.member_events import Posted
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Policy
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.touch_facts import TouchAssigned
from shared.delivery import decode
from shared.event_store.codec import EventCodec, RecordedEvent
from shared.partition.folding import Folding
from tests.simulation.community import ANSWER_HOURS
from tests.simulation.fake_bus import SETTLED
from tests.simulation.memory_store import MemoryStore, Tables
from tests.simulation.owner import Part
from tests.simulation.world import World


def driven(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine gives that never has to wait."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


LATE_GRACE = timedelta(seconds=5)


class LogWatch:
    """Follows one partition's log: it has no gap, its states are the fold of it, and what is public leaves once.

    A short de-duplication window lets a process that slept in the middle of a publication repeat it when it wakes
    (docs/decisions/0004): then what is counted is the first of each.
    """

    def __init__(self, world: World, part: Part) -> None:
        self.part = part
        self.tables = world.tables[part.name]
        self._bus = world.bus
        self._seen = 0
        self._published = 0
        self._public = {part.codec.names[form] for form in part.outlet.public}
        self._states: dict[str, tuple[int, Any]] = {}

    def follow(self) -> list[RecordedEvent]:
        """Check what is new in the log and in the stream, and return the log's new events."""
        codec, fresh = self.part.codec, []
        assert self.tables.shard.head == len(self.tables.events), "the head is not where the log ends"
        for stored in self.tables.events[self._seen :]:
            recorded: RecordedEvent = codec.to_domain_event(stored)
            stream = recorded.originator_id
            version, state = self._states.get(stream, (0, codec.decider_of(stream).initial))
            assert recorded.originator_version == version + 1, f"{stream} has a gap or a second writer"
            self._states[stream] = (version + 1, codec.decider_of(stream).evolve(state, recorded.event))
            fresh.append(recorded)
        self._seen = len(self.tables.events)
        self._follow_stream()
        return fresh

    def _follow_stream(self) -> None:
        places = self._places()
        assert places == sorted(set(places)), f"published twice or out of order: {places}"
        public = [number for number, one in enumerate(self.tables.events, 1) if one.topic in self._public]
        assert places == public[: len(places)], "what is published is not the log's beginning"

    def _places(self) -> list[int]:
        messages = self._bus.streams[self.part.outlet.stream].messages
        places = [int((message.headers or {})["ce-position"]) for message in messages]
        return list(dict.fromkeys(places)) if self._bus.slept_publishing else places

    def at_rest(self, parked: Collection[tuple[str, int]] = ()) -> None:
        """Check that everything is published, that the states are the fold of the log, and what was ``parked``."""
        public = sum(one.topic in self._public for one in self.tables.events)
        assert len(self._places()) == public, "not all is published"
        codec = self.part.codec
        folded = {stream: (version, codec.encode_state(state)) for stream, (version, state) in self._states.items()}
        assert current(self.tables, codec) == folded, "states are not the fold of the log"
        asked = {
            (stream, one.name)
            for stream, (_, state) in self._states.items()
            for one in codec.decider_of(stream).deadlines(state)
        }
        assert self.tables.deadlines.keys() == asked, "deadlines are not those of the states"
        assert self.tables.dead_letters.keys() == set(parked), f"parked: {list(self.tables.dead_letters.values())}"
        assert self.tables.shard.halted is None
        late = [row for row in self.tables.deadlines.values() if row.due <= self._bus.now() - SETTLED]
        assert not late, f"did not fire: {late}"


class InboxWatch:
    """Every message of MEMBER_EVENTS is folded once by triage: the inbox holds each identity up to the position."""

    def __init__(self, world: World) -> None:
        self._bus, self._tables = world.bus, world.tables["triage"]
        self._read: set[str] = set()
        self._position = 0

    def follow(self) -> None:
        position = next((at for name, at in self._tables.tracking.items() if name.startswith(MEMBER_EVENTS)), 0)
        assert position >= self._position, "the position went back"
        messages = self._bus.streams[MEMBER_EVENTS].messages[self._position : position]
        self._read |= {decode(message).key for message in messages}
        self._position = position
        assert self._tables.inbox == self._read, "the inbox is not what was read"


class CareWatch:
    """Nobody is overburdened or asked about themselves, and nobody is called for a question that is answered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.policy: Policy | None = None
        self._carried: dict[str, dict[str, int]] = {}
        self._given: dict[tuple[str, str], int] = {}
        self._members: dict[str, str] = {}

    def of_triage(self, events: list[RecordedEvent]) -> None:
        for recorded in events:
            if isinstance(recorded.event, NeedRaised):
                touch = recorded.event.need
                self._members[touch.touch] = touch.member.id
                for need in touch.reasons:
                    if (need.reason, need.revision) == ("unanswered", touch.revision):
                        before = max(need.at, self._breath_of(need))
                        assert not self._answers(need.conversation, need.member.id, before), (
                            f"called for {need.conversation}, which was answered before {before}"
                        )

    def _breath_of(self, need: TouchReason) -> datetime:
        """Return until when a question that came in when its answer was due already waits for what comes with it."""
        clock = need.since
        for message in self._world.bus.streams[MEMBER_EVENTS].messages:
            clock = max(clock, message.stored)
            if decode_member_event(message.body).id == need.evidence[0].event:
                return clock + LATE_GRACE if clock >= need.since + timedelta(hours=ANSWER_HOURS) else clock
        raise AssertionError(f"raised for what nobody said: {need}")

    def _answers(self, conversation: str | None, asker: str, before: datetime) -> list[Any]:
        """Return the answers that the stream held before that time, by the clock that a reader of it has."""
        clock, found = datetime.min.replace(tzinfo=before.tzinfo), []
        for message in self._world.bus.streams[MEMBER_EVENTS].messages:
            clock = max(clock, message.stored)
            if clock >= before:
                break
            event = decode_member_event(message.body)
            data = event.data
            if isinstance(data, Posted) and (data.conversation, data.member.bot) == (conversation, False):
                found += [data] if data.member.id != asker else []
        return found

    def of_notifier(self, events: list[RecordedEvent]) -> None:
        for recorded in events:
            event = recorded.event
            match event:
                case PolicyTaken():
                    self.policy = event.policy
                case CapacityGranted():
                    self._grant(event)
                case CapacityGrown():
                    self._grow(event)
                case CapacityReleased():
                    assert self._carried[event.responder].pop(event.touch) == event.care_load
                case TouchAssigned():
                    assert event.responder != self._members[event.touch], "assigned to whom it is about"

    def _grow(self, event: CapacityGrown) -> None:
        mine = self._carried[event.responder]
        mine[event.touch] += event.care_load
        assert self.policy is not None
        limits = {one.name: one.limits or self.policy.limits for one in self.policy.responders}[event.responder]
        assert sum(mine.values()) <= limits.care_load or len(mine) == 1, "grown over the limit of care load"

    def _grant(self, event: CapacityGranted) -> None:
        mine = self._carried.setdefault(event.responder, {})
        assert event.touch not in mine, "granted twice"
        mine[event.touch] = event.care_load
        given = self._given[event.responder, event.day] = self._given.get((event.responder, event.day), 0) + 1
        if not event.by_themselves:
            assert self.policy is not None
            people = {one.name: one for one in self.policy.responders}
            limits = people[event.responder].limits or self.policy.limits
            assert sum(mine.values()) <= limits.care_load or len(mine) == 1, "over the limit of care load"
            assert len(mine) <= limits.touches, "over the limit of touches"
            assert given <= limits.touches_per_day, "over the limit of a day"


def current(tables: Tables, codec: EventCodec) -> dict[str, tuple[int, bytes]]:
    """Return the version and the state, as it is stored, of each stream, whatever lags behind the log."""
    loaded = MemoryStore(tables, codec).load(list(tables.states))
    return {stream: (one.version, codec.encode_state(one.state)) for stream, one in loaded.items()}


def touches(tables: Tables, part: Part) -> dict[str, TouchState]:
    """Return every touch as notifier has it."""
    found = {}
    for row in tables.states.values():
        state = part.codec.decode_state(row.stream, row.state)
        if isinstance(state, TouchState):
            found[row.stream.partition(":")[2]] = state
    return found


def check_one_state_each(tables: Tables, part: Part) -> None:
    """Check that each touch is in one state, and that the rosters carry what the touches say."""
    carried: dict[str, list[int]] = {}
    for touch, state in touches(tables, part).items():
        assert state.status in {*OPEN, "settled", "withdrawn"}, f"{touch} is {state.status}"
        assert state.status != "raised", f"{touch} was never offered"
        held_by_somebody = state.status in {"assigned", "claimed"}
        assert held_by_somebody == (state.responder is not None and state.status in OPEN)
        if held_by_somebody:
            carried.setdefault(state.responder or "", []).append(state.care_load)
    loads = {}
    for row in tables.states.values():
        state = part.codec.decode_state(row.stream, row.state)
        if isinstance(state, RosterState):
            loads |= {one.responder: (one.care_load, one.touches) for one in state.loads if one.touches}
    assert loads == {name: (sum(weights), len(weights)) for name, weights in carried.items()}


def refolded(world: World, part: Part, fired_until: datetime) -> Tables:
    """Fold MEMBER_EVENTS from scratch as one batch, fire what is due until then, and return the tables."""
    tables = Tables(lambda: world.time)
    lease = tables.own("again", 1e9)
    assert lease is not None
    (reader,) = world.tables[part.name].tracking
    store = MemoryStore(tables, part.codec)
    folding = driven(Folding.open(store, lease, part.service(), [reader], now=lambda: world.time))
    driven(folding.fold(reader, world.bus.streams[MEMBER_EVENTS].messages))
    while driven(folding.fire(fired_until)):
        pass
    return tables


def check_replay(world: World, part: Part, fired_until: datetime) -> None:
    """Check that the same stream, folded from scratch, gives the same bytes."""
    found, fresh = world.tables[part.name], refolded(world, part, fired_until)
    assert found.events == fresh.events, "another log"
    assert current(found, part.codec) == current(fresh, part.codec), "other states"
    assert found.deadlines == fresh.deadlines, "other deadlines"
    assert found.inbox == fresh.inbox
    assert (found.shard.head, found.shard.clock) == (fresh.shard.head, fresh.shard.clock)

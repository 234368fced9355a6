"""The kernel as a state machine: a service that counts shows what is folded how often, and when time fires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.decider_process import Outlet
from shared.delivery import decode
from shared.partition.service import Input
from tests.kernel.counter import (
    Counted,
    CounterService,
    Reminded,
    counted_publication,
    counter,
    counter_codec,
    outgoing,
    post,
)
from tests.simulation.fake_bus import SETTLED, again
from tests.simulation.faulty_machine import NEVER_FORGETS, WHICH, FaultyMachine
from tests.simulation.owner import Part
from tests.simulation.watching import LogWatch, check_replay
from tests.simulation.world import World

COUNTER = Part(
    name="counter",
    codec=counter_codec(),
    service=CounterService,
    inputs=(Input(stream=MEMBER_EVENTS, subjects=("p.0.member.>",)),),
    outlet=Outlet(stream=TOUCHES, subject="needs-touch.>", public={Counted: counted_publication}),
)
MEMBERS = st.sampled_from(["ada", "bo", "cleo"])
SILENT = "zoe"
"""Is counted when others say "everybody", and never says anything."""
ORDERS = st.sampled_from(["hello", "hello", "remind", "remind", "everybody zoe", "poison"])


class Kernel(FaultyMachine):
    """Posts to one partition that counts them, reminds, and fails at poison."""

    @initialize(short_window=st.booleans())
    def begin(self, short_window: bool) -> None:
        self.begin_with(World(COUNTER, window=timedelta(minutes=10) if short_window else NEVER_FORGETS))
        self.log = LogWatch(self.world, COUNTER)
        self.counted: list[str] = []
        self.clocks: list[Any] = []

    @rule(said=st.lists(st.tuples(MEMBERS, ORDERS, st.integers(-3, 30)), min_size=1, max_size=5))
    def say(self, said: list[Any]) -> None:
        for member, order, minutes in said:
            self.number += 1
            due = self.world.time + timedelta(minutes=minutes)
            text = f"remind {due.isoformat()}" if order == "remind" else order
            self.world.publish(outgoing(post(self.number, text, member=member)))
        self.world.idle()

    def go_on(self) -> None:
        self.say(said=[("ada", "hello", 0), ("bo", "hello", 0)])

    @rule(which=WHICH, copies=st.integers(1, 3))
    def send_again(self, which: int, copies: int) -> None:
        messages = self.world.bus.streams[MEMBER_EVENTS].messages
        for _ in range(copies if messages else 0):
            self.number += 1
            self.world.publish(again(messages[which % len(messages)], f"again-{self.number}"))
        self.world.idle()

    @rule()
    def rest(self) -> None:
        self.heal()
        self.nothing_is_wrong()
        messages = self.world.bus.streams[MEMBER_EVENTS].messages
        poison = {(message.stream, message.seq) for message in messages if b"poison" in message.body}
        self.log.at_rest(parked=poison)
        assert self.counted == self._expected(len(messages)), "not each message once, in order"
        if not self.set_back:
            check_replay(self.world, COUNTER, self.latest - SETTLED)

    def check_step(self) -> None:
        for recorded in self.log.follow():
            event = recorded.event
            if isinstance(event, Counted | Reminded):
                self.clocks.append(event.clock)
            if isinstance(event, Counted) and recorded.originator_id != counter("c", SILENT):
                self.counted.append(event.by)
        position = max(self.world.tables["counter"].tracking.values(), default=0)
        assert self.counted == self._expected(position), "not each message once, in order"
        assert self.set_back or self.clocks == sorted(self.clocks), "a deadline fired too late or too early"

    def _expected(self, position: int) -> list[str]:
        """Return what must have been counted by then: the first of each, in the stream's order."""
        first: dict[str, None] = {}
        for message in self.world.bus.streams[MEMBER_EVENTS].messages[:position]:
            event = decode(message).event
            if event.data.text != "poison":
                first[event.id] = None
        return list(first)

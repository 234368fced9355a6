"""What can go wrong with a deployment, as rules of a state machine; what runs on it is said by others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.simulation.owner import Owner
from tests.simulation.world import World

NEVER_FORGETS = timedelta(days=3650)
WHICH = st.integers(0, 99)
SERVICE = st.integers(0, 1)
FAULTS = st.sampled_from(("lost", "unconfirmed", "none"))


class FaultyMachine(RuleBasedStateMachine):
    """``latest`` is the latest time that the streams' clock has shown, ``set_back`` whether it ever went back.

    ``wrong`` once something was found: what is checked at the end would only hide it.
    """

    world: World

    def begin_with(self, world: World) -> None:
        self.world = world
        self.number = 0
        self.latest = world.time
        self.set_back = False
        self.wrong = False
        for name in world.parts:
            world.start(name)

    # What time does

    @rule(minutes=st.sampled_from([0.1, 1, 59, 241, 481, 481, 1500, 6000]))
    def pass_time(self, minutes: float) -> None:
        self.world.pass_time(timedelta(minutes=minutes))

    @rule(
        whose=st.sampled_from(["nats", "postgres", "process"]), hours=st.sampled_from([-30, -3, -0.01, 0, 0.01, 3, 30])
    )
    def jump(self, whose: str, hours: float) -> None:
        """A clock is set wrong, or right again."""
        skew = timedelta(hours=hours)
        if whose == "process":
            for owner in self.world.owners:
                owner.skew = skew
        else:
            self.set_back = self.set_back or (whose == "nats" and skew < self.world.skew["nats"])
            self.world.skew[whose] = skew
        self.world.beat()
        self.world.tick()

    # What breaks

    @rule(which=SERVICE, crossings=st.integers(1, 9))
    def stop_soon(self, which: int, crossings: int) -> None:
        """A process will be stopped before or after one of its next calls."""
        for owner in self._owners(which):
            owner.stop_in = crossings

    @rule(which=SERVICE, seconds=st.sampled_from([7, 7, 4000]))
    def take_over(self, which: int, seconds: int) -> None:
        """Who sleeps loses the lease; another goes on, and the sleeper wakes and wants to go on, too."""
        asleep = self._owners(which)
        for owner in asleep:
            owner.stop()
        self.world.pass_time(timedelta(seconds=seconds))
        self.world.start(self._name(which))
        self.go_on()
        self.world.pass_time(timedelta(seconds=seconds))
        for owner in asleep:
            owner.resume()
        self.world.tick()

    @rule(which=SERVICE, crossings=st.integers(1, 14), seconds=st.sampled_from([7, 4000]))
    def die_at_work(self, which: int, crossings: int, seconds: int) -> None:
        """A process is killed before or after any of its calls, and another takes over when its lease is over."""
        for owner in self._owners(which):
            owner.stop_in = crossings
        self.go_on()
        for owner in self._owners(which):
            owner.kill()
        self.world.pass_time(timedelta(seconds=seconds))
        self.world.start(self._name(which))

    def go_on(self) -> None:
        """Let something happen that is to be folded."""
        raise NotImplementedError

    @rule(which=SERVICE, what=st.sampled_from(["resume", "kill", "start", "start"]))
    def process(self, which: int, what: str) -> None:
        for owner in self._owners(which):
            if what == "resume":
                owner.resume()
            elif what == "kill":
                owner.kill()
        self.world.idle()
        if what == "start":
            self.world.start(self._name(which))

    @rule(
        which=SERVICE,
        write=FAULTS,
        publish=FAULTS,
        later=st.integers(0, 2),
    )
    def lose_replies(self, which: int, write: str, publish: str, later: int) -> None:
        for owner in self._owners(which):
            owner.write_faults.extend(["none"] * later + [write])
            owner.publisher.faults.extend(["none"] * later + [publish])
        self.go_on()

    @rule(
        which=SERVICE,
        portion=st.sampled_from([1, 2, 500]),
        how=st.sampled_from(["held", "free", "reopen"]),
    )
    def delay(self, which: int, portion: int, how: str) -> None:
        """Deliveries are held back, cut elsewhere, or lost and made again."""
        for owner in self._owners(which):
            for consumer in owner.consumers:
                consumer.portion = portion
                if not owner.stopped:
                    consumer.held = how == "held"
                    consumer.reopen() if how == "reopen" else consumer.notice()
        self.world.idle()

    @rule(what=st.sampled_from(["nats", 0, 1]), ends=st.booleans())
    def outage(self, what: Any, ends: bool) -> None:
        """NATS or one service's PostgreSQL is away, for as long as it takes."""
        if what != "nats":
            self.world.tables[self._name(what)].away = not ends
        elif ends:
            self.world.bus.come_back()
        else:
            self.world.bus.away = True
        self.world.tick()

    @rule()
    def beat(self) -> None:
        self.world.beat()

    # What must hold

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "world"):
            self.latest = max(self.latest, self.world.bus.now())
            self.wrong = True
            self.check_step()
            self.wrong = self.world.broken

    def check_step(self) -> None:
        raise NotImplementedError

    def rest(self) -> None:
        """End every fault and check that everything is as it must be."""
        raise NotImplementedError

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                if not self.wrong:
                    self.rest()
            finally:
                self.world.close()

    def heal(self) -> None:
        self.world.heal()
        # A clock that ran ahead has set deadlines by its time: they wait until the true one has come so far.
        self.world.pass_time(max(timedelta(), self.latest - self.world.time) + timedelta(seconds=15))

    def _name(self, which: int) -> str:
        names = list(self.world.parts)
        return names[which % len(names)]

    def _owners(self, which: int) -> list[Owner]:
        return self.world.of(self._name(which))

"""The simulated line as a story: what happens is told one after the other, and checked against the model at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from services.notifier.touch import TouchState
from shared.contracts.member_events import Joined, Posted
from tests.simulation import community
from tests.simulation.line_machine import Line
from tests.simulation.watching import touches
from tests.simulation.world import NOTIFIER, simulated

MINUTES, HOURS, DAYS = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))


class Life:
    """A line that is told what happens, and that is checked against the model when it is asked how it stands."""

    def __init__(self) -> None:
        self.line = Line()
        self.line.begin(policy=0, short_window=True)
        self.world = self.line.world
        self._messages = 0

    def join(self, who: str) -> None:
        self.line._say(self.line._event(Joined(member=community.MEMBERS[who]), 0))

    def post(self, who: str, conversation: str, text: str = "Hello.") -> None:
        self._messages += 1
        member = community.MEMBERS[who]
        data = Posted(member=member, conversation=conversation, message=f"p-{self._messages}", text=text)
        if not self.line._say(event := self.line._event(data, 0)):
            self.line.waiting.append([event])

    def ask(self, who: str, conversation: str) -> None:
        self.post(who, conversation, "How do I start?")

    def pass_time(self, duration: timedelta) -> None:
        self.world.pass_time(duration)
        self.line.nothing_is_wrong()

    def queue(self) -> set[tuple[str, str, str]]:
        """Return reason, member and status of what is open, once all faults are over and everything is checked."""
        self.line.rest()
        return {
            (one.reason, one.member.id, state.status)
            for state in self.touches()
            if state.need is not None and state.status not in {"settled", "withdrawn"}
            for one in state.need.reasons
        }

    def touches(self) -> list[TouchState]:
        return list(touches(self.world.tables["notifier"], NOTIFIER).values())

    def raised(self) -> int:
        return sum(event.topic == "triage.NeedRaised" for event in self.world.tables["triage"].events)


def welcomes(*people: str) -> set[tuple[str, str, str]]:
    return {("welcome", who, "assigned") for who in people}


@contextmanager
def living() -> Iterator[Life]:
    """A life that begins now and leaves nothing behind."""
    with simulated():
        made = Life()
        try:
            yield made
        finally:
            made.world.close()

"""The whole line as a state machine: members, people, faults and time, in any order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from services.notifier.touch import OPEN, TouchState
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.member_events import Deleted, Joined, Left, MemberEventData, Posted, Solved, Updated
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from tests.simulation import community
from tests.simulation.fake_bus import SETTLED, again
from tests.simulation.faulty_machine import NEVER_FORGETS, WHICH, FaultyMachine
from tests.simulation.model import Need, due_times, needs, of_who_left
from tests.simulation.queue_view import check_queue_view
from tests.simulation.watching import CareWatch, InboxWatch, LogWatch, check_one_state_each, check_replay, touches
from tests.simulation.world import NOTIFIER, TRIAGE, World

PEOPLE = st.sampled_from(["ada", "bea", "cleo", "ada", "bea", "cleo", "hanna", "mira", "robot"])
CONVERSATIONS = st.sampled_from(["c-1", "c-2", "c-3"])
TEXTS = st.sampled_from(["How do I start?", "How does it end?", "Hello."])
LATE = st.integers(0, 40)
"""Half hours that an event is late, twice; one that is odd is overtaken by others."""
MENTIONS = st.sampled_from([(), (), (), ("ada",), ("bea",)])
POLICY = st.integers(0, len(community.POLICIES) - 1)
BURSTS = st.lists(st.tuples(PEOPLE, CONVERSATIONS, TEXTS, MENTIONS, LATE), min_size=1, max_size=4)
KINDS = st.sampled_from(["joined", "joined", "left", "solved", "deleted", "updated"])
VERBS = st.sampled_from([("claim",), ("claim", "settle"), ("claim", "release"), ("settle",)])


def _needs_of(touch: TouchState) -> set[Need]:
    reasons = touch.need.reasons if touch.need else ()
    return {Need(one.reason, one.member.id, one.conversation) for one in reasons}


class Line(FaultyMachine):
    """What is said, what breaks and when; ``model`` knows who must stand in the queue in the end."""

    @initialize(policy=POLICY, short_window=st.booleans())
    def begin(self, policy: int, short_window: bool) -> None:
        self.begin_with(World(window=timedelta(minutes=10) if short_window else NEVER_FORGETS))
        self.logs = {part.name: LogWatch(self.world, part) for part in (TRIAGE, NOTIFIER)}
        self.inbox, self.care = InboxWatch(self.world), CareWatch(self.world)
        self.facts: list[MemberEvent] = []
        self.waiting: list[list[MemberEvent]] = []
        self.unanswered: dict[str, TouchCommand] = {}
        self.settled: set[str] = set()
        self.importing: list[str] = []
        self._say(community.adopted(0, self.world.time, community.POLICIES[policy]))

    # What people do

    @rule(said=BURSTS)
    def post(self, said: list[Any]) -> None:
        for one in said:
            self._send(self._posted(*one), one[-1])

    @rule(said=BURSTS)
    def post_together(self, said: list[Any]) -> None:
        """One POST with an array: its order stays."""
        told = [self._event(self._posted(*one), one[-1] // 2) for one in said]
        if not self._say(*told):
            self.waiting.append(told)

    def go_on(self) -> None:
        self._say(self._event(self._posted("ada", "c-1", "How is it done?", ()), 20))

    @rule(asker=PEOPLE, answerer=PEOPLE, late=st.integers(0, 8), minutes=st.sampled_from([1, 150, 300]))
    def wait_unread(self, asker: str, answerer: str, late: int, minutes: int) -> None:
        """An answer is there, but triage does not get to it before its time is over."""
        conversation = f"c-{1 + self.number % 3}"
        self._say(self._event(self._posted(asker, conversation, "Where is it?", ()), late))
        for owner in self.world.of("triage"):
            for consumer in owner.consumers:
                consumer.held = True
        self.world.pass_time(timedelta(minutes=minutes))
        self._say(self._event(self._posted(answerer, conversation, "There.", ()), 0))
        self.world.pass_time(timedelta(minutes=minutes))

    @rule(who=PEOPLE, kind=KINDS, late=LATE, conversation=CONVERSATIONS)
    def do(self, who: str, kind: str, late: int, conversation: str) -> None:
        posts = [one.data for one in self.facts if isinstance(one.data, Posted)]
        data: MemberEventData
        match kind:
            case "joined":
                data = Joined(member=community.MEMBERS[who])
            case "left":
                data = Left(member=community.MEMBERS[who])
            case "solved":
                data = Solved(member=community.MEMBERS[who], conversation=conversation)
            case "deleted" if posts:
                gone = posts[late % len(posts)]
                data = Deleted(member=gone.member, conversation=gone.conversation, message=gone.message)
            case _:
                data = Updated(member=community.MEMBERS[who], tags=("vip",))
        self._send(data, late)

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def arrive(self, which: int) -> None:
        """A post that was on its way comes in; others overtake it."""
        said = self.waiting[which % len(self.waiting)]
        if self._say(*said):
            self.waiting.remove(said)

    @precondition(lambda self: self.facts)
    @rule(which=WHICH, forgotten=st.booleans())
    def send_again(self, which: int, forgotten: bool) -> None:
        """A sender repeats what was accepted; ``forgotten`` by the stream's window."""
        messages = self.world.bus.streams[MEMBER_EVENTS].messages
        message = messages[which % len(messages)]
        self.number += 1
        self.world.publish(again(message, f"again-{self.number}" if forgotten else f"e-{self.number}"))
        self.world.idle()

    @rule(policy=POLICY)
    def adopt(self, policy: int) -> None:
        self.number += 1
        self._say(community.adopted(self.number, self.world.time, community.POLICIES[policy]))

    @rule(began=st.booleans())
    def import_history(self, began: bool) -> None:
        if began and len(self.importing) < 2:
            run = f"import-{self.number}"
            if self._say(self._event(ImportBegan(community=community.COMMUNITY, import_id=run), 0)):
                self.importing.append(run)
        elif self.importing:
            run = self.importing[0]
            if self._say(self._event(ImportEnded(community=community.COMMUNITY, import_id=run), 0)):
                self.importing.remove(run)

    @rule(verbs=VERBS, by=st.sampled_from(["mira", "jonas"]), which=WHICH)
    def act(self, verbs: tuple[str, ...], by: str, which: int) -> None:
        """A responder takes a touch into their hands and says what became of it; some see an old page."""
        open_ones = [touch for touch, state in self._touches().items() if state.status in OPEN]
        for verb in verbs if open_ones else ():
            touch = sorted(open_ones)[which % len(open_ones)]
            state = self._touches()[touch]
            self.number += 1
            common = {
                "command_id": f"k-{self.number}",
                "organisation": community.ORGANISATION,
                "touch": touch,
                "responder": state.responder or by,
                "revision": state.revision - (which > 90),
            }
            form: Any = {"claim": ClaimTouch, "release": ReleaseTouch, "settle": SettleTouch}[verb]
            self._ask(form(**common, **({"outcome": "reached"} if verb == "settle" else {})))

    @precondition(lambda self: self.unanswered)
    @rule()
    def ask_again(self) -> None:
        for command in list(self.unanswered.values()):
            self._ask(command)

    @rule(crash=st.booleans())
    def feed_back(self, crash: bool) -> None:
        self.world.feed_back(crash=crash)
        self.world.idle()

    # What must hold

    def check_step(self) -> None:
        self.care.of_triage(self.logs["triage"].follow())
        self.care.of_notifier(self.logs["notifier"].follow())
        self.inbox.follow()

    @rule()
    def rest(self) -> None:
        """All faults end: now everything is as the model says."""
        world = self.world
        world.bus.come_back()
        for said in [
            *self.waiting,
            *([self._event(ImportEnded(community=community.COMMUNITY, import_id=run), 0)] for run in self.importing),
        ]:
            self._say(*said)
        self.waiting, self.importing = [], []
        self.heal()
        while any(abs(due - world.time) < timedelta(seconds=30) for due in due_times(self.facts)):
            world.pass_time(timedelta(seconds=31))
            world.heal()
        while self.unanswered:
            self.ask_again()
        world.heal()
        self.nothing_is_wrong()
        for log in self.logs.values():
            log.at_rest()
        check_one_state_each(world.tables["notifier"], NOTIFIER)
        check_queue_view(world, self._touches(), self.number)
        if not self.set_back:
            check_replay(world, TRIAGE, self.latest - SETTLED)
        self._check_queue(world.time)

    def _check_queue(self, now: datetime) -> None:
        states = self._touches()
        found, asked_for = set(), set()
        for state in states.values():
            assert state.need is not None
            if state.status in OPEN and state.need_ended is None:
                who = state.need.member.id
                assert who not in asked_for, f"{who} stands in the queue twice"
                asked_for.add(who)
                found |= _needs_of(state)
        done = {need for touch in self.settled for need in _needs_of(states[touch])}
        wanted = needs(self.facts, now)
        missing = wanted - done - found - of_who_left(self.facts)
        assert not missing, f"not in the queue: {missing}"
        assert found <= wanted, f"in the queue without need: {found - wanted}"
        assert not {need for need in found if need in done and need.reason == "welcome"}, "settled, and there again"

    # How it works

    def _touches(self) -> dict[str, TouchState]:
        return touches(self.world.tables["notifier"], NOTIFIER)

    def _event(self, data: Any, late_half_hours: int) -> MemberEvent:
        self.number += 1
        # Late by up to most of a day, and no two things at the same second.
        time = self.world.time.replace(microsecond=0) - timedelta(minutes=30 * late_half_hours)
        return community.event(self.number, time.replace(microsecond=self.number), data)

    def _posted(self, who: str, conversation: str, text: str, mentions: tuple[str, ...], *_: int) -> Posted:
        self.number += 1
        return Posted(
            member=community.MEMBERS[who],
            conversation=conversation,
            message=f"m-{self.number}",
            text=text,
            mentions=mentions,
        )

    def _send(self, data: MemberEventData, late: int) -> None:
        told = self._event(data, late // 2)
        if late % 2 or not self._say(told):
            self.waiting.append([told])

    def _say(self, *told: MemberEvent) -> bool:
        if not self.world.publish(*(community.outgoing(one) for one in told)):
            return False
        self.facts += [one for one in told if isinstance(one.data, MemberEventData)]
        self.world.idle()
        return True

    def _ask(self, command: TouchCommand) -> None:
        self.unanswered[command.command_id] = command
        reply = self.world.ask(command)
        if reply is not None:
            del self.unanswered[command.command_id]
            if reply.refused is None:
                stored = self._touches()[command.touch].revision
                assert stored >= reply.revision, "answered, but not stored"
                assert self.world.tables["notifier"].shard.head >= reply.position
            if reply.refused is None and isinstance(command, SettleTouch):
                self.settled.add(command.touch)

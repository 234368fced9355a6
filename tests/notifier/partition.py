"""One partition of notifier in memory: real service, workspace and codec, and dictionaries in place of the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.notifier.roster import RosterState
from services.notifier.service import NotifierService, notifier_codec
from services.notifier.streams import policy_stream, roster_stream, touch_stream
from services.notifier.touch_state import TouchState
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.needs_touch import NeedsTouchEvent
from shared.contracts.policy import Policy
from shared.contracts.warmline_facts import PolicyAdopted
from shared.decider import Place, Refused
from shared.delivery import Delivered
from shared.event_store.recorder import DeadlineRow, StateRow
from shared.workspace import LATE_GRACE, LineMissing, StateMissing, Workspace
from tests.notifier.people import COMMUNITY, ORGANISATION

T = TypeVar("T")


class Partition:
    """Does what it is told, one transaction each unless ``batched``, and reads every state back as it was stored."""

    def __init__(self, now: datetime, *, line_length: int = 500) -> None:
        self.work = Workspace(notifier_codec())
        self.events: list[Any] = []
        self.batched = False
        self.now = now
        self._line_length = line_length
        self._codec = notifier_codec()
        self._service = NotifierService(0, 1)
        self._states: dict[str, StateRow] = {}
        self._deadlines: dict[tuple[str, str], DeadlineRow] = {}
        self._commands = 0
        self._policies = 0

    # What happens

    def adopt(self, policy: Policy) -> None:
        self._policies += 1
        adopted = PolicyAdopted(community=COMMUNITY, version=f"v{self._policies}", policy=policy)
        event = MemberEvent(
            id=f"policy-{self._policies}",
            source="/warmline/ingest",
            type="warmline.community.policy-adopted.v1",
            time=self.now,
            organisation=ORGANISATION,
            community=COMMUNITY,
            platform="warmline",
            data=adopted,
        )
        self.tell(event)

    def tell(self, event: MemberEvent | NeedsTouchEvent) -> None:
        """Fold one message, stored now; what is due before it fires first."""
        delivered = Delivered(
            stream="TOUCHES", seq=1, stored=self.now, subject="any", headers=None, body=b"", key="any", event=event
        )
        self.fire_due()
        self._act(lambda: self._service.on_message(delivered, self.work))

    def claim(self, touch: str, responder: str, revision: int | None = None) -> int:
        return self.command(ClaimTouch(**self._command(touch, responder, revision)))

    def release(self, touch: str, responder: str, revision: int | None = None) -> int:
        return self.command(ReleaseTouch(**self._command(touch, responder, revision)))

    def settle(self, touch: str, responder: str, revision: int | None = None) -> int:
        return self.command(SettleTouch(**self._command(touch, responder, revision), outcome="reached"))

    def command(self, command: TouchCommand) -> int:
        """Return the touch's new revision; raises Refused."""
        return self._act(lambda: self._service.on_command(command, self.work))[1]

    def pass_time(self, until: datetime) -> None:
        """Let the clock run, and fire what is due on the way, each at its time."""
        while (row := self._next_deadline()) is not None and row.due <= until:
            self.now = max(self.now, row.eligible_at)
            self._fire(row)
        self.now = max(self.now, until)

    def pass_time_to_rest(self) -> None:
        """Let a second pass, and fire what is due until nothing is soon: what was late when it was set has waited."""
        self.pass_time(self.now + timedelta(seconds=1))
        while (row := self._next_deadline()) is not None and row.due <= self.now + LATE_GRACE:
            self.pass_time(row.due)

    def fire_due(self, unsettled: timedelta = timedelta()) -> None:
        """Fire what is due; of the last ``unsettled`` nobody knows yet what was stored."""
        while (row := self._next_deadline()) is not None and row.due <= self.now - unsettled:
            self._fire(row)

    def commit(self) -> None:
        stored, states = self.work.to_commit()
        self.events += [self._codec.to_domain_event(event).event for event in stored]
        self._states.update({row.stream: row for row in states})
        rows, dropped = self.work.book.unsaved()
        for key in dropped:
            self._deadlines.pop(key, None)
        for deadline in rows:
            self._deadlines[deadline.stream, deadline.name] = deadline
        self.work.committed(states)

    # What can be seen

    def touch(self, touch: str) -> TouchState:
        return self._state(touch_stream(touch))

    @property
    def roster(self) -> RosterState:
        return self._state(roster_stream(ORGANISATION))

    @property
    def policy(self) -> Policy | None:
        return self._state(policy_stream(ORGANISATION)).policy

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def bytes_of(self, stream: str) -> int:
        return len(self._states[stream].state)

    # How it works

    def _command(self, touch: str, responder: str, revision: int | None) -> dict[str, Any]:
        self._commands += 1
        return {
            "command_id": f"c-{self._commands}",
            "organisation": ORGANISATION,
            "touch": touch,
            "responder": responder,
            "revision": self.touch(touch).revision if revision is None else revision,
        }

    def _act(self, action: Callable[[], T]) -> T:
        self.work.now = self.now
        self.work.clock = self.now - timedelta(milliseconds=1)  # a message is stored a little before it is read
        return self._loading(action)

    def _fire(self, row: DeadlineRow) -> None:
        self.work.now, self.work.clock = self.now, row.eligible_at
        self._loading(lambda: self._service.on_deadline(row, self.work))
        assert not self.work.book.holds(row), "the deadline is still set as it was"

    def _loading(self, action: Callable[[], T]) -> T:
        while True:
            try:
                done = action()
            except StateMissing as missing:
                self.work.undo()
                self.work.admit(self._load(missing.streams))
            except LineMissing as missing:
                self.work.undo()
                page = self._waiting(missing.line, missing.after)
                self.work.admit_line(missing.line, missing.after, page, more=len(page) == self._line_length)
            except Refused:
                self.work.undo()
                raise
            else:
                break
        self.work.keep(self._service.community_of)
        if not self.batched:
            self.commit()
        return done

    def _waiting(self, line: str, after: Place | None) -> list[Place]:
        places = [Place(rank=row.rank or 0.0, stream=row.stream) for row in self._states.values() if row.line == line]
        behind = [place for place in places if after is None or place.order > after.order]
        return sorted(behind, key=lambda place: place.order)[: self._line_length]

    def _load(self, streams: Sequence[str]) -> dict[str, tuple[int, Any, int]]:
        loaded = {}
        for stream in streams:
            row = self._states.get(stream)
            initial = self._codec.decider_of(stream).initial
            loaded[stream] = (
                (row.version, self._codec.decode_state(stream, row.state), len(row.state)) if row else (0, initial, 0)
            )
        return loaded

    def _state(self, stream: str) -> Any:
        try:
            return self.work.state(stream)
        except StateMissing:
            return self._load([stream])[stream][1]

    def _next_deadline(self) -> DeadlineRow | None:
        book = self.work.book
        if book.incomplete:
            rows = sorted(self._deadlines.values(), key=lambda row: (row.due, row.stream, row.name))
            book.extend(rows, complete=True)
        return book.next()

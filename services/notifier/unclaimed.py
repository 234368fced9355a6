"""What becomes of a touch on which nobody acts: a reminder, somebody else, at last the emergency contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifier.choice import choose
from services.notifier.looks import arrange_looks, others
from services.notifier.offering import give, let_waiting_have_room, take_off
from services.notifier.patience import alarm_at, asks_for_reminder, look_at, told_of
from services.notifier.streams import policy_stream, roster_stream, touch_stream
from services.notifier.touch_commands import Escalate, NoteOverdue, PassOn, Remind, RemindAgain
from services.notifier.touch_state import LOOK, Status, TouchState
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Policy
from shared.contracts.touch_facts import EscalationCause
from shared.workspace import Workspace

_CAUSES: Final[dict[Status, EscalationCause]] = {"held": "held-too-long", "claimed": "not-claimed-again"}


def look_after(stream: str, deadline: str, now: datetime, work: Workspace) -> None:
    """Look at a touch whose ``deadline`` has come; policy and hours are those of ``now``, so it may just move."""
    need: NeedsTouch = work.state(stream).need
    policy: Policy | None = work.state(policy_stream(need.organisation)).policy
    if policy is not None:
        look = _Look(need=need, policy=policy, now=now, work=work)
        if deadline == LOOK:
            look.at_responder()
        else:
            look.at_wait()
    arrange_looks(need, now, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    need: NeedsTouch
    policy: Policy
    now: datetime
    work: Workspace

    def at_responder(self) -> None:
        """Remind whoever was given the touch; when their time is over, pass it on."""
        touch = self._touch()
        if touch.status != "assigned":
            return
        overdue = touch.watch.overdue_since is not None
        if not overdue and look_at(self.policy, self.need, touch) > self.now:
            return
        if not overdue and asks_for_reminder(self.policy, touch):
            self._decide(Remind(at=self.now))
        else:
            self._pass_on(touch)

    def at_wait(self) -> None:
        """Let the touch escalate; when it has, tell of it again."""
        touch = self._touch()
        due = alarm_at(self.policy, self.need, touch)
        if due is None or due > self.now:
            return
        told = told_of(self.policy, self.need, touch)
        if touch.watch.escalated_at is None:
            if touch.status == "claimed":
                self._decide(NoteOverdue(at=self.now))
            self._escalate(_CAUSES.get(touch.status, "nobody-claimed"))
        elif told is not None:
            self._decide(RemindAgain(to=told.to, responder=told.responder, at=self.now))

    def _pass_on(self, touch: TouchState) -> None:
        """Give the touch to somebody else who is there; while there is nobody, it stays with whoever has it."""
        stands = others(self.policy, self.need, touch, self.now)
        roster = self.work.state(roster_stream(self.need.organisation))
        choice = choose(roster, stands, self.need.care_load, self.need.promised_by)
        chosen = next((one for one in stands if one.responder == choice.responder), None)
        if chosen is not None and touch.responder is not None:
            self._decide(PassOn(at=self.now))
            take_off(self.need, touch.responder, touch.care_load, self.work)
            give(self.need, chosen, choice.why, self.now, self.work)
            let_waiting_have_room(self.need.organisation, self.work)
            return
        self._decide(NoteOverdue(at=self.now))
        if choice.hold in {"not-taken", "no-responder"}:  # nor will anybody be there later
            self._escalate("nobody-claimed")

    def _escalate(self, cause: EscalationCause) -> None:
        told = told_of(self.policy, self.need, self._touch())
        contact = told.responder if told and told.to == "emergency-contact" else None
        self._decide(Escalate(cause=cause, responder=contact, at=self.now))

    def _touch(self) -> TouchState:
        touch: TouchState = self.work.state(touch_stream(self.need.touch))
        return touch

    def _decide(self, command: Remind | RemindAgain | PassOn | NoteOverdue | Escalate) -> None:
        self.work.decide(touch_stream(self.need.touch), command)

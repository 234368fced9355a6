"""One event and what it takes to understand it: what every handler is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.triage.linked import others_of
from services.triage.needs import NeedGone
from services.triage.policy_reading import PolicyReading
from services.triage.question import asks
from services.triage.readings import Readings
from services.triage.stream_ids import community_stream, conversation_stream, identity, member_stream
from services.triage.taken import Taken, taken_of
from services.triage.to_care import Read, decide_and_care, drop, take
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import MemberEventData, Updated
from shared.contracts.needs_touch import Evidence, MemberRef, TouchReason
from shared.delivery import Delivered
from shared.telemetry.traces import TRACEPARENT
from shared.workspace import Workspace


class Situation:
    """One event and what it takes to understand it.

    ``member``, ``stream`` (the member's) and ``conversation`` (a stream, too) are there when the event has them.
    """

    __slots__ = (
        "_read",
        "_reading",
        "_team",
        "community",
        "conversation",
        "data",
        "delivered",
        "event",
        "evidence",
        "member",
        "readings",
        "stored",
        "stream",
        "work",
    )

    def __init__(self, delivered: Delivered, work: Workspace, read: Read, readings: Readings) -> None:
        event: MemberEvent = delivered.event
        self.delivered = delivered
        self.readings = readings
        self.event = event
        self.data: Any = event.data
        self.stored = delivered.stored
        self.work = work
        self.community = community_stream(event.community)
        # The header names recorded traces only; the event names any, as requests of earlier builds did that had none.
        headers = delivered.headers
        traceparent = None if headers is None else headers.get(TRACEPARENT)
        self.evidence = Evidence(source=event.source, event=event.id, time=event.time, traceparent=traceparent)
        if isinstance(event.data, MemberEventData):
            self.member, self.stream = identity(event.community, event.platform, event.data.member.id)
            named = getattr(event.data, "conversation", None)
            if named is not None:
                self.conversation = conversation_stream(event.community, event.platform, named)
        self._read = read
        self._reading: PolicyReading | None = None
        self._team: bool | None = None

    @property
    def reading(self) -> PolicyReading:
        """The policy that holds; raises RuntimeError in a community that has none, which ingest sees to."""
        if self._reading is None:
            state = self.work.state(self.community)
            if state.policy is None:
                raise RuntimeError(f"no policy was adopted for the community {self.event.community}")
            self._reading = self._read(state.policy, state.policy_version)
        return self._reading

    @property
    def taken(self) -> Taken | None:
        """What was taken from the event's text before it was redacted; None of one that has its text, or never had."""
        return taken_of(self.delivered.headers)

    @property
    def asks(self) -> bool:
        """Whether what was written asks something."""
        taken = self.taken
        return asks(self.data.text) if taken is None else taken.asks

    @property
    def roles(self) -> tuple[str, ...] | None:
        """The roles that the event states; an empty list means "not told" in all but a change of the profile."""
        roles: tuple[str, ...] = self.data.member.roles
        return roles if roles or isinstance(self.data, Updated) else None

    @property
    def mentioned(self) -> list[MemberRef]:
        """The others whom a post mentions."""
        return [member for member in map(self.ref, self.data.mentions) if member != self.member]

    @property
    def bot(self) -> bool:
        """Whether the event or an earlier one says that its member is no human."""
        return bool(self.data.member.bot or self.work.state(self.stream).bot)

    @property
    def team(self) -> bool:
        """Whether the policy counts that member to the team, by the stated roles or else by those last known."""
        if self._team is None:
            roles = self.roles
            if roles is None:
                roles = self.work.state(self.stream).roles
            self._team = self.reading.is_team(self.event.platform, self.data.member.id, roles)
        return self._team

    def of_another(self, delivered: Delivered) -> Situation:
        """Return the situation of another event, as it would be now."""
        return Situation(delivered, self.work, self._read, self.readings)

    def decide(self, stream: str, command: Any) -> Sequence[Any]:
        """Let the stream decide; what it finds that somebody needs goes on to the member's touch."""
        return decide_and_care(stream, command, self.work, self._read)

    def take(self, need: TouchReason, moved_at: datetime) -> None:
        """Let a need that had been told before join the open touch about its person, or raise one."""
        take(need, self.work, self._read, moved_at)

    def drop(self, care: str, gone: NeedGone) -> None:
        """Let a need go from the touch of the stream ``care``, though it stands where it was found."""
        drop(care, gone, self.work, self._read)

    def others(self, member: MemberRef) -> tuple[MemberRef, ...]:
        """Return the other identities of the same person, as they are linked now."""
        return others_of(self.work, self.of(member))

    def ref(self, member_id: str) -> MemberRef:
        """Return the identity ``member_id`` on the event's platform."""
        return identity(self.event.community, self.event.platform, member_id)[0]

    def of(self, member: MemberRef) -> str:
        """Return the stream of ``member``."""
        return member_stream(self.event.community, member.key)

"""One partition of triage in memory: real service, workspace and codec, and dictionaries in place of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from eventsourcing.persistence import StoredEvent

from services.triage.care_state import CareState
from services.triage.needs import NeedGone, NeedRaised
from services.triage.publications import PUBLIC
from services.triage.service import TriageService, triage_codec
from services.triage.stream_ids import community_stream, conversation_stream, member_stream
from shared.contracts.cloudevents import MemberEvent, encode_member_event, type_name
from shared.contracts.member_events import MemberEventData
from shared.contracts.names import member_key
from shared.contracts.needs_touch import NeedsTouch, TouchReason
from shared.contracts.policy import Policy
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.touch_facts import Outcome
from shared.contracts.warmline_facts import PolicyAdopted, TouchSettled, WarmlineFact
from shared.delivery import Delivered, Message, decode
from shared.event_store.codec import RecordedEvent
from shared.event_store.recorder import DeadlineRow, StateRow
from shared.event_store.stored import Loaded
from shared.recent_states import CACHE_BYTES
from shared.workspace import StateMissing, Workspace

COMMUNITY = "acme"
ORGANISATION = "harbour"
_LONG = timedelta(days=10_000)


class Partition:
    """Folds what it is told, one transaction each, and reads every state back as it was stored."""

    def __init__(
        self,
        policy: Policy,
        *,
        stored: datetime,
        service: TriageService | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.events: list[Any] = []
        self.missed: list[str] = []
        """Streams that were asked for amid a message, as they were not in memory."""
        self.work = Workspace(triage_codec(), cache_bytes=cache_bytes)
        self._codec = triage_codec()
        self._service = service or TriageService()
        self._states: dict[str, StateRow] = {}
        self._log: dict[str, list[StoredEvent]] = {}
        self._deadlines: dict[tuple[str, str], DeadlineRow] = {}
        self._stored = stored
        self._seq = 0
        self.adopt(policy)

    def adopt(self, policy: Policy) -> None:
        version = f"v{self._seq + 1}"
        self.tell(PolicyAdopted(community=COMMUNITY, version=version, policy=policy), self._stored)

    def tell(
        self,
        data: MemberEventData | WarmlineFact,
        time: datetime,
        *,
        stored: datetime | None = None,
        community: str = COMMUNITY,
        traceparent: str | None = None,
        headers: dict[str, str] | None = None,
        platform: str = "discord",
    ) -> None:
        """Fold one event that happened at ``time``; it was stored then, too, unless that was earlier than the last."""
        delivered = self._delivered(
            data, time, stored or time, community=community, traceparent=traceparent, headers=headers, platform=platform
        )
        self._service.prepare([delivered])
        self._fold(delivered)

    def tell_together(
        self,
        events: Sequence[tuple[MemberEventData | WarmlineFact, datetime]],
        *,
        headers: Mapping[int, dict[str, str]] | None = None,
    ) -> list[str]:
        """Fold events of one batch, with what it is known to concern in memory; return their ids.

        ``headers`` are by the event's place in it.
        """
        of = headers or {}
        batch = [self._delivered(data, time, time, headers=of.get(at)) for at, (data, time) in enumerate(events)]
        streams = [stream for delivered in batch for stream in self._service.streams_of(delivered)]
        self.work.admit(self._load(self.work.missing(streams)))
        self.work.admit(self._load(self.work.missing(self._service.streams_beside(batch, self.work))))
        self._service.prepare(batch)
        for delivered in batch:
            self._fold(delivered)
        return [delivered.event.id for delivered in batch]

    def _delivered(
        self,
        data: MemberEventData | WarmlineFact,
        time: datetime,
        stored: datetime,
        *,
        community: str = COMMUNITY,
        traceparent: str | None = None,
        headers: dict[str, str] | None = None,
        platform: str = "discord",
    ) -> Delivered:
        self._seq += 1
        event = MemberEvent(
            id=f"e-{self._seq}",
            source="/discord/guild",
            type=type_name(data),
            time=time,
            organisation=ORGANISATION,
            community=community,
            platform=platform if isinstance(data, MemberEventData) else "warmline",
            data=data,
            traceparent=traceparent,
        )
        message = Message(
            stream=MEMBER_EVENTS,
            seq=self._seq,
            stored=max(self._stored, stored),
            subject="p.0.member.acme.discord.any",
            headers=headers,
            body=encode_member_event(event),
        )
        return decode(message)

    def _fold(self, delivered: Delivered) -> None:
        self._stored = delivered.stored
        self.pass_time(self._stored)
        self.work.clock = max(self.work.clock, self._stored)
        self._loading(lambda: self._service.on_message(delivered, self.work))
        self._commit()

    def pass_time(self, until: datetime) -> None:
        """Look at every deadline that is due by then."""
        while (row := self._next_deadline()) is not None and row.due <= until:
            self.work.clock = row.eligible_at
            self._loading(lambda row=row: self._service.on_deadline(row, self.work))  # type: ignore[misc]
            assert self._next_deadline() != row
            self._commit()
        self._stored = max(self._stored, until)

    def look_at_everything(self) -> None:
        self.pass_time(self._stored + _LONG)

    @property
    def event_id(self) -> str:
        """The id of the event that was told last."""
        return f"e-{self._seq}"

    @property
    def raised(self) -> list[NeedsTouch]:
        return [event.need for event in self.events if isinstance(event, NeedRaised)]

    @property
    def gone(self) -> list[NeedGone]:
        """The needs that are over, but for those whose touch was settled."""
        return [event for event in self.events if isinstance(event, NeedGone)]

    @property
    def left(self) -> list[Any]:
        """What became of touches, as it is published."""
        return [event for event in self.events if type(event) in PUBLIC]

    @property
    def touches(self) -> list[NeedsTouch]:
        """The touches that are open."""
        states = (one.state for _, one in sorted(self._load(self._states).items()))
        return [state.touch for state in states if isinstance(state, CareState) and state.touch is not None]

    @property
    def open(self) -> list[TouchReason]:
        """The reasons of the touches that are open."""
        return [reason for touch in self.touches for reason in touch.reasons]

    def settle(self, touch: NeedsTouch, time: datetime, outcome: Outcome = "reached") -> None:
        """Settle a touch, as it is known here."""
        settled = TouchSettled(
            community=COMMUNITY,
            touch=touch.touch,
            about=touch.about,
            outcome=outcome,
            need_revision=touch.revision,
        )
        self.tell(settled, time)

    @property
    def stored(self) -> tuple[tuple[StoredEvent, ...], tuple[StateRow, ...]]:
        """All events and states, as they are stored."""
        return tuple(event for events in self._log.values() for event in events), tuple(self._states.values())

    def recorded(self, streams: Iterable[str], forms: Iterable[type[Any]]) -> list[RecordedEvent]:
        """What was recorded in the streams, of these forms."""
        log = [self._codec.to_domain_event(event) for stream in streams for event in self._log.get(stream, ())]
        return [one for one in log if isinstance(one.event, tuple(forms))]

    def member(self, member_id: str) -> Any:
        return self.state(member_stream(COMMUNITY, member_key(COMMUNITY, "discord", member_id)))

    def conversation(self, conversation: str) -> Any:
        return self.state(conversation_stream(COMMUNITY, "discord", conversation))

    @property
    def community(self) -> Any:
        return self.state(community_stream(COMMUNITY))

    @property
    def states(self) -> dict[str, tuple[int, bytes]]:
        """The version and the state, as it is stored, of each stream."""
        loaded = self._load(self._states).items()
        return {stream: (one.version, self._codec.encode_state(one.state)) for stream, one in loaded}

    def state(self, stream: str) -> Any:
        return self._load([stream])[stream].state

    def _load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return {stream: self._loaded(stream) for stream in streams}

    def _loaded(self, stream: str) -> Loaded:
        row = self._states.get(stream)
        if row is None:
            return Loaded(0, self._codec.decider_of(stream).initial, 0)
        stored = Loaded(row.version, self._codec.decode_state(stream, row.state), len(row.state))
        return stored.followed_by(self._log[stream][row.version :], self._codec)

    def _loading(self, action: Callable[[], None]) -> None:
        while True:
            try:
                action()
            except StateMissing as missing:
                self.work.undo()
                self.missed += missing.streams
                self.work.admit(self._load(missing.streams))
            else:
                break
        self.work.keep(self._service.community_of)

    def _next_deadline(self) -> DeadlineRow | None:
        book = self.work.book
        if book.incomplete:
            rows = [row for row in self._deadlines.values() if row.community not in book.suspended]
            book.extend(sorted(rows, key=lambda row: (row.due, row.stream, row.name)), complete=True)
        return book.next()

    def _commit(self) -> None:
        stored, states = self.work.to_commit()
        self.events += [self._codec.to_domain_event(event).event for event in stored]
        for event in stored:
            self._log.setdefault(str(event.originator_id), []).append(event)
        self._states.update((row.stream, row) for row in states)
        rows, dropped = self.work.book.unsaved()
        for key in dropped:
            self._deadlines.pop(key, None)
        for deadline in rows:
            self._deadlines[deadline.stream, deadline.name] = deadline
        self.work.committed(states)

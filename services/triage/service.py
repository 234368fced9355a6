"""Triage: what each message and each deadline means, as one table of handlers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from services.triage.alerts import ALERTS
from services.triage.care import CARE
from services.triage.channel import CHANNEL
from services.triage.community import COMMUNITY, IMPORTING_LINE
from services.triage.conversation import CONVERSATION
from services.triage.conversation_state import ConversationState
from services.triage.gathering import GATHERINGS
from services.triage.guest import GUEST
from services.triage.handlers import MESSAGE_HANDLERS
from services.triage.heat import HEAT
from services.triage.looks import DEADLINE_HANDLERS
from services.triage.member import MEMBER
from services.triage.member_state import MemberState
from services.triage.member_tone import TONE
from services.triage.policy_reading import PolicyReading
from services.triage.readings import Readings
from services.triage.ritual import WEEKLY
from services.triage.shown_signs import SIGNS
from services.triage.situation import Situation
from services.triage.stream_ids import (
    care_stream,
    channel_stream,
    community_of,
    community_stream,
    conversation_stream,
    heat_stream,
    identity,
    member_stream,
    signs_stream,
    tone_stream,
)
from shared.contracts.member_events import Deleted, Edited, MemberEventData, Posted
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy import Policy
from shared.contracts.warmline_facts import LinkTold, TouchSettled
from shared.delivery import Delivered, Message
from shared.event_store.codec import EventCodec
from shared.event_store.interface import Store
from shared.event_store.recorder import DeadlineRow
from shared.workspace import Workspace

_POLICIES_KEPT: Final = 64
_IMPORTS_AT_ONCE: Final = 100_000


def triage_codec() -> EventCodec:
    """Return how triage's streams are stored."""
    return EventCodec(
        "triage",
        (COMMUNITY, MEMBER, CONVERSATION, CHANNEL, CARE, ALERTS, TONE, HEAT, SIGNS, WEEKLY, GATHERINGS, GUEST),
    )


class TriageService:
    """Folds member events into members, conversations and communities, and raises what needs a touch."""

    def __init__(self, *, tone_turned_on: Callable[[], None] | None = None) -> None:
        """Take what is called when a policy that has tone read is met first."""
        self._tone_turned_on = tone_turned_on
        self._policies: dict[str, PolicyReading] = {}
        self._readings = Readings()

    def concerns(self, _message: Message) -> bool:
        """Everything in the partition's own subjects is triage's."""
        return True

    def streams_of(self, delivered: Delivered) -> Sequence[str]:
        """Return the community, the author, the conversation and the channel, or what a fact of Warmline is about."""
        event = delivered.event
        data, community, platform = event.data, event.community, event.platform
        streams = [community_stream(community)]
        if isinstance(data, MemberEventData):
            member, stream = identity(community, platform, data.member.id)
            streams.append(stream)
            conversation = getattr(data, "conversation", None)
            if conversation is not None:
                streams.append(conversation_stream(community, platform, conversation))
            read = community in self._readings.communities
            if read:
                streams.append(tone_stream(community, member.key))
                if conversation is not None:
                    streams.append(heat_stream(streams[2]))
            if isinstance(data, Deleted) or (read and isinstance(data, Edited)):
                streams.append(signs_stream(streams[2]))
            if isinstance(data, Posted) and data.place is not None:
                streams.append(channel_stream(community, platform, data.place))
        elif isinstance(data, TouchSettled):
            streams.append(data.about)
        elif isinstance(data, LinkTold):
            streams += (identity(community, one.platform, one.id)[1] for one in (data.member, data.other))
        return streams

    def streams_beside(self, coming: Sequence[Delivered], work: Workspace) -> Sequence[str]:
        """Return who waits for an answer in the conversations in which something happens, and their touch."""
        streams: list[str] = []
        for delivered in coming:
            event = delivered.event
            conversation = getattr(event.data, "conversation", None)
            if conversation is not None and isinstance(event.data, MemberEventData):
                state = work.state(conversation_stream(event.community, event.platform, conversation))
                for need in state.needs:
                    who = need.member
                    streams += (member_stream(event.community, who.key), care_stream(event.community, who))
        return streams

    def streams_of_due(self, deadlines: Sequence[DeadlineRow], work: Workspace) -> Sequence[str]:
        """Return whom the deadlines are about, and the touch that what is found there joins."""
        streams: list[str] = []
        for deadline in deadlines:
            who = _about(work.state(deadline.stream))
            if who is not None:
                community = community_of(deadline.stream)
                streams += (member_stream(community, who.key), care_stream(community, who))
        return streams

    def prepare(self, coming: Sequence[Delivered]) -> None:
        """Take note of whose texts can be read together."""
        self._readings.expect(coming)

    def on_message(self, delivered: Delivered, work: Workspace) -> None:
        """Fold one member event or fact of Warmline."""
        handlers: Sequence[Callable[[Situation], None]] = MESSAGE_HANDLERS[type(delivered.event.data)]
        situation = Situation(delivered, work, self._reading, self._readings)
        for handler in handlers:
            handler(situation)

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        """Look at what a deadline was set for."""
        DEADLINE_HANDLERS[deadline.name](deadline, work, self._reading)

    def community_of(self, stream: str) -> str:
        """Return whose imports suspend the stream's deadlines."""
        return community_of(stream)

    def suspended(self, store: Store) -> Sequence[str]:
        """Return the communities whose import is open."""
        return [place.stream.partition(":")[2] for place in store.waiting(IMPORTING_LINE, _IMPORTS_AT_ONCE)]

    def _reading(self, policy: Policy, version: str) -> PolicyReading:
        reading = self._policies.get(version)
        if reading is None:
            if len(self._policies) == _POLICIES_KEPT:
                del self._policies[next(iter(self._policies))]
            reading = self._policies[version] = PolicyReading(policy, version)
            if policy.tone.enabled and self._tone_turned_on is not None:
                self._tone_turned_on()
        return reading


def _about(state: Any) -> MemberRef | None:
    if isinstance(state, MemberState):
        return state.member
    if isinstance(state, ConversationState) and state.opening is not None:
        return state.opening.member
    return None

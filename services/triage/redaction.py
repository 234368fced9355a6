"""Answers what triage took from texts that are to be redacted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import structlog
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.triage.once_read import TELLING, was_read
from services.triage.policy_reading import PolicyReading
from services.triage.stream_ids import community_stream, identity, tone_stream
from services.triage.taken import take
from shared.contracts.cloudevents import MemberEvent, decode_member_event, encode_member_event
from shared.contracts.member_events import Edited, Posted
from shared.contracts.policy import Tone
from shared.contracts.redaction import TakeTexts, TextAt, Textless, TextsTaken, take_texts_subject
from shared.contracts.subjects import MEMBER_EVENTS
from shared.delivery import member_event_key
from shared.event_store.codec import RecordedEvent
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import PartitionRunner
from shared.stream_identity import message_at, reader_of

_MOST_BYTES: Final = 400_000
"""Of copies in one answer: NATS takes a message of 1 MiB, and bytes are a third longer in JSON."""

log = structlog.get_logger()


class Redaction:
    """Says it of what the partition has folded for good, and of nothing later: so no reader meets a copy first."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @asynccontextmanager
    async def beside(self, store: PartitionStore, _runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        """Answer for a partition while it is owned."""

        async def answer(message: Msg) -> None:
            try:
                asked = msgspec.json.decode(message.data, type=TakeTexts)
                taken = await self._taken(store, lease, asked.texts)
            except Exception as error:  # noqa: BLE001 -- who asks gets no answer, and asks again
                log.warning("redaction.not_answered", shard=lease.shard, error=str(error) or type(error).__name__)
                return
            await message.respond(msgspec.json.encode(taken))

        subscription = await self._client.subscribe(take_texts_subject(store.partition), cb=answer)
        try:
            yield
        finally:
            if self._client.is_connected:
                await subscription.unsubscribe()

    async def _taken(self, store: PartitionStore, lease: Lease, texts: tuple[TextAt, ...]) -> TextsTaken:
        stood = await store.aside(store.positions, lease)
        position = stood.positions.get(await reader_of(self._client, MEMBER_EVENTS), 0)
        copies: list[Textless] = []
        without: list[int] = []
        tones: dict[str, Tone | None] = {}
        size = 0
        for text in texts:
            if text.seq > position or size > _MOST_BYTES:
                continue
            found = await message_at(self._client, MEMBER_EVENTS, text.seq)
            event = decode_member_event(found.body) if found is not None else None
            written = _text_in(event, text.key) if event is not None else None
            if found is None or event is None or written is None:
                without.append(text.seq)
                continue
            if event.community not in tones:
                tones[event.community] = await _tone_in(store, event.community)
            tone = tones[event.community]
            if tone is not None and not was_read(event, found.stored, tone, await _told_of(store, event)):
                tone = None
            taken = take(written.text, tone)
            body = encode_member_event(replace(event, data=replace(written, text="")))
            copies.append(Textless(seq=text.seq, stored=found.stored, taken=taken, body=body))
            size += len(body) + len(taken)
        return TextsTaken(copies=tuple(copies), without_text=tuple(without))


async def _told_of(store: PartitionStore, event: MemberEvent) -> Sequence[RecordedEvent]:
    member, stream = identity(event.community, event.platform, event.data.member.id)  # type: ignore[union-attr]
    return await store.aside(store.events_of, [stream, tone_stream(event.community, member.key)], TELLING)


def _text_in(event: MemberEvent, key: str) -> Posted | Edited | None:
    """Return what somebody wrote; None where this is another event than that of ``key``, or holds no text."""
    if not isinstance(event.data, Posted | Edited) or member_event_key(event) != key:
        return None
    return event.data if event.data.text else None


async def _tone_in(store: PartitionStore, community: str) -> Tone | None:
    stream = community_stream(community)
    state: Any = (await store.aside(store.load, [stream]))[stream][1]
    return None if state.policy is None else PolicyReading(state.policy, state.policy_version).tone_in(community)

"""What triage answers of texts that are to be redacted, on a real server and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from nats.aio.client import Client

from services.triage.redaction import Redaction
from services.triage.service import triage_codec
from services.triage.taken import taken_of
from shared.contracts.cloudevents import MemberEvent, decode_member_event, encode_member_event, type_name
from shared.contracts.names import event_key
from shared.contracts.policy import Identity, Tone
from shared.contracts.redaction import TAKEN, TakeTexts, TextAt, TextsTaken, take_texts_subject
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import ToneOptOut
from shared.event_store.recorder import Commit, Moved
from shared.event_store.store import PartitionStore
from shared.event_store.stored import EPOCH
from shared.publisher import DurablePublisher, Outgoing
from shared.stream_identity import reader_of
from tests.kernel.kernel_tables import own, stores
from tests.triage.making import LONG_AGO
from tests.triage.partition import COMMUNITY, ORGANISATION, Partition
from tests.triage.people import ADA, BEA, CLEO, MIRA, care_policy, posted
from tests.triage.signs import CRISIS


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url, codec=triage_codec()) as made:
        yield made[0]


def as_sent(data: Any, time: datetime) -> Outgoing:
    event = MemberEvent(
        id=data.message,
        source="/discord/guild",
        type=type_name(data),
        time=time,
        organisation=ORGANISATION,
        community=COMMUNITY,
        platform="discord",
        data=data,
    )
    subject = f"p.0.member.{COMMUNITY}.discord.posted"
    return Outgoing(subject=subject, headers={}, body=encode_member_event(event), msg_id=event.id)


async def test_of_whom_no_tone_was_read_no_sign_is_stored_in_the_stream(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    now = datetime.now(UTC)
    acme = Partition(care_policy(tone=Tone(enabled=True, language="en")), stored=LONG_AGO)
    posts = [posted(member, f"m-{member.id}", text=CRISIS) for member in (ADA, BEA, CLEO, MIRA)]
    for data in posts:
        acme.tell(data, now - timedelta(days=1))
    for name, hours in (("ada", -1), ("cleo", 1)):
        choice = ToneOptOut(community=COMMUNITY, member=Identity(platform="discord", id=name), opted_out=True)
        acme.tell(choice, now + timedelta(hours=hours))
    await DurablePublisher(client, MEMBER_EVENTS).publish([as_sent(data, now) for data in posts])
    lease, reader = own(database_url), await reader_of(client, MEMBER_EVENTS)
    store.open(lease, [reader])
    events, states = acme.stored
    folded = Moved(reader=reader, expected=0, position=len(posts))
    store.commit(lease, Commit(head=0, commits=0, clock=EPOCH, moved=folded, events=events, states=states))
    keys = [event_key(COMMUNITY, "/discord/guild", data.message) for data in posts]
    texts = [TextAt(seq=seq, key=key) for seq, key in enumerate(keys, start=1)]
    others = [TextAt(seq=seq, key=key) for seq, key in enumerate(reversed(keys), start=1)]
    async with Redaction(client).beside(store, None, lease):  # type: ignore[arg-type]

        async def taken_from(asked: list[TextAt]) -> TextsTaken:
            body = msgspec.json.encode(TakeTexts(texts=tuple(asked)))
            answer = await client.request(take_texts_subject(store.partition), body, timeout=20)
            return msgspec.json.decode(answer.data, type=TextsTaken)

        copies = (await taken_from(texts)).copies
        # Of a stream that was put back, others stand where these were: nothing of theirs is redacted.
        assert await taken_from(others) == TextsTaken(without_text=(1, 2, 3, 4))
    assert {decode_member_event(copy.body).data.text for copy in copies} == {""}
    found = {decode_member_event(copy.body).id: taken_of({TAKEN: copy.taken}) for copy in copies}
    assert {name: bool(taken and (taken.signs or taken.words)) for name, taken in found.items()} == {
        "m-ada": False,
        "m-bea": True,
        "m-cleo": True,
        "m-mira": False,
    }

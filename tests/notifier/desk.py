"""One partition of notifier on a real database: what it is told is folded and stored at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row

from services.notifier.notices.notice import Channel
from services.notifier.notices.outbox import NoticeOutbox
from services.notifier.outage import Outage
from services.notifier.service import NotifierService, notifier_codec
from shared.contracts.cloudevents import MemberEvent, encode_member_event, publication
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Policy
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, needs_touch_subject
from shared.contracts.warmline_facts import PolicyAdopted
from shared.delivery import Message
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from shared.partition.folding import Batch, Folding
from shared.partition.runner import PartitionRunner
from tests.notifier.people import COMMUNITY, ORGANISATION

DESK = "https://desk.example.org"
_READERS = {MEMBER_EVENTS: f"{MEMBER_EVENTS}@now", TOUCHES: f"{TOUCHES}@now"}


def policy_event(policy: Policy, version: str) -> MemberEvent:
    return MemberEvent(
        id=f"policy:{version}",
        source="/warmline/ingest",
        type="warmline.community.policy-adopted.v1",
        time=datetime.now(UTC),
        organisation=ORGANISATION,
        community=COMMUNITY,
        platform="warmline",
        data=PolicyAdopted(community=COMMUNITY, version=version, policy=policy),
    )


def need_message(need: NeedsTouch) -> tuple[str, dict[str, str], bytes]:
    """Return subject, headers and body as triage publishes them."""
    made = publication(
        needs_touch_subject(need.community, need.segment, need.reason),
        need,
        event_id=f"{need.touch}:{need.revision}",
        source="/warmline/triage",
        time=need.raised_at,
        extensions={"organisation": need.organisation},
    )
    return made.subject, made.headers, made.body


class Desk:
    def __init__(self, url: str, store: PartitionStore, lease: Lease, folding: Folding) -> None:
        self.url = url
        self.store = store
        self.lease = lease
        self._folding = folding
        self._service = NotifierService(0, 1)
        self._numbers = itertools.count(1)
        self._log = _Log()

    async def adopt(self, policy: Policy) -> None:
        body = encode_member_event(policy_event(policy, f"v{next(self._numbers)}"))
        await self._fold(MEMBER_EVENTS, "p.0.member.acme.warmline.policy-adopted", None, body)

    async def raise_need(self, need: NeedsTouch) -> None:
        await self._fold(TOUCHES, *need_message(need))

    async def fire(self) -> None:
        """Fire what is due by now."""
        while await self._folding.fire(datetime.now(UTC)):
            self.log_grows()

    async def claim(self, touch: str, responder: str) -> None:
        await self._command(ClaimTouch(**self._by(touch, responder)))

    async def release(self, touch: str, responder: str) -> None:
        await self._command(ReleaseTouch(**self._by(touch, responder)))

    async def settle(self, touch: str, responder: str) -> None:
        await self._command(SettleTouch(**self._by(touch, responder), outcome="reached"))

    @asynccontextmanager
    async def outbox(self, *channels: Channel) -> AsyncIterator[None]:
        """Send notices, as the partition's owner."""
        outbox = NoticeOutbox(self.url, DESK, channels, Outage())
        async with outbox.beside(self.store, cast("PartitionRunner", self._log), self.lease):
            yield

    async def query(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            cursor = await connection.execute(statement.encode(), parameters)
            return await cursor.fetchall() if cursor.description else []

    async def notices(self, channel: str = "smtp") -> list[dict[str, Any]]:
        return await self.query(
            "SELECT *, due - clock_timestamp() AS wait FROM notifier.notices WHERE channel = %s "
            "ORDER BY touch, revision",
            channel,
        )

    async def make_due(self) -> None:
        await self.query("UPDATE notifier.notices SET due = clock_timestamp() WHERE ended_at IS NULL")
        self.log_grows()

    def log_grows(self) -> None:
        """Tell what stands beside the partition so."""
        self._log.grow()

    def _by(self, touch: str, responder: str) -> dict[str, Any]:
        stream = f"touch:{touch}"
        revision = self.store.load([stream])[stream][1].revision
        ids = {"command_id": f"c-{next(self._numbers)}", "organisation": ORGANISATION}
        return {**ids, "touch": touch, "responder": responder, "revision": revision}

    async def _command(self, command: TouchCommand) -> None:
        self._folding.work.now = datetime.now(UTC)
        await self._folding.loading.until_done(lambda: self._service.on_command(command, self._folding.work))
        self._folding.keep()
        await self._folding.commit(Batch())
        self.log_grows()

    async def _fold(self, stream: str, subject: str, headers: dict[str, str] | None, body: bytes) -> None:
        seq = next(self._numbers)
        stored = datetime.now(UTC)
        message = Message(stream=stream, seq=seq, stored=stored, subject=subject, headers=headers, body=body)
        await self._folding.fold(_READERS[stream], [message])
        await self.fire()
        self.log_grows()


class _Log:
    """Tells what stands beside the partition that its log has grown, as its runner does."""

    def __init__(self) -> None:
        self._grown: list[asyncio.Event] = []

    def grown(self) -> asyncio.Event:
        self._grown.append(asyncio.Event())
        self._grown[-1].set()
        return self._grown[-1]

    def grow(self) -> None:
        for event in self._grown:
            event.set()


@asynccontextmanager
async def desk_at(url: str) -> AsyncIterator[Desk]:
    """A partition, owned, on the provisioned database at ``url``."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "UPDATE notifier.shards SET owner = 'desk', epoch = epoch + 1, "
            "expires_at = clock_timestamp() + interval '1h' WHERE shard = '0' RETURNING epoch"
        )
        row = await cursor.fetchone()
    assert row is not None
    lease = Lease(shard="0", owner="desk", epoch=row[0])
    with datastore(url, "notifier", connections=6) as pool:
        store = PartitionStore(pool, 0, notifier_codec())
        yield Desk(url, store, lease, await Folding.open(store, lease, NotifierService(0, 1), list(_READERS.values())))

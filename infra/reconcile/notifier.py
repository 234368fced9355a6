"""Notifier's part: the lost end of its log is adopted from what it had published.

It cannot be replayed, for it was decided by the wall clock and by people. So the facts are taken back as they are, at
positions beyond all that was ever published, so that no position means two things.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, LiteralString

import psycopg
from psycopg.sql import SQL

from infra.outlets import OUTLETS
from infra.progress import Progress
from infra.reconcile.looking import LogBehind
from infra.reconcile.published import Published, messages_after, published_after
from infra.running_servers import Connections
from services.notifier.adoption import Told, UnknownTouchError, adopt_fact, adopt_policy, offer_what_waits
from services.notifier.service import NotifierService
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, partition_of
from shared.contracts.touch_facts import TouchFact
from shared.contracts.warmline_facts import PolicyAdopted
from shared.delivery import Delivered
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.folding import Batch, Folding
from shared.partition.loading import HandlingError
from shared.stream_identity import reader_of

POLICIES: Final = ("p.*.member.*.warmline.policy-adopted",)
_FACTS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """How many facts were taken back, and those about touches that nothing raises, which were not."""

    facts: int
    unknown: tuple[str, ...]


class Adoption:
    """Adopts the lost end of one partition's log. Interrupted anywhere, it goes on where it was."""

    def __init__(
        self, servers: Connections, store: PartitionStore, lease: Lease, behind: LogBehind, progress: Progress
    ) -> None:
        self._servers = servers
        self._store = store
        self._lease = lease
        self._behind = behind
        self._progress = progress

    async def run(self) -> Adopted:
        """Adopt; raises FencedError when somebody has taken the shard over."""
        client, behind, outlet = self._servers.client, self._behind, OUTLETS["notifier"]
        await self._begin()
        published = await published_after(
            client, outlet.stream, outlet.subject, self._store.partition, position=behind.lost_after, seq=behind.noted
        )
        lost = [one for one in published if one.position <= behind.published]
        readers = {stream: await reader_of(client, stream) for stream in (MEMBER_EVENTS, TOUCHES)}
        service = NotifierService(self._store.partition, self._servers.partitions)
        folding = await Folding.open(self._store, self._lease, service, list(readers.values()))
        last = max((one.event.at for one in lost if isinstance(one.event, TouchFact)), default=None)
        if last is not None:
            await self._adopt_policies(folding, folding.positions[readers[MEMBER_EVENTS]], last)
        told = await self._told(folding.positions[readers[TOUCHES]])
        adopted = await self._adopt_facts(folding, lost, told)
        await self._note_adopted(folding.head, lost, await reader_of(client, outlet.stream))
        await self._offer(folding, lost)
        await self._finish()
        return adopted

    async def _begin(self) -> None:
        """Move the log's end beyond all that was published, and remember that this is under way."""
        if self._behind.begun:
            return
        async with self._servers.postgres.transaction():
            await self._change(
                "UPDATE notifier.shards SET head = %s, commits = commits + 1 WHERE {held}", self._behind.published
            )
            await self._servers.postgres.execute(
                "INSERT INTO notifier.adoptions (shard, lost_after, lost_until) VALUES (%s, %s, %s)",
                (self._lease.shard, self._behind.lost_after, self._behind.published),
            )

    async def _adopt_policies(self, folding: Folding, after: int, until: datetime) -> None:
        """Take in the policies that were in force by the time of the last fact that was lost."""
        batch = Batch()
        for message in await self._own(MEMBER_EVENTS, POLICIES, after):
            event = message.event
            adopted = event.data if isinstance(event, MemberEvent) else None
            if not isinstance(adopted, PolicyAdopted) or message.stored > until:
                continue
            if message.key in await self._store.aside(self._store.known, [message.key]) or message.key in batch.inbox:
                continue
            await self._do(folding, _adopting_policy(event.organisation, adopted, folding))
            batch.inbox.append(message.key)
        if batch.inbox:
            await folding.commit(batch)

    async def _told(self, after: int) -> dict[str, list[Told]]:
        """Return what TOUCHES says that the store has not read, by touch."""
        told: dict[str, list[Told]] = defaultdict(list)
        for message in await self._own(TOUCHES, ("needs-touch.>",), after):
            told[message.event.touch].append(Told(key=message.key, stored=message.stored, event=message.event))
        return told

    async def _own(self, stream: str, subjects: Sequence[str], after: int) -> list[Delivered]:
        partitions, partition = self._servers.partitions, self._store.partition
        found = await messages_after(self._servers.client, stream, subjects, after)
        return [one for one in found if partition_of(one.event.organisation, partitions) == partition]

    async def _adopt_facts(self, folding: Folding, lost: Sequence[Published], told: dict[str, list[Told]]) -> Adopted:
        self._progress.step(f"notifier, partition {self._store.partition}: adopting facts", len(lost))
        count, unknown = 0, []
        facts = iter(lost)
        while chunk := list(islice(facts, _FACTS_AT_ONCE)):
            batch = Batch()
            for one in chunk:
                fact = one.event
                if not isinstance(fact, TouchFact):
                    unknown.append(one.key)
                    continue
                act, taken = _adopting_fact(fact, told[fact.touch], folding)
                try:
                    await self._do(folding, act, now=fact.at)
                except HandlingError as error:
                    if not isinstance(error.__cause__, UnknownTouchError):
                        raise
                    unknown.append(one.key)
                else:
                    batch.inbox += taken
                    count += 1
            await folding.commit(batch)
            self._progress.reach(count)
        return Adopted(facts=count, unknown=tuple(unknown))

    async def _do(self, folding: Folding, act: Callable[[], None], *, now: datetime | None = None) -> None:
        folding.work.now = now or datetime.now(UTC)
        folding.work.clock = folding.clock
        await folding.loading.until_done(act)
        folding.keep()

    async def _note_adopted(self, head: int, lost: Sequence[Published], outlet: str) -> None:
        """Nothing of what was adopted is to be published again."""
        async with self._servers.postgres.transaction():
            noted = await self._servers.postgres.execute(
                "UPDATE notifier.adoptions SET adopted_until = %s "
                "WHERE shard = %s AND finished_at IS NULL AND adopted_until IS NULL",
                (head, self._lease.shard),
            )
            if noted.rowcount:
                await self._change(
                    "UPDATE notifier.shards SET relayed = greatest(relayed, %s), relayed_in = %s, "
                    "relayed_seq = greatest(relayed_seq, %s) WHERE {held}",
                    head,
                    outlet,
                    max((one.seq for one in lost), default=0),
                )

    async def _offer(self, folding: Folding, lost: Sequence[Published]) -> None:
        """Let what waits be offered: also what was given back in the moment in which the published end was cut."""
        touches: dict[str, dict[str, None]] = defaultdict(dict)
        for one in lost:
            if isinstance(one.event, TouchFact):
                touches[one.event.organisation][one.event.touch] = None
        for organisation, own in touches.items():
            for chunk in _chunks(list(own)):
                await self._do(folding, _offering(organisation, chunk, folding))
                await folding.commit(Batch())

    async def _finish(self) -> None:
        await self._servers.postgres.execute(
            "UPDATE notifier.adoptions SET finished_at = clock_timestamp() WHERE shard = %s AND finished_at IS NULL",
            (self._lease.shard,),
        )

    async def _change(self, statement: LiteralString, *parameters: Any) -> None:
        lease = self._lease
        held = SQL("shard = %s AND owner = %s AND epoch = %s AND expires_at > clock_timestamp()")
        cursor: psycopg.AsyncCursor[Any] = await self._servers.postgres.execute(
            SQL(statement).format(held=held),
            (*parameters, lease.shard, lease.owner, lease.epoch),
        )
        if cursor.rowcount != 1:
            raise FencedError(lease.shard)


def _adopting_policy(organisation: str, adopted: PolicyAdopted, folding: Folding) -> Callable[[], None]:
    return lambda: adopt_policy(organisation, adopted, folding.work)


def _adopting_fact(fact: TouchFact, told: Sequence[Told], folding: Folding) -> tuple[Callable[[], None], list[str]]:
    """Return what adopts ``fact``, and the list in which it leaves the key of what it took in."""
    taken: list[str] = []

    def act() -> None:
        taken.clear()
        key = adopt_fact(fact, told, folding.work)
        if key is not None:
            taken.append(key)

    return act, taken


def _offering(organisation: str, touches: Sequence[str], folding: Folding) -> Callable[[], None]:
    return lambda: offer_what_waits(organisation, touches, folding.work)


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), _FACTS_AT_ONCE):
        yield names[first : first + _FACTS_AT_ONCE]

"""Triage's part: the log of record is folded on until the log has come to what it had published, then compared.

A replay records the same events at the same positions, so what was published need not be published again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from infra.operator_error import OperatorError
from infra.outlets import OUTLETS
from infra.progress import Progress
from infra.readers import Ends
from infra.reconcile.published import published_after
from infra.reconcile.publishing import publish_rest, run_until, stand_of
from infra.running_servers import Connections
from services.triage.service import TriageService
from shared.contracts.subjects import MEMBER_EVENTS
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.inlet import NatsInlet
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input

_PAGE: Final = 1000
_WALL: Final = timedelta(seconds=5)
"""A deadline fires by the wall clock some seconds late."""


async def replay_triage(servers: Connections, store: PartitionStore, lease: Lease, progress: Progress) -> None:
    """Fold the partition to the end of the log of record, compare with what was published, publish what was not.

    Raises OperatorError when the replay does not record what was published.
    """
    partition = store.partition
    subject = f"p.{partition}.member.>"
    inputs = (Input(stream=MEMBER_EVENTS, subjects=(subject,)),)
    last = await Ends().of(servers.client, MEMBER_EVENTS, subject)
    progress.step(f"triage, partition {partition}: folding on", last)
    runner = PartitionRunner(
        NatsInlet(servers.client), store, lease, TriageService(), inputs, after_commit=lambda _head: None
    )

    async def folded() -> bool:
        stood = await store.aside(store.positions, lease)
        position = max(stood.positions.values(), default=0)
        progress.reach(position)
        return position >= last and not await _something_is_due(servers, store)

    await run_until(runner.run, folded, partial(stand_of, store, lease), f"folding partition {partition} of triage")
    await _compare(servers.client, store, lease)
    await publish_rest(servers.client, "triage", store, lease, progress)


async def _something_is_due(servers: Connections, store: PartitionStore) -> bool:
    suspended = await store.aside(TriageService().suspended, store)
    cursor = await servers.postgres.execute(
        SQL("SELECT min(due) FROM {} WHERE community <> ALL(%s)").format(
            Identifier("triage", f"p{store.partition}_deadlines")
        ),
        (list(suspended),),
    )
    row = await cursor.fetchone()
    return row is not None and row[0] is not None and row[0] < datetime.now(UTC) - _WALL


async def _compare(client: Client, store: PartitionStore, lease: Lease) -> None:
    """Hold what the stream has beyond what the database knew to be published against the log."""
    outlet, relayed = OUTLETS["triage"], await store.aside(store.relayed, lease)
    noted = await store.aside(store.outlet, lease)
    published = await published_after(
        client, outlet.stream, outlet.subject, store.partition, position=relayed, seq=noted.seq
    )
    found = {one.position: one.key for one in published}
    recorded = await _recorded(store, relayed, max(found, default=0))
    differing = sorted({*found.items()} ^ {*recorded.items()})
    if differing:
        place = differing[0][0]
        raise OperatorError(
            f"Partition {store.partition} of triage decides otherwise than it had: at its position {place:,} "
            f"{outlet.stream} holds {found.get(place, 'nothing')}, and the replay records "
            f"{recorded.get(place, 'nothing')} ({len(differing):,} such differences). Restore the database once more, "
            "and reconcile with the build of Warmline that published it: nothing was published now."
        )


async def _recorded(store: PartitionStore, position: int, until: int) -> dict[int, str]:
    """Return, by position in (``position``, ``until``], the identity under which the log's events are published."""
    outlet, codec = OUTLETS["triage"], store.codec
    topics = [codec.names[form] for form in outlet.public]
    recorded: dict[int, str] = {}
    while position < until:
        events = await store.aside(store.events_after, position, limit=_PAGE, topics=topics)
        for event in events:
            made = codec.to_domain_event(event)
            recorded[event.id] = outlet.public[type(made.event)](made).headers["ce-id"]
        position = events[-1].id if events else until
    return {place: key for place, key in recorded.items() if place <= until}

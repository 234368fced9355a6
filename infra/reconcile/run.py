"""Reconciling, from the findings to a system whose parts are of one moment again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from psycopg.sql import SQL, Identifier

from infra.event_stores import STORES
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.readers import all_readers
from infra.reconcile.ingest import Unknown, pass_over_settled, relearn_policies, unknown_things
from infra.reconcile.looking import LogBehind, logs_behind
from infra.reconcile.notifier import Adoption
from infra.reconcile.shard_leases import shards_held
from infra.reconcile.triage import replay_triage
from infra.running_servers import Connections
from infra.shards import SERVICES
from services.ingest.feedback import FEEDBACK_SHARD
from services.ingest.relearning import Relearned
from shared.contracts.subjects import MEMBER_EVENTS
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import FencedError, PartitionStore


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What was done."""

    adopted: int = 0
    unknown_touches: list[str] = field(default_factory=list)
    relearned: Relearned = field(default_factory=lambda: Relearned(policies=0, communities=0))
    passed_over: int = 0
    unknown: Unknown = field(default_factory=lambda: Unknown(sources=(), imports=()))


async def reconcile(servers: Connections, progress: Progress) -> Reconciled:
    """Bring a database that is earlier than the streams together with them; harmless where nothing is to be done.

    Raises OperatorError when that cannot be done, with what stands in the way.
    """
    done = Reconciled()
    since = min(
        (
            one.position
            for one in await all_readers(servers.postgres, servers.partitions)
            if one.stream == MEMBER_EVENTS
        ),
        default=0,
    )
    partitions = [str(number) for number in range(servers.partitions)]
    try:
        async with AsyncExitStack() as stack:
            held: dict[str, dict[str, Lease]] = {}
            for service, shards in (("notifier", partitions), ("ingest", [FEEDBACK_SHARD]), ("triage", partitions)):
                held[service] = await stack.enter_async_context(shards_held(servers.postgres_url, service, shards))
            await _replay(servers, held["triage"], progress)
            done.relearned = await relearn_policies(servers, progress)
            await _adopt(servers, held["notifier"], await logs_behind(servers), done, progress)
            done.passed_over = await pass_over_settled(servers, progress)
            done.unknown = await unknown_things(servers, since, progress)
            await _clear_halts(servers)
    except FencedError as error:
        raise OperatorError(
            f"The shard {error} was taken over by another process meanwhile. Run the command again: it goes on."
        ) from error
    return done


async def _replay(servers: Connections, leases: dict[str, Lease], progress: Progress) -> None:
    with datastore(servers.postgres_url, "triage", connections=3) as database:
        for shard, lease in sorted(leases.items()):
            store = PartitionStore(database, int(shard), STORES["triage"].codec())
            await replay_triage(servers, store, lease, progress)


async def _adopt(
    servers: Connections,
    leases: dict[str, Lease],
    behind: Sequence[LogBehind],
    done: Reconciled,
    progress: Progress,
) -> None:
    with datastore(servers.postgres_url, "notifier", connections=3) as database:
        for one in behind:
            if one.service == "notifier":
                store = PartitionStore(database, one.partition, STORES["notifier"].codec())
                adopted = await Adoption(servers, store, leases[str(one.partition)], one, progress).run()
                done.adopted += adopted.facts
                done.unknown_touches += adopted.unknown


async def _clear_halts(servers: Connections) -> None:
    """Whoever runs looks anew and says so again; where nobody runs, nothing is left that says otherwise."""
    for service in SERVICES:
        await servers.postgres.execute(
            SQL("UPDATE {} SET halted = NULL WHERE halted IS NOT NULL").format(Identifier(service, "shards"))
        )

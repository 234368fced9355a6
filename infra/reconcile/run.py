"""Reconciling, from the findings to a system whose parts are of one moment again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from psycopg.sql import SQL, Identifier

from infra.event_stores import STORES
from infra.operator_error import OperatorError
from infra.outlets import OUTLETS
from infra.progress import Progress
from infra.readers import all_readers
from infra.rebuilding.view_rebuild import ViewRebuild
from infra.reconcile.derived_streams import make_anew
from infra.reconcile.ingest import Unknown, pass_over_settled, relearn_policies, unknown_things
from infra.reconcile.looking import LogBehind, logs_behind
from infra.reconcile.notifier import Adoption
from infra.reconcile.publishing import publish_rest
from infra.reconcile.recovery import Recovered, move_readers_back, recover_member_events
from infra.reconcile.shard_leases import shards_held
from infra.reconcile.streams_behind import cut_of, streams_behind
from infra.reconcile.triage import replay_triage
from infra.running_servers import Connections
from infra.shards import SERVICES
from infra.tone_plug_in_check import refuse_broken_tone_plug_in
from services.ingest.feedback import FEEDBACK_SHARD
from services.ingest.relearning import Relearned
from services.projections.views import VIEWS
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from shared.topology import DERIVED


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What was done."""

    adopted: int = 0
    unknown_touches: list[str] = field(default_factory=list)
    relearned: Relearned = field(default_factory=lambda: Relearned(policies=0, communities=0))
    passed_over: int = 0
    recovered: Recovered | None = None
    made_anew: tuple[str, ...] = ()
    unknown: Unknown = field(default_factory=lambda: Unknown(sources=(), imports=()))


async def reconcile(servers: Connections, progress: Progress) -> Reconciled:
    """Bring database and streams together, whichever is the earlier; harmless where nothing is to be done.

    Raises OperatorError when that cannot be done, with what stands in the way.
    """
    refuse_broken_tone_plug_in()
    done = Reconciled()
    behind = [one.stream for one in await streams_behind(servers)]
    await _refuse_both(servers, behind)
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
            await _mend_streams(servers, behind, done, progress)
            await _replay(servers, held["triage"], progress)
            if TOUCH_FACTS in done.made_anew:
                await _publish_facts(servers, held["notifier"], progress)
            done.relearned = await relearn_policies(servers, progress)
            await _adopt(servers, held["notifier"], await logs_behind(servers), done, progress)
            done.passed_over = await pass_over_settled(servers, progress)
            if done.recovered is None:
                done.unknown = await unknown_things(servers, since, progress)
            await _clear_halts(servers)
    except FencedError as error:
        raise OperatorError(
            f"The shard {error} was taken over by another process meanwhile. Run the command again: it goes on."
        ) from error
    if done.recovered is not None:
        await ViewRebuild(servers, next(view for view in VIEWS if view.name == "history"), progress).run()
    return done


async def _refuse_both(servers: Connections, behind: Sequence[str]) -> None:
    """Raise OperatorError where a log lacks what a stream holds, and the stream or its source lacks something, too."""
    for one in await logs_behind(servers):
        if MEMBER_EVENTS in behind or OUTLETS[one.service].stream in behind:
            raise OperatorError(
                f"{one.says}; and {', '.join(behind)} holds less than the database. Each has lost what the other "
                "knows: restore both from one backup."
            )


async def _mend_streams(servers: Connections, behind: Sequence[str], done: Reconciled, progress: Progress) -> None:
    if MEMBER_EVENTS in behind:
        cut = await cut_of(servers)
        done.recovered = await recover_member_events(servers, cut, progress)
        await move_readers_back(servers, cut, done.recovered)
    done.made_anew = tuple(stream for stream in behind if stream in DERIVED)
    await make_anew(servers.client, done.made_anew, progress)


async def _publish_facts(servers: Connections, leases: dict[str, Lease], progress: Progress) -> None:
    with datastore(servers.postgres_url, "notifier", connections=3) as database:
        for shard, lease in sorted(leases.items()):
            store = PartitionStore(database, int(shard), STORES["notifier"].codec())
            await publish_rest(servers.client, "notifier", store, lease, progress)


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

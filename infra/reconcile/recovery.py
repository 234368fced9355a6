"""The log of record, put together again from what the database still holds of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from infra.event_stores import STORES
from infra.progress import Progress
from infra.reconcile.published import each_after
from infra.reconcile.recovered_event import Told, recovered_event
from infra.running_servers import Connections
from services.ingest.feedback import settled_message
from services.ingest.message import fact_message, message_of
from shared.contracts.cloudevents import encode_member_event
from shared.contracts.policy import Policy
from shared.contracts.subjects import MEMBER_EVENTS, partition_of
from shared.contracts.touch_facts import TouchSettled
from shared.contracts.warmline_facts import ImportBegan, ImportEnded, PolicyAdopted, WarmlineFact
from shared.event_store.recorder import datastore
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher, Outgoing
from shared.stream_identity import look_at

_CHUNK: Final = 500
_KEYS: Final = "reconcile_keys"
_LOST: Final = """
SELECT h.event, h.source, h.kind, h.time, c.organisation, h.community, h.platform, h.conversation, h.message,
       h.reply_to, h.channel, h.audience, h.url, h.text, h.extra::json, m.member_id, m.name AS member_name,
       m.handle AS member_handle, m.roles::json AS member_roles, m.bot AS member_bot
FROM view_history.history AS h
JOIN view_history.members AS m ON m.key = h.member_key
JOIN view_history.communities AS c ON c.community = h.community
WHERE h.seq > %s AND NOT EXISTS (SELECT FROM reconcile_keys AS k WHERE k.key = h.key) ORDER BY h.seq
"""
# The history keeps too little of what the team told to make the facts anew: somebody has to tell it again.
_LOST_TOLD: Final = """
SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), what, responder, member_key FROM (
    SELECT key, time, kind AS what, responder, member_key FROM view_history.by_hand
    UNION ALL SELECT key, time, 'link with ' || other_key, coalesce(responder, rule), member_key FROM view_history.links
    WHERE member_key < other_key
) AS told
WHERE NOT EXISTS (SELECT FROM reconcile_keys AS k WHERE k.key = told.key) ORDER BY time, key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """How many member events and facts were put back, and how many that triage had taken in are gone for good.

    ``told`` names what the team told of members and is gone: when, what, by whom, of which member.
    """

    events: int
    facts: int
    gone: int
    told: tuple[str, ...]


async def recover_member_events(servers: Connections, cut: int, progress: Progress) -> Recovered:
    """Append what the database holds and MEMBER_EVENTS has lost after ``cut``, each event under its own identity."""
    publisher = DurablePublisher(servers.client, MEMBER_EVENTS)
    await _load_keys(servers, progress)
    progress.step("putting back policies and imports")
    facts = await _missing_facts(servers)
    for first in range(0, len(facts), _CHUNK):
        await publisher.publish(facts[first : first + _CHUNK])
    progress.step("putting back what the history tells")
    events = 0
    async with servers.postgres.cursor(name="lost", row_factory=class_row(Told), withhold=True) as cursor:
        await cursor.execute(_LOST, (cut,))
        while rows := await cursor.fetchmany(_CHUNK):
            found = [event for event in map(recovered_event, rows) if event is not None]
            await publisher.publish(
                [message_of(event, encode_member_event(event), servers.partitions) for event in found]
            )
            events += len(found)
            progress.reach(events)
    letters = await _put_back_letters(servers, publisher, cut)
    await _load_keys(servers, progress)
    return Recovered(
        events=events + letters, facts=len(facts), gone=await _gone(servers), told=await _lost_told(servers)
    )


async def move_readers_back(servers: Connections, cut: int, recovered: Recovered) -> None:
    """Let every reader of MEMBER_EVENTS go on after ``cut``, and record that triage's logs hold more than it does."""
    reader = (await look_at(servers.client, MEMBER_EVENTS)).reader
    like = f"{MEMBER_EVENTS}@%"
    why = f"{MEMBER_EVENTS} was of an earlier moment: {recovered.events} events put back, {recovered.gone} gone"
    connection = servers.postgres
    async with connection.transaction():
        for partition in range(servers.partitions):
            for service in ("triage", "notifier"):
                tracking = Identifier(service, f"p{partition}_tracking")
                lost = await connection.execute(
                    SQL("SELECT FROM {} WHERE application_name LIKE %s AND notification_id > %s").format(tracking),
                    (like, cut),
                )
                await connection.execute(
                    SQL(
                        "UPDATE {} SET application_name = %s, notification_id = least(notification_id, %s) "
                        "WHERE application_name LIKE %s"
                    ).format(tracking),
                    (reader, cut, like),
                )
                if lost.rowcount and service == "triage":
                    await connection.execute(
                        "INSERT INTO triage.horizons (shard, head, why) SELECT shard, head, %s FROM triage.shards "
                        "WHERE shard = %s ON CONFLICT DO NOTHING",
                        (why, str(partition)),
                    )
        # Beyond the cut, other messages stand; up to it, the texts are there again that have been redacted since.
        await connection.execute("DELETE FROM view_history.superseded WHERE seq > %s", (cut,))
        await connection.execute("DELETE FROM view_history.repeats WHERE seq > %s", (cut,))
        await connection.execute(
            "INSERT INTO view_history.superseded (seq, community, key) SELECT seq, community, key "
            "FROM view_history.history WHERE superseded AND seq <= %s ON CONFLICT DO NOTHING",
            (cut,),
        )
        await connection.execute(
            "UPDATE view_history.positions SET reader = %s, position = least(position, %s), last_seq = NULL, "
            "last_stored = NULL WHERE reader LIKE %s",
            (reader, cut, like),
        )


async def _load_keys(servers: Connections, progress: Progress) -> None:
    """Fill a table of this connection's own with the identity of all that MEMBER_EVENTS holds."""
    connection = servers.postgres
    await connection.execute(f"DROP TABLE IF EXISTS {_KEYS}; CREATE TEMP TABLE {_KEYS} (key text)".encode())
    last = (await look_at(servers.client, MEMBER_EVENTS)).last
    progress.step(f"reading {MEMBER_EVENTS}", last)
    async with (
        aclosing(each_after(servers.client, MEMBER_EVENTS, (">",), 0)) as messages,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_KEYS} FROM STDIN".encode()) as copy,
    ):
        async for message in messages:
            await copy.write_row((message.key,))
            progress.reach(message.seq)
    await connection.execute(f"CREATE INDEX {_KEYS}_key ON {_KEYS} (key); ANALYZE {_KEYS}".encode())


async def _missing_facts(servers: Connections) -> list[Outgoing]:
    """Return the facts that triage had taken in, that the database can tell, and that are not there."""
    candidates = [*await _policies(servers), *await _imports(servers), *await _settled(servers)]
    by_partition: dict[int, list[str]] = {}
    for community, message in candidates:
        by_partition.setdefault(partition_of(community, servers.partitions), []).append(message.msg_id)
    missing: set[str] = set()
    for partition, keys in by_partition.items():
        cursor = await servers.postgres.execute(
            SQL("SELECT id FROM {} WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM {} WHERE key = id)").format(
                Identifier("triage", f"p{partition}_inbox"), Identifier(_KEYS)
            ),
            (keys,),
        )
        missing.update(row[0] for row in await cursor.fetchall())
    return [message for _, message in candidates if message.msg_id in missing]


async def _policies(servers: Connections) -> list[tuple[str, Outgoing]]:
    rows = await _rows(
        servers,
        "SELECT community, organisation, adoption, version, policy::text, adopted_at "
        "FROM ingest.communities JOIN ingest.policies USING (organisation) ORDER BY adoption, community",
    )
    return [
        _fact(
            servers,
            PolicyAdopted(community=community, version=version, policy=msgspec.json.decode(policy, type=Policy)),
            organisation,
            f"policy:{version}:{adoption}",
            at,
        )
        for community, organisation, adoption, version, policy, at in rows
    ]


async def _imports(servers: Connections) -> list[tuple[str, Outgoing]]:
    rows = await _rows(
        servers,
        "SELECT community, organisation, import_id, run, began_at, ended_at "
        "FROM ingest.imports JOIN ingest.communities USING (community) ORDER BY began_at",
    )
    found = []
    for community, organisation, import_id, run, began_at, ended_at in rows:
        began = ImportBegan(community=community, import_id=import_id)
        found.append(_fact(servers, began, organisation, f"import:{import_id}:{run}:began", began_at))
        if ended_at is not None:
            ended = ImportEnded(community=community, import_id=import_id)
            found.append(_fact(servers, ended, organisation, f"import:{import_id}:{run}:ended", ended_at))
    return found


def _fact(
    servers: Connections, fact: WarmlineFact, organisation: str, event_id: str, time: Any
) -> tuple[str, Outgoing]:
    partitions = servers.partitions
    message = fact_message(fact, organisation=organisation, event_id=event_id, time=time, partitions=partitions)
    return fact.community, message


async def _put_back_letters(servers: Connections, publisher: DurablePublisher, cut: int) -> int:
    """Append the messages that were parked after ``cut``, and drop their letters: whoever parked them will again."""
    messages: dict[int, Outgoing] = {}
    for service in ("triage", "notifier", "projections"):
        cursor = await servers.postgres.execute(
            SQL("SELECT seq, subject, headers, body FROM {} WHERE stream = %s AND seq > %s").format(
                Identifier(service, "dead_letters")
            ),
            (MEMBER_EVENTS, cut),
        )
        for seq, subject, headers, body in await cursor.fetchall():
            own = {name: value for name, value in headers.items() if not name.startswith("Nats-")}
            messages[seq] = Outgoing(subject=subject, headers=own, body=body, msg_id=f"recovered:{cut}:{seq}")
    ordered: Sequence[Outgoing] = [messages[seq] for seq in sorted(messages)]
    await publisher.publish(ordered)
    for service in ("triage", "notifier", "projections"):
        await servers.postgres.execute(
            SQL("DELETE FROM {} WHERE stream = %s AND seq > %s").format(Identifier(service, "dead_letters")),
            (MEMBER_EVENTS, cut),
        )
    return len(ordered)


async def _settled(servers: Connections) -> list[tuple[str, Outgoing]]:
    """Return what comes back from touches, by notifier's logs."""
    found = []
    codec = STORES["notifier"].codec()
    topics = [codec.names[TouchSettled]]
    with datastore(servers.postgres_url, "notifier", connections=2) as database:
        for partition in range(servers.partitions):
            store, position = PartitionStore(database, partition, codec), 0
            while events := await store.aside(store.events_after, position, limit=_CHUNK, topics=topics):
                position = events[-1].id
                settled = [codec.to_domain_event(one).event for one in events]
                found += [(one.community, settled_message(one, servers.partitions)) for one in settled]
    return found


async def _gone(servers: Connections) -> int:
    gone = 0
    for partition in range(servers.partitions):
        cursor = await servers.postgres.execute(
            SQL("SELECT count(*) FROM {} AS i WHERE NOT EXISTS (SELECT FROM {} WHERE key = i.id)").format(
                Identifier("triage", f"p{partition}_inbox"), Identifier(_KEYS)
            )
        )
        row = await cursor.fetchone()
        gone += int(row[0]) if row else 0
    return gone


async def _lost_told(servers: Connections) -> tuple[str, ...]:
    rows = await _rows(servers, _LOST_TOLD)
    return tuple(f"{at} UTC, {what}, by {by or 'the administrator'}: /members/{key}" for at, what, by, key in rows)


async def _rows(servers: Connections, query: str) -> list[tuple[Any, ...]]:
    return await (await servers.postgres.execute(query.encode())).fetchall()

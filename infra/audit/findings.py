"""What a look shows to be wrong, by alarm. Pure: what it must remember from look to look is in ``Memory``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from infra.audit.alarm_kinds import (
    DEAD_LETTERS,
    INTEGRATOR_LAGS,
    NATS_AWAY,
    NOTICES_LATE,
    POSTGRESQL_AWAY,
    READER_STILL,
    RELAY_LAGS,
    REPLICA_AWAY,
    SERVICE_AWAY,
    SHARD_HALTED,
    SHARD_UNOWNED,
    STORAGE_FILLING,
    STREAM_DIFFERS,
    STREAM_FILLING,
    STREAM_MISSING,
    AlarmKind,
)
from infra.audit.disk import Disk, why_too_full
from infra.audit.headway import Headway, Stand
from infra.dead_letters.counting import told
from infra.looking.database import RELAYING, DatabaseLook
from infra.looking.look import NEARLY_FULL, Away, BusLook, Look
from infra.looking.outgoing import INTEGRATOR
from infra.readers import Reader
from shared.stream_check import differences
from shared.topology import Stream

STILL_SECONDS: Final = 10.0
"""Longer than a takeover, which waits for a lease to run out."""
RELAY_SECONDS: Final = 30.0
INTEGRATOR_SECONDS: Final = 900.0
"""Its longest wait between two attempts: a program that was restarted has caught up by then."""
FILLING_CLEARS_BELOW: Final = 0.75
_MOST: Final = 5

Found = dict[AlarmKind, str | None]
Stands = Callable[[AlarmKind], bool]


@dataclass(slots=True)
class Memory:
    """What is remembered between looks: how readers and relays get on."""

    readers: Headway[tuple[str, str, str]] = field(default_factory=Headway)
    relays: Headway[tuple[str, str]] = field(default_factory=Headway)


def listed(things: Iterable[str]) -> str | None:
    """Return the first few of ``things`` as one text, None when there are none."""
    every = list(things)
    more = f"; and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return "; ".join(every[:_MOST]) + more if every else None


def find(look: Look, disks: tuple[Disk, ...], wanted: tuple[Stream, ...], memory: Memory, stands: Stands) -> Found:
    """Return what is wrong and what is well; what could not be seen is left out.

    ``memory.readers`` and ``memory.relays`` must have taken in the look.
    """
    found: Found = {SERVICE_AWAY: listed(_silent(look))}
    found[NATS_AWAY] = look.bus.why if isinstance(look.bus, Away) else None
    found[POSTGRESQL_AWAY] = look.database.why if isinstance(look.database, Away) else None
    if not isinstance(look.database, Away):
        found |= _in_database(look.database, memory)
    if not isinstance(look.bus, Away):
        found |= _on_bus(look.bus, disks, wanted, stands)
        if not isinstance(look.database, Away):
            found[READER_STILL] = listed(_standing_still(look.bus, memory))
            found[INTEGRATOR_LAGS] = listed(_lagging(look.bus, look.database, memory))
    return found


def remember(look: Look, memory: Memory, now: float) -> None:
    """Take a look at ``now`` (seconds that only grow) into the memory; what could not be asked is left as it was."""
    if not isinstance(look.bus, Away) and not isinstance(look.database, Away):
        readers = {
            _name(lag.reader): Stand(position=lag.reader.position, end=lag.reader.position + lag.behind)
            for lag in look.bus.lags
        }
        memory.readers.update(now, readers)
    if not isinstance(look.database, Away):
        relays = {
            (row.service, row.shard): Stand(position=row.relayed, end=row.head)
            for row in look.database.shards
            if row.service in RELAYING
        }
        memory.relays.update(now, relays)


def _silent(look: Look) -> Iterator[str]:
    yield from (f"{face.name}: {face.says}" for face in look.faces if not face.well)
    if not isinstance(look.database, Away):
        yield from (f"{service}: no process is alive" for service, alive in look.database.workers.items() if not alive)


def _in_database(database: DatabaseLook, memory: Memory) -> Found:
    return {
        SHARD_UNOWNED: listed(f"{row.service} {row.shard} has no owner" for row in database.shards if not row.owned),
        SHARD_HALTED: listed(f"{row.service} {row.shard}: {row.halted}" for row in database.shards if row.halted),
        RELAY_LAGS: listed(
            f"{row.service} {row.shard} has {row.head - row.relayed:,} log entries not passed on, for "
            f"{memory.relays.age((row.service, row.shard)):.0f} s"
            for row in database.shards
            if row.service in RELAYING and memory.relays.age((row.service, row.shard)) >= RELAY_SECONDS
        ),
        NOTICES_LATE: database.notices.why_late,
        DEAD_LETTERS: told(list(database.letters)) if database.dead_letters else None,
    }


def _on_bus(bus: BusLook, disks: tuple[Disk, ...], wanted: tuple[Stream, ...], stands: Stands) -> Found:
    configs = {stream.name: stream for stream in wanted}
    full = FILLING_CLEARS_BELOW if stands(STREAM_FILLING) else NEARLY_FULL
    storage = FILLING_CLEARS_BELOW if stands(STORAGE_FILLING) else NEARLY_FULL
    growth = sum(max(0, stream.config.get("max_bytes", 0) - stream.bytes) for stream in bus.streams)
    too_full = [why_too_full(disk, growth, storage) for disk in disks]
    if bus.storage >= storage:
        too_full.append(f"JetStream uses {bus.storage:.0%} of what its account may store")
    return {
        STREAM_MISSING: listed(
            f"{stream.name} {'is gone' if stream.missing else f'cannot be read: {stream.problem}'}"
            for stream in bus.streams
            if stream.problem is not None
        ),
        STREAM_DIFFERS: listed(
            str(difference)
            for stream in bus.streams
            if stream.problem is None
            for difference in differences(configs[stream.name], stream.config)
        ),
        REPLICA_AWAY: listed(
            f"{stream.name} is not in step on {', '.join(stream.lagging)}" for stream in bus.streams if stream.lagging
        ),
        STREAM_FILLING: listed(
            f"{stream.name} holds {stream.full:.0%} of its bound" for stream in bus.streams if stream.full >= full
        ),
        STORAGE_FILLING: listed(why for why in dict.fromkeys(too_full) if why is not None),
    }


def _lagging(bus: BusLook, database: DatabaseLook, memory: Memory) -> Iterator[str]:
    paused = {one.reader.shard for one in database.integrators if one.paused}
    for lag in bus.lags:
        if lag.reader.service != INTEGRATOR or not lag.behind:
            continue
        age = memory.readers.age(_name(lag.reader))
        if lag.reader.shard in paused:
            yield f"{lag.reader.shard} is paused, {lag.behind:,} behind in {lag.reader.stream}"
        elif age >= INTEGRATOR_SECONDS:
            yield f"{lag.reader.shard} is {lag.behind:,} behind in {lag.reader.stream}, for {age / 60:.0f} min"


def _standing_still(bus: BusLook, memory: Memory) -> Iterator[str]:
    for lag in bus.lags:
        if lag.reader.service == INTEGRATOR:
            continue
        still = memory.readers.still_for(_name(lag.reader))
        if still >= STILL_SECONDS:
            reader = lag.reader
            yield (
                f"{reader.service} {reader.shard} has stood at {reader.position:,} of {reader.stream} for {still:.0f} "
                f"s, {lag.behind:,} behind"
            )


def _name(reader: Reader) -> tuple[str, str, str]:
    return (reader.service, reader.shard, reader.stream)

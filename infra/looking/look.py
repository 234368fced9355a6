"""One look at a whole system, and what it says in words, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from nats.aio.client import Client

from infra.dead_letters.counting import told
from infra.looking.database import RELAYING, DatabaseLook
from infra.looking.faces import FaceLook
from infra.looking.holders import holders_of
from infra.looking.outgoing import NoticesLook
from infra.looking.streams import StreamLook, look_at_stream, storage_share
from infra.readers import Ends, Lag, Reader, lags
from shared.contracts.audit import PartSaid
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES

STREAMS: Final = (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS)
NEARLY_FULL: Final = 0.8
_MUCH: Final = 10_000
"""So many messages behind is more than a moment's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusLook:
    """What NATS says; ``storage`` is the share of the account's storage in use, where it has a limit."""

    streams: tuple[StreamLook, ...]
    storage: float
    lags: tuple[Lag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A server that could not be asked, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that was seen. What could not be asked is ``Away``."""

    faces: tuple[FaceLook, ...]
    bus: BusLook | Away
    database: DatabaseLook | Away


async def look_at_streams(client: Client) -> BusLook:
    """Return what NATS says of the streams; raises nats.errors.Error when it does not answer."""
    streams = [await look_at_stream(client, name) for name in STREAMS]
    return BusLook(streams=tuple(streams), storage=await storage_share(client))


async def with_lags(client: Client, bus: BusLook, readers: tuple[Reader, ...], ends: Ends) -> BusLook:
    """Return ``bus`` with how far behind each reader is; raises nats.errors.Error when NATS does not answer."""
    for stream in bus.streams:
        ends.grown_to(stream.name, (stream.reader, stream.last, stream.messages))
    return replace(bus, lags=tuple(await lags(client, readers, ends)))


def parts_of(look: Look) -> Iterator[PartSaid]:
    """Yield every part with what it says."""
    yield from (PartSaid(name=face.name, well=face.well, says=face.says) for face in look.faces)
    if isinstance(look.bus, Away):
        yield _away(look.bus)
    else:
        yield from (_stream(stream) for stream in look.bus.streams)
        yield from _reading(look.bus.lags)
    if isinstance(look.database, Away):
        yield _away(look.database)
    else:
        yield from _ownership(look.database)
        yield from (_relay(look.database, service) for service in RELAYING)
        yield _notices(look.database.notices)
        yield PartSaid(
            name="dead letters", well=look.database.dead_letters == 0, says=told(list(look.database.letters))
        )


def _away(away: Away) -> PartSaid:
    return PartSaid(name=away.name, well=False, says=away.why)


def _stream(stream: StreamLook) -> PartSaid:
    if stream.problem is not None:
        return PartSaid(name=stream.name, well=False, says=stream.problem)
    says = f"{stream.messages:,} messages, {stream.bytes / 1e6:,.1f} MB, {stream.full:.1%} of its bound"
    if stream.lagging:
        says += f"; not in step on {', '.join(stream.lagging)}"
    return PartSaid(name=stream.name, well=stream.full < NEARLY_FULL and not stream.lagging, says=says)


def _ownership(database: DatabaseLook) -> Iterator[PartSaid]:
    for service in dict.fromkeys(row.service for row in database.shards):
        own = [row for row in database.shards if row.service == service]
        orphans = [row.shard for row in own if not row.owned]
        halted = [f"{row.shard}: {row.halted}" for row in own if row.halted]
        holders = holders_of(own)
        says = f"{len(own) - len(orphans)} of {len(own)} shards owned by {len(holders)} process"
        says += "es" * (len(holders) != 1)
        if len(holders) > 1:
            says += f": {'; '.join(f'{name} has {shards}' for name, shards in holders)}"
        if (idle := database.workers.get(service, 0) - len(holders)) > 0:
            says += f"; {idle} more would take over"
        if orphans:
            says += f"; nobody owns {', '.join(orphans)}"
        if halted:
            says += f"; halted {'; '.join(halted)}"
        yield PartSaid(name=service, well=not orphans and not halted, says=says)


def _relay(database: DatabaseLook, service: str) -> PartSaid:
    waiting = database.relay_backlog(service)
    says = f"{waiting:,} log entries not yet passed on"
    return PartSaid(name=f"{service} relay", well=waiting < _MUCH, says=says)


def _notices(notices: NoticesLook) -> PartSaid:
    late = notices.why_late
    says = f"{notices.waiting:,} to be sent{f'; {late}' if late else ''}"
    return PartSaid(name="notices", well=late is None, says=says)


def _reading(found: tuple[Lag, ...]) -> Iterator[PartSaid]:
    for service in dict.fromkeys(lag.reader.service for lag in found):
        own = [lag for lag in found if lag.reader.service == service]
        behind = sum(lag.behind for lag in own)
        late = [f"{lag.reader.shard} by {lag.behind:,} in {lag.reader.stream}" for lag in own if lag.behind]
        end = "at the end of its stream" if len(own) == 1 else "all at the end of their streams"
        says = f"{len(own)} reader{'s' * (len(own) != 1)}, {'behind: ' + ', '.join(late) if late else end}"
        yield PartSaid(name=f"{service} reading", well=behind < _MUCH, says=says)

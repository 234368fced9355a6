"""Sends an archive to ingest: a few requests at a time, one conversation always in order, resumable by piece."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from infra.importing.archive import DAMAGE, Archive, ArchiveFile, survey
from infra.importing.reading import HALF_A_CHARACTER, ExportFormat, Found, Piece, PieceReader, Skipped
from infra.importing.tally import Tally
from infra.ingest_client import IngestClient
from infra.operator_error import OperatorError
from infra.outgoing_event import OutgoingEvent, encode_event
from shared.contracts.names import digest

MAX_EVENTS: Final = 500
MAX_BYTES: Final = 2_000_000
MAX_EVENT_BYTES: Final = 256 * 1024
_LANES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``done`` of ``total`` bytes of the archive are in, or were before."""

    done: int
    total: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a history goes. ``source_name`` tells one workspace of a platform from another.

    What happened before ``since`` is left out; so is, in any case, what the community's policy does not keep.
    """

    community: str
    source_name: str
    since: datetime | None = None


async def import_archive(
    archive: Archive,
    export: ExportFormat,
    destination: Destination,
    ingest: IngestClient,
    *,
    tally: Tally,
    on_progress: Callable[[Progress], None],
) -> None:
    """Send everything in ``archive`` that the ledger does not hold yet, count it in ``tally`` and end the import.

    Raises OperatorError when the archive is damaged or ingest refuses or stays away. Whatever ends it early, the next
    call goes on where it ended: a piece is noted in the ledger once all of its events are kept.
    """
    seen = await asyncio.to_thread(survey, archive, export.index, export.holds)
    if not seen.files:
        raise OperatorError(f"Nothing was imported: the archive holds no messages. Expected are {export.expected}.")
    reader = export.reader(seen.index)
    begun = await ingest.begin_import(
        community=destination.community, platform=export.platform, source_name=destination.source_name
    )
    parts = _Parts(
        archive=archive,
        export=export,
        reader=reader,
        destination=destination,
        since=max((since for since in (destination.since, begun.kept_since) if since is not None), default=None),
        finished=frozenset(begun.finished_parts),
    )
    run = _Run(ingest=ingest, import_id=begun.import_id, tally=tally, total=seen.size, on_progress=on_progress)
    await run.send(iter(parts))
    await ingest.end_import(begun.import_id)


@dataclass(slots=True, kw_only=True)
class _Part:
    """A piece, ready to send: each event with its place.

    ``id`` is what the ledger notes; None for what could not be read, so that the next call looks at it again.
    """

    id: str | None
    file: str
    size: int
    lane: int
    events: list[tuple[str, bytes]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    archive: Archive
    export: ExportFormat
    reader: PieceReader
    destination: Destination
    since: datetime | None
    finished: Container[str]

    def __iter__(self) -> Iterator[_Part]:
        for file in self.archive.files():
            if not self.export.holds(file.path):
                continue
            try:
                for piece in self.reader(file):
                    yield self._part(piece) if isinstance(piece, Piece) else _unreadable(file, piece)
            except DAMAGE as error:
                yield _unreadable(file, Skipped(file=file.path, place=None, why=f"cannot be read: {error}"))

    def _part(self, piece: Piece) -> _Part:
        # A later call may want what the selection, or the horizon, of this one leaves out.
        whole = digest(piece.id, self.export.selection) if self.export.selection else piece.id
        cut = digest(whole, self.since.isoformat()) if self.since is not None else whole
        part = _Part(id=whole, file=piece.file, size=piece.size, lane=zlib.crc32(piece.lane.encode()) % _LANES)
        if whole in self.finished or cut in self.finished:
            part.finished = True
            return part
        for each in piece.read():
            if isinstance(each, Skipped):
                part.skipped.append(each)
            elif self.since is not None and each.fact.time < self.since:
                why = f"before {self.since:%Y-%m-%d}, from when on history is wanted or kept"
                part.skipped.append(Skipped(file=piece.file, place=each.place, why=why))
                part.id = cut
            else:
                self._add(part, each)
        if any(skipped.place is None for skipped in part.skipped):
            part.id = None
        return part

    def _add(self, part: _Part, found: Found) -> None:
        to = self.destination
        data = replace(found.fact.data, community=to.community, platform=self.export.platform)
        source = f"/{self.export.platform}/{to.source_name}"
        try:
            encoded = encode_event(OutgoingEvent(id=found.fact.id, source=source, time=found.fact.time, data=data))
        except UnicodeEncodeError:
            part.skipped.append(Skipped(file=part.file, place=found.place, why=HALF_A_CHARACTER))
            return
        if len(encoded) > MAX_EVENT_BYTES:
            why = f"larger than {MAX_EVENT_BYTES // 1024} KiB"
            part.skipped.append(Skipped(file=part.file, place=found.place, why=why))
        else:
            part.events.append((found.place, encoded))


def _unreadable(file: ArchiveFile, skipped: Skipped) -> _Part:
    return _Part(id=None, file=file.path, size=0, lane=0, skipped=[skipped])


@dataclass(slots=True, kw_only=True)
class _Batch:
    events: list[bytes] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    completes: list[_Part] = field(default_factory=list)
    size: int = 0

    def has_room(self, event: bytes) -> bool:
        return len(self.events) < MAX_EVENTS and self.size + len(event) + 1 <= MAX_BYTES

    def add(self, event: bytes, file: str, place: str) -> None:
        self.events.append(event)
        self.places.append((file, place))
        self.size += len(event) + 1


@dataclass(slots=True, kw_only=True)
class _Run:
    ingest: IngestClient
    import_id: str
    tally: Tally
    total: int
    on_progress: Callable[[Progress], None]
    done: int = 0

    async def send(self, parts: Iterator[_Part]) -> None:
        lanes: list[asyncio.Queue[_Part | None]] = [asyncio.Queue(maxsize=2) for _ in range(_LANES)]
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in lanes:
                    tasks.create_task(self._send_lane(lane))
                while (part := await asyncio.to_thread(next, parts, None)) is not None:
                    self.tally.pieces += 1
                    if part.finished:
                        self.tally.finished_before += 1
                        self._advance(part.size)
                    else:
                        await lanes[part.lane].put(part)
                for lane in lanes:
                    await lane.put(None)
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _send_lane(self, lane: asyncio.Queue[_Part | None]) -> None:
        batch = _Batch()
        while (part := await lane.get()) is not None:
            for skipped in part.skipped:
                self.tally.skip(skipped.why, skipped.file, skipped.place)
            for place, event in part.events:
                if not batch.has_room(event):
                    await self._send(batch)
                    batch = _Batch()
                batch.add(event, part.file, place)
            batch.completes.append(part)
            if len(batch.completes) >= MAX_EVENTS:
                await self._send(batch)
                batch = _Batch()
        await self._send(batch)

    async def _send(self, batch: _Batch) -> None:
        if batch.events:
            self.tally.read += len(batch.events)
            fates = await self.ingest.post_events(batch.events)
            for (file, place), fate in zip(batch.places, fates, strict=True):
                if fate.fate == "refused":
                    self.tally.refuse(f"{fate.field or 'event'}: {fate.reason}", file, place)
            self.tally.accepted += sum(fate.fate == "accepted" for fate in fates)
            self.tally.duplicate += sum(fate.fate == "duplicate" for fate in fates)
        if finished := [part.id for part in batch.completes if part.id is not None]:
            await self.ingest.finish_parts(self.import_id, finished)
        if batch.completes:
            self._advance(sum(part.size for part in batch.completes))

    def _advance(self, size: int) -> None:
        self.done += size
        self.on_progress(Progress(done=self.done, total=self.total, events=self.tally.read))

"""Sends an archive to ingest: a few requests at a time, one conversation always in order, resumable by file."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from infra.importing.archive import Archive, ArchiveFile
from infra.importing.tally import Tally
from infra.importing.zulip import INDEX, PLATFORM, Origin, Skipped, read_topic, stream_names
from infra.importing.zulip_names import topic_of
from infra.ingest_client import IngestClient
from infra.operator_error import OperatorError
from infra.outgoing_event import encode_event
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


async def import_zulip(
    archive: Archive, origin: Origin, ingest: IngestClient, tally: Tally, on_progress: Callable[[Progress], None]
) -> None:
    """Send everything in ``archive`` that the ledger does not hold yet, count it in ``tally`` and end the import.

    Raises OperatorError when the archive is damaged or ingest refuses or stays away. Whatever ends it early, the next
    call goes on where it ended: a file is noted in the ledger once all of its events are kept.
    """
    survey = await asyncio.to_thread(archive.survey, INDEX)
    if not survey.files:
        raise OperatorError(
            "The archive holds no messages: files such as 123-general/Topic.json are expected, as zulip-archive "
            "writes them. Give the folder or the tar file that holds those folders."
        )
    streams = stream_names(survey.index) if survey.index is not None else {}
    begun = await ingest.begin_import(community=origin.community, platform=PLATFORM, source_name=origin.source_name)
    run = _Run(ingest=ingest, import_id=begun.import_id, tally=tally, total=survey.size, on_progress=on_progress)
    await run.send(_parts(archive, origin, streams, frozenset(begun.finished_parts)))
    await ingest.end_import(begun.import_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One file, ready to send: each event with its item number. ``id`` stands for path and content."""

    id: str
    file: str
    size: int
    lane: int
    events: list[tuple[int, bytes]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    finished: bool = False

    @property
    def unreadable(self) -> bool:
        """Whether the file as a whole said nothing. It is not noted, so that the next call looks at it again."""
        return bool(self.skipped) and not self.events


def _parts(archive: Archive, origin: Origin, streams: Mapping[int, str], finished: Container[str]) -> Iterator[_Part]:
    for file in archive.files():
        part_id = digest(file.path, hashlib.sha256(file.body or b"").hexdigest())
        topic = topic_of(file.path, streams)
        # A topic and its resolved namesake are one conversation, so they must not be sent side by side.
        lane = zlib.crc32((topic.conversation if topic else file.path).encode()) % _LANES
        if file.path.endswith(f"/{INDEX}") or file.path == INDEX:
            continue
        part = _Part(id=part_id, file=file.path, size=file.size, lane=lane, finished=part_id in finished)
        if not part.finished:
            _fill(part, file, origin, streams)
        yield part


def _fill(part: _Part, file: ArchiveFile, origin: Origin, streams: Mapping[int, str]) -> None:
    if file.body is None:
        part.skipped.append(Skipped(file=file.path, item=None, why=file.why))
        return
    for read in read_topic(file.path, file.body, origin, streams):
        if isinstance(read, Skipped):
            part.skipped.append(read)
            continue
        item, event = read
        encoded = encode_event(event)
        if len(encoded) > MAX_EVENT_BYTES:
            part.skipped.append(Skipped(file=file.path, item=item, why=f"larger than {MAX_EVENT_BYTES // 1024} KiB"))
        else:
            part.events.append((item, encoded))


@dataclass(slots=True, kw_only=True)
class _Batch:
    events: list[bytes] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    completes: list[_Part] = field(default_factory=list)
    size: int = 0

    def has_room(self, event: bytes) -> bool:
        return len(self.events) < MAX_EVENTS and self.size + len(event) + 1 <= MAX_BYTES

    def add(self, event: bytes, file: str, item: int) -> None:
        self.events.append(event)
        self.places.append((file, item))
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
                    self.tally.files += 1
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
                self.tally.skip(skipped.why, skipped.file, skipped.item)
            if part.unreadable:
                self._advance(part.size)
                continue
            for item, event in part.events:
                if not batch.has_room(event):
                    await self._send(batch)
                    batch = _Batch()
                batch.add(event, part.file, item)
            batch.completes.append(part)
            if len(batch.completes) >= MAX_EVENTS:
                await self._send(batch)
                batch = _Batch()
        await self._send(batch)

    async def _send(self, batch: _Batch) -> None:
        if batch.events:
            self.tally.read += len(batch.events)
            fates = await self.ingest.post_events(batch.events)
            for (file, item), fate in zip(batch.places, fates, strict=True):
                if fate.fate == "refused":
                    self.tally.refuse(f"{fate.field or 'event'}: {fate.reason}", file, item)
            self.tally.accepted += sum(fate.fate == "accepted" for fate in fates)
            self.tally.duplicate += sum(fate.fate == "duplicate" for fate in fates)
        if batch.completes:
            await self.ingest.finish_parts(self.import_id, [part.id for part in batch.completes])
            self._advance(sum(part.size for part in batch.completes))

    def _advance(self, size: int) -> None:
        self.done += size
        self.on_progress(Progress(done=self.done, total=self.total, events=self.tally.read))

"""How many times as fast history comes in by `warmline import` as by one request for each event."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from benchmarks.meter import Meter
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.rows.ingest_http import ingest
from benchmarks.stage import TOKEN, Stage
from benchmarks.workload import communities
from infra.importing.archive import open_archive, survey
from infra.importing.reading import Found, Piece
from infra.importing.run import Destination, import_archive
from infra.importing.slack import SlackExport
from infra.importing.tally import Tally
from infra.ingest_client import IngestClient, ingest_client
from infra.outgoing_event import OutgoingEvent, encode_event

ROW: Final = "imports"
_IN_BATCHES: Final = "warmline import"
_ONE_BY_ONE: Final = "one request for each event"
_CHANNELS: Final = 20
_EVENTS_A_FILE: Final = 100
_FIRST: Final = 1_700_000_000
_HOW: Final = (
    "The same export of a Slack. The import reads it, sends it in batches and notes each file in the ledger; the other "
    "way sends each event, ready made, by the same client when the one before was answered. Both times it is stored "
    "durably (sync_interval: always)."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Bring in one export after another, in turn by both ways."""
    sizes = {"imported": options.size("IMPORTED", 20_000), "singles": options.size("SINGLES", 1_000)}
    turns = itertools.count()
    ways = {
        _IN_BATCHES: lambda: _turn(stage, sizes["imported"], next(turns), one_by_one=False),
        _ONE_BY_ONE: lambda: _turn(stage, sizes["singles"], next(turns), one_by_one=True),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_IN_BATCHES]),
        discarded=rounds.discarded,
        sizes=sizes,
        figures={"import-over-singles": rounds.ratio(_IN_BATCHES, _ONE_BY_ONE)},
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


async def _turn(stage: Stage, events: int, turn: int, *, one_by_one: bool) -> Sample:
    export = stage.data / f"export-{turn}"
    _write(export, events)
    destination = Destination(community=communities()[0], source_name=f"turn-{turn}")
    async with (
        stage.database() as database,
        ingest(stage, database, bare=False) as (url, pid),
        ingest_client(url, TOKEN) as client,
    ):
        ready_made = _ready_made(export, destination) if one_by_one else []
        meter = Meter((pid, *stage.server_pids))
        if one_by_one:
            for event in ready_made:
                await client.post_events([event])
        else:
            await _imported(export, destination, client, events)
        return meter.sample(events)


async def _imported(export: Path, destination: Destination, client: IngestClient, events: int) -> None:
    tally = Tally()
    await import_archive(
        open_archive(export),
        SlackExport(key="benchmark"),
        destination,
        client,
        tally=tally,
        on_progress=lambda _progress: None,
    )
    if tally.accepted != events:
        raise RuntimeError(f"{tally.accepted} of {events} events were accepted")


def _ready_made(export: Path, destination: Destination) -> list[bytes]:
    """Return what the import would send."""
    archive, form = open_archive(export), SlackExport(key="benchmark")
    reader = form.reader(survey(archive, form.index, form.holds).index)
    source = f"/{form.platform}/{destination.source_name}"
    return [
        encode_event(
            OutgoingEvent(
                id=each.fact.id,
                source=source,
                time=each.fact.time,
                data=replace(each.fact.data, community=destination.community, platform=form.platform),
            )
        )
        for file in archive.files()
        if form.holds(file.path)
        for piece in reader(file)
        if isinstance(piece, Piece)
        for each in piece.read()
        if isinstance(each, Found)
    ]


def _write(export: Path, events: int) -> None:
    """Write an export with so many messages, spread over channels and days."""
    export.mkdir()
    (export / "channels.json").write_text(
        json.dumps([{"id": f"C{number}", "name": f"channel-{number}"} for number in range(_CHANNELS)])
    )
    for file, first in enumerate(range(0, events, _EVENTS_A_FILE)):
        folder = export / f"channel-{file % _CHANNELS}"
        folder.mkdir(exist_ok=True)
        messages = [
            {
                "type": "message",
                "user": f"U{number % 500}",
                "ts": f"{_FIRST + 60 * number}.000100",
                "text": f"Message {number}: we moved the build to the new runner last night, and it is green.",
            }
            for number in range(first, min(first + _EVENTS_A_FILE, events))
        ]
        (folder / f"day-{file:06}.json").write_text(json.dumps(messages))

"""What a page costs when there is much to page through: the queue, and one member's history."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from benchmarks.options import Options
from benchmarks.processes import running_module
from benchmarks.results import RowResult
from benchmarks.rows.projection_share import message
from benchmarks.stage import TOKEN, Database, Stage, tail_of
from benchmarks.touches import needs
from benchmarks.workload import ORGANISATION, SOURCE, communities, policy
from infra.ports import claim_internal
from services.projections.views import VIEWS
from shared.contracts.cloudevents import MemberEvent, encode_member_event, publication, type_name
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import member_key
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, needs_touch_subject
from shared.contracts.warmline_facts import PLATFORM, PolicyAdopted
from shared.delivery import Message
from shared.view import schema_of, use_schema
from shared.view_writer import decoded

ROW: Final = "pages"
_FOLD: Final = 1_000
_OLD_PAGE: Final = 20
_REQUESTS: Final = 40
_UP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_BEGIN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_HOW: Final = (
    "GET by HTTP from the same machine, one request at a time, from a projections process over views that were filled "
    "by their own folds: the page of 50 as the desk asks for it. The old pages are reached by the cursors of those "
    "before them."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Fill the views, serve them, and ask for the same pages again and again."""
    touches = options.size("TOUCHES", 20_000)
    events = options.size("HISTORY", 20_000)
    requests = _REQUESTS * options.rounds
    async with stage.database() as database:
        await _fill(database, "queue", _queue(touches))
        await _fill(database, "history", _history(events))
        await database.connection.execute("VACUUM ANALYZE")
        report(f"  filled: {touches:,} touches, {events:,} events of one member")
        member = member_key(communities()[0], "discord", "u0")
        paths = {"queue-page": "/api/v1/queue?limit=50", "history-page": f"/api/v1/members/{member}/history?limit=50"}
        figures: dict[str, float] = {}
        async with _serving(stage, database) as client:
            for name, path in paths.items():
                figures |= await _timed(client, name, path, requests)
                report(f"  {name}: {figures[name]:.1f} ms")
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=1,
        discarded=0,
        sizes={"touches": touches, "history": events, "requests": requests},
        figures=figures,
        notes=(_HOW,),
    )


async def _fill(database: Database, name: str, messages: Iterable[Message]) -> None:
    view = next(view for view in VIEWS if view.name == name)
    batch: list[Message] = []

    async def fold() -> None:
        async with database.connection.transaction():
            await database.connection.execute(use_schema(schema_of(view)))
            await view.fold(database.connection, decoded(batch))
        batch.clear()

    for one in messages:
        batch.append(one)
        if len(batch) == _FOLD:
            await fold()
    if batch:
        await fold()


def _queue(count: int) -> Iterable[Message]:
    for seq, need in enumerate(needs(count), start=1):
        subject = needs_touch_subject(need.community, need.segment, need.reason)
        made = publication(subject, need, event_id=f"t:{seq}", source="/bench", time=need.raised_at, extensions={})
        yield message(TOUCHES, seq, made.headers, made.body)


def _history(count: int) -> Iterable[Message]:
    community = communities()[0]
    adopted = PolicyAdopted(community=community, version="bench-1", policy=policy())
    for seq in range(count):
        data = Posted(
            member=Member(id="u0", name="Ada"),
            conversation=f"c-{seq % 300}",
            message=f"m-{seq}",
            text=f"The {seq}th thing that was said, and some words more about it, as people write.",
        )
        event = MemberEvent(
            id=f"event:{seq}:1",
            source=SOURCE,
            type=type_name(data if seq else adopted),
            time=_BEGIN + timedelta(minutes=seq * 7),
            organisation=ORGANISATION,
            community=community,
            platform="discord" if seq else PLATFORM,
            data=data if seq else adopted,
        )
        yield message(MEMBER_EVENTS, seq + 1, None, encode_member_event(event))


@asynccontextmanager
async def _serving(stage: Stage, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    claim = claim_internal(None)
    log = stage.data / "desk.log"
    env = {**database.env, "WARMLINE_DESK_PORT": str(claim.port)}
    try:
        async with (
            running_module("services.projections.main", env, log) as process,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{claim.port}",
                headers={"authorization": f"Bearer {TOKEN}"},
                trust_env=False,
                timeout=30,
            ) as client,
        ):
            async with asyncio.timeout(_UP_SECONDS):
                while True:
                    try:
                        (await client.get("/api/v1/queue")).raise_for_status()
                    except httpx.TransportError:
                        if process.returncode is not None:
                            raise RuntimeError(f"it has ended:\n{tail_of(log)}") from None
                        await asyncio.sleep(_POLL_SECONDS)
                    else:
                        break
            yield client
    finally:
        claim.release()


async def _timed(client: httpx.AsyncClient, name: str, path: str, requests: int) -> dict[str, float]:
    """Return the median and the 99th percentile of the first page, and the median of a later one, in milliseconds."""
    later = path
    for _ in range(_OLD_PAGE):
        answer = (await client.get(later)).raise_for_status().json()
        if not answer["next"]:
            break
        later = f"{path}&cursor={answer['next']}"

    async def times(of: str) -> list[float]:
        found = []
        for _ in range(requests):
            start = time.perf_counter()
            (await client.get(of)).raise_for_status()
            found.append((time.perf_counter() - start) * 1000)
        return sorted(found)

    first, old = await times(path), await times(later)
    return {
        name: statistics.median(first),
        f"{name}-p99": first[int(len(first) * 0.99)],
        f"{name}-later": statistics.median(old),
    }

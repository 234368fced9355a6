"""Brings the demo's story to ingest: the backstory once, as an import, then life as it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Final, Protocol

import structlog

from infra.demo.community import COMMUNITY, PLATFORM, SOURCE_NAME
from infra.demo.story import Backstory, backstory, life
from infra.ingest_client import ConflictError, IngestClient
from infra.outgoing_event import OutgoingEvent, encode_event
from shared.contracts.policy import Policy
from shared.policy.load import load_policy

_PART: Final = "backstory"
_BATCH: Final = 500
_TOO_LATE: Final = timedelta(seconds=60)
_log = structlog.get_logger()


def demo_policy() -> Policy:
    """Return the demo's care policy."""
    loaded = load_policy(files("infra.demo").joinpath("policy.yaml").read_text(encoding="utf-8"))
    if loaded.policy is None:
        raise ValueError(f"the demo's policy is wrong: {loaded.errors}")
    return loaded.policy


class Clock(Protocol):
    """The time by which the demo lives."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...

    async def until(self, time: datetime) -> None:
        """Return when it is ``time``."""
        ...


class WallClock:
    """Everybody's time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(UTC)

    async def until(self, time: datetime) -> None:
        """Return when it is ``time``, at once if it is past."""
        await asyncio.sleep(max(0.0, (time - self.now()).total_seconds()))


async def run_demo(ingest: IngestClient, *, seed: int, clock: Clock) -> None:
    """Live until cancelled; raises OperatorError when ingest refuses or stays away.

    A policy that is in force for the community stays, and a backstory that is there is not told again.
    """
    if COMMUNITY not in await ingest.communities():
        await _adopt_policy(ingest)
    token = (await ingest.replace_source(community=COMMUNITY, platform=PLATFORM, name=SOURCE_NAME)).token
    before = await _import_backstory(ingest, token, clock.now(), seed)
    while True:
        for event in life(clock.now(), seed=seed, before=before):
            late = clock.now() - event.time
            if late > _TOO_LATE:
                _log.warning("life begins anew", late_seconds=late.total_seconds())
                break
            await clock.until(event.time)
            await _send(ingest, token, [event])
        before = None


async def _adopt_policy(ingest: IngestClient) -> None:
    policy = demo_policy()
    try:
        await ingest.adopt(policy)
    except ConflictError:
        # Another organisation takes in the communities that nobody names; only one can.
        await ingest.adopt(replace(policy, other_communities="refuse"))


async def _import_backstory(ingest: IngestClient, token: str, start: datetime, seed: int) -> Backstory | None:
    """Return the backstory if it was told now, and None if it had been told before."""
    begun = await ingest.begin_import(community=COMMUNITY, platform=PLATFORM, source_name=SOURCE_NAME)
    before = None
    if _PART not in begun.finished_parts:
        before = backstory(start, seed=seed)
        for first in range(0, len(before.events), _BATCH):
            await _send(ingest, token, before.events[first : first + _BATCH])
        await ingest.finish_parts(begun.import_id, [_PART])
        _log.info("backstory imported", events=len(before.events))
    await ingest.end_import(begun.import_id)
    return before


async def _send(ingest: IngestClient, token: str, events: Sequence[OutgoingEvent]) -> None:
    for fate in await ingest.post_events([encode_event(event) for event in events], token=token):
        if fate.fate == "refused":
            _log.error("event refused", event=fate.id, field=fate.field, reason=fate.reason)

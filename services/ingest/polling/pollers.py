"""All pollers of the process that owns them: one for each source, begun and ended as sources change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from opentelemetry.metrics import CallbackOptions, Observation

from services.ingest.database import DatabaseUnavailableError
from services.ingest.hooks import HookKey
from services.ingest.intake import Intake
from services.ingest.polling.poller import Poller
from services.ingest.polling.polls import Poll, Polls
from shared.bounded_wait import end
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease
from shared.telemetry.metrics import METER

POLLING_SHARD: Final = "polling"
_LOOK_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 15.0
_AFTER_FAULT_SECONDS: Final = 300.0
_MOST_TOLD: Final = 100
"""Sources whose lag is told apart in metrics."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    poll: Poll
    poller: Poller
    task: asyncio.Task[None]


class Pollers:
    """Polls every source that is neither paused nor stopped. ``every`` (seconds) is the operator's own interval."""

    def __init__(self, polls: Polls, intake: Intake, every: int | None) -> None:
        self._polls = polls
        self._intake = intake
        self._every = every
        self._running: dict[HookKey, _Running] = {}
        METER.create_observable_gauge(
            "warmline.polls.lag", [self._lags], unit="s", description="Age of the last complete round of a source"
        )

    async def run(self, lease: Lease) -> None:
        """Work until cancelled; raises FencedError when the shard has another owner."""
        try:
            while True:
                with suppress(DatabaseUnavailableError):  # which tells of itself
                    await self._follow(lease)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await end(*(one.task for one in self._running.values()))
            self._running.clear()

    async def _follow(self, lease: Lease) -> None:
        wanted = {poll.key: poll for poll in await self._polls.running()}
        for key, one in list(self._running.items()):
            if wanted.get(key) != one.poll:
                await end(one.task)
                del self._running[key]
            elif one.task.done():
                if isinstance(error := one.task.exception(), FencedError):
                    raise error
                del self._running[key]
        for key, poll in wanted.items():
            if key not in self._running:
                poller = Poller(self._polls, self._intake, lease, poll, self._every)
                task = asyncio.create_task(self._guard(lease, poller, poll), name=f"poll {poll.principal.source}")
                self._running[key] = _Running(poll=poll, poller=poller, task=task)

    async def _guard(self, lease: Lease, poller: Poller, poll: Poll) -> None:
        try:
            await poller.run()
        except FencedError:
            raise
        except DatabaseUnavailableError:
            await asyncio.sleep(_AGAIN_SECONDS)
        except Exception as error:  # noqa: BLE001 -- the others go on
            _log.exception("poller_failed", community=poll.principal.community, source=poll.principal.source)
            with suppress(DatabaseUnavailableError):
                await self._polls.fail(lease, poll, f"internal: {type(error).__name__}; the log of ingest tells more")
            await asyncio.sleep(_AFTER_FAULT_SECONDS)

    def _lags(self, _options: CallbackOptions) -> Iterator[Observation]:
        now = datetime.now(UTC)
        for one in list(self._running.values())[:_MOST_TOLD]:
            since = one.poller.read_until or one.poll.added
            yield Observation((now - since).total_seconds(), {"source": one.poll.principal.source})

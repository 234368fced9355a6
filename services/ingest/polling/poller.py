"""One source that is polled: its rounds, and what is published of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from cachetools import LRUCache

from services.ingest.intake import Intake
from services.ingest.platforms.connection import Beat, Hear, Open, Say
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import Answer, Answered, Ask, Current, Denied, Found, Odd, Read, Round, Step
from services.ingest.polling.access import SecretRefusedError, access_by
from services.ingest.polling.client import PlatformAwayError, PlatformClient
from services.ingest.polling.credentials import Token
from services.ingest.polling.formats import POLLED, api_of, seconds_between
from services.ingest.polling.platform_socket import PlatformSocket
from services.ingest.polling.polls import Poll, Polls
from services.ingest.polling.trial import Trial
from services.ingest.problem import RETRY_AFTER_SECONDS, problem_of
from services.ingest.refusal import Refusal
from shared.event_store.recorder import Lease
from shared.telemetry.metrics import Tally

_FIRST_WAIT: Final = timedelta(seconds=15)
_LONGEST_WAIT: Final = timedelta(minutes=5)
"""For a source whose rounds follow each other sooner than that."""
_JUST_NOW: Final = timedelta(minutes=1)
_MOST_ODD: Final = 1_000
_MOST_PUBLISHED: Final = 20_000
_not_understood: Final = Tally(
    "warmline.polls.not_understood", "{item}", "What platforms told and was passed over, by source", ("source",)
)
_log = structlog.get_logger()


def pause_after(failures: int, every: timedelta) -> timedelta:
    """Return the pause after so many failed rounds in a row: longer and longer, also where rounds are short."""
    doubled: int = 2 ** min(failures - 1, 20)
    return min(min(_FIRST_WAIT, every) * doubled, max(every, _LONGEST_WAIT))


async def next_step(reading: Round, answer: Answer) -> Step | None:
    """Return what a round does next, None at its end.

    What a platform answered may take seconds to read, in which leases have to be kept: that is done in a thread.
    """
    if isinstance(answer, Answered):
        return await asyncio.to_thread(_step, reading, answer)
    return _step(reading, answer)


def _step(reading: Round, answer: Answer) -> Step | None:
    try:
        return reading.send(answer)
    except StopIteration:
        return None


class Poller:
    """Polls one source until cancelled, or until the platform refuses its secret.

    A cursor moves when all before it is durable: a round that is cut short is read again, and ids absorb what comes
    twice. What this poller published last it does not publish again, though each round reads it over.
    """

    def __init__(self, polls: Polls, intake: Intake, lease: Lease, poll: Poll, every: int | None) -> None:
        self._polls = polls
        self._intake = intake
        self._lease = lease
        self._poll = poll
        self._format = POLLED[poll.format]
        self._every = timedelta(seconds=seconds_between(self._format, poll.settings, every))
        self._asked_at = poll.asked_at
        self._at_once = False
        self._trial: Trial | None = None
        self._published: LRUCache[str, None] = LRUCache(_MOST_PUBLISHED)
        self.read_until: datetime | None = None
        """When the last complete round began."""

    async def run(self) -> None:
        """Make round after round; raises FencedError when another process has the lease now."""
        log = _log.bind(community=self._poll.principal.community, source=self._poll.principal.source)
        settings = self._poll.settings
        client = PlatformClient(
            self._poll.format,
            api_of(self._format, settings),
            access_by(self._format.credential, self._poll.secret, self),
            settings.per_minute or self._format.per_minute,
        )
        failures = 0
        try:
            while True:
                try:
                    await self._wait_for_turn()
                    await self._round(client)
                    failures = 0
                    continue
                except SecretRefusedError as refused:
                    log.warning("poll_stopped", why=str(refused))
                    why = f"{refused}. {refused.mend}"
                    await self._polls.stop(self._lease, self._poll, why)
                    await self._ends(why, read=False)
                    return
                except PlatformAwayError as away:
                    log.warning("poll_failed", why=str(away))
                    await self._polls.fail(self._lease, self._poll, str(away))
                    await self._ends(str(away), read=False)
                failures += 1
                wait = pause_after(failures, self._every)
                await asyncio.sleep(wait.total_seconds() * random.uniform(0.5, 1))  # noqa: S311 -- spreads
        finally:
            await client.close()

    async def token(self) -> Token | None:
        """Return the token that was kept."""
        return await self._polls.token(self._poll)

    async def keep(self, token: Token) -> None:
        """Keep a token instead of the one before; raises FencedError when another process has the lease now."""
        await self._polls.keep_token(self._lease, self._poll, token)

    async def _wait_for_turn(self) -> None:
        progress = await self._polls.progress(self._poll)
        read, asked = progress.polled_at, self._asked_at
        self.read_until, self._asked_at = read, None
        now = datetime.now(UTC)
        # A connection that was listened to until just now was read after somebody asked, and nobody told them.
        self._at_once = asked is not None and (read is None or asked >= read or now - asked < _JUST_NOW)
        if self._at_once:
            self._trial = Trial(lambda tried: self._polls.note_try(self._lease, self._poll, tried), now)
        if read is not None and not self._at_once:
            wait = read + self._every - datetime.now(UTC)
            await asyncio.sleep(max(timedelta(0), min(wait, self._every)).total_seconds())

    async def _round(self, client: PlatformClient) -> None:
        socket = PlatformSocket(self._format.credential.unpacked(self._poll.secret))
        try:
            await self._read(client, socket)
        finally:
            await socket.close()

    async def _read(self, client: PlatformClient, socket: PlatformSocket) -> None:
        progress = await self._polls.progress(self._poll)
        began = datetime.now(UTC)
        odd: list[str] = []
        collections, until, current = 0, began, began
        so_far = replace(progress.so_far, at_once=self._at_once)
        reading = self._format.read(self._poll.settings, so_far, began)
        client.on_wait = self._trial.waits if self._trial is not None else None
        answer: Answer = None
        while (step := await next_step(reading, answer)) is not None:
            answer = None
            match step:
                case Ask():
                    answer = await client.ask(step)
                    # By its own clock nothing is known of what comes after: ours may be ahead of it.
                    until = min(until, client.answered_at or until)
                    if self._trial is not None:
                        await self._trial.answered()
                case Open() | Say() | Beat() | Hear():
                    answer = await socket.do(step)
                case Found(facts=facts):
                    odd += await self._publish(facts)
                case Denied(why=why, mend=mend):
                    raise SecretRefusedError(f"{self._poll.format}: {why}", mend)
                case Odd(why=why):
                    odd.append(why)
                case Read(collection=collection, mark=mark, until=read_until):
                    await self._polls.move(self._lease, self._poll, collection, read_until or until, mark)
                    collections += 1
                case Current():
                    current = datetime.now(UTC)
                    await self._finish(current, odd)
                    odd.clear()
            del odd[:-_MOST_ODD]
        if not collections:
            self._tell(odd)
            raise PlatformAwayError(odd[-1] if odd else "nothing could be read")
        await self._finish(current, odd)

    async def _finish(self, as_of: datetime, odd: Sequence[str]) -> None:
        """Note that all collections were read, and what of them was passed over."""
        self._tell(odd)
        await self._polls.finish(self._lease, self._poll, as_of, odd)
        self.read_until = as_of
        await self._ends(odd[-1] if odd else None)

    async def _ends(self, why: str | None, *, read: bool = True) -> None:
        """Tell whoever asked for the round what came of it."""
        if self._trial is not None:
            await self._trial.ends(why, read=read)
            self._trial = None

    def _tell(self, odd: Sequence[str]) -> None:
        principal = self._poll.principal
        _not_understood.add((principal.source,), len(odd))
        for why in dict.fromkeys(odd):
            _log.warning("poll_not_understood", community=principal.community, source=principal.source, why=why)

    async def _publish(self, facts: Sequence[Fact]) -> list[str]:
        """Publish, waiting for as long as something that is needed is away; returns what ingest refuses, and why."""
        principal = self._poll.principal
        new = [fact for fact in facts if fact.id not in self._published]
        while new:
            try:
                self._intake.admit(principal)
                fates = await self._intake.weigh_facts(new, principal, None)
                results = await self._intake.keep(fates)
            except Exception as error:
                problem = problem_of(error)
                if problem is None:
                    raise
                _log.warning("poll_waits", source=principal.source, why=problem.detail)
                if self._trial is not None:
                    await self._trial.waits(problem.detail)
                await asyncio.sleep(float(problem.headers.get("Retry-After", RETRY_AFTER_SECONDS)))
            else:
                taken = [fact for fact, fate in zip(new, fates, strict=True) if not isinstance(fate, Refusal)]
                self._published.update((fact.id, None) for fact in taken)
                fresh = [fact for fact, result in zip(taken, results, strict=True) if not result.duplicate]
                refused = [f"{fate.field}: {fate.reason}" for fate in fates if isinstance(fate, Refusal)]
                await self._tell_taken(fresh, len(facts) - len(new) + len(taken) - len(fresh), refused)
                return refused
        await self._tell_taken((), len(facts), ())
        return []

    async def _tell_taken(self, fresh: Sequence[Fact], known: int, refused: Sequence[str]) -> None:
        if self._trial is not None:
            await self._trial.kept(fresh, known, refused)

"""The owner of a partition at work, while its lease is held."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from shared.bounded_wait import to_its_end, wait_set
from shared.clock import Clock, wall_clock
from shared.contracts.commands import CommandReply, TouchCommand
from shared.contracts.names import digest
from shared.decider import Refused
from shared.event_store.codec import UnknownStoredTypeError
from shared.event_store.errors import StreamReplacedError
from shared.event_store.interface import Store
from shared.event_store.recorder import Lease
from shared.partition.folding import BATCH, Batch, Folding
from shared.partition.inlet import Consumer, Inlet
from shared.partition.loading import HandlingError
from shared.partition.service import CommandService, Input, Service
from shared.partition.understanding import UnknownOwnTypeError
from shared.recent_states import CACHE_BYTES
from shared.telemetry.work import processing

_TICK_SECONDS: Final = 1.0
_SKEW: Final = timedelta(seconds=1)

log = structlog.get_logger()


class NotServedError(Exception):
    """The partition is not run here any more, or stands still: ask its owner again with the same command id."""


@dataclass(slots=True)
class _Asked:
    command: TouchCommand
    answer: asyncio.Future[CommandReply]

    def refuse(self) -> None:
        if not self.answer.done():
            self.answer.set_exception(NotServedError("the owner of the touch has just changed: try again"))


class PartitionRunner:
    """One loop for all that changes a partition: messages of its inputs, commands of people, deadlines.

    ``after_commit`` is called with where the log ends, when it has grown; so is whatever ``tell`` was given.
    """

    def __init__(
        self,
        inlet: Inlet,
        store: Store,
        lease: Lease,
        service: Service | CommandService,
        inputs: Sequence[Input],
        *,
        after_commit: Callable[[int], None],
        now: Clock = wall_clock,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._inlet = inlet
        self._store = store
        self._lease = lease
        self._service = service
        self._inputs = inputs
        self._followers = [after_commit]
        self._now = now
        self._cache_bytes = cache_bytes
        self._arrived = asyncio.Event()
        self._asked: deque[_Asked] = deque()
        self._ended = False

    def tell(self, follower: Callable[[int], None]) -> None:
        """Have ``follower`` called with where the log ends: when it has grown, and once it is opened."""
        self._followers.append(follower)

    def grown(self) -> asyncio.Event:
        """Return an event that is set now, and again whenever the log has grown."""
        event = asyncio.Event()
        event.set()
        self.tell(lambda _head: event.set())
        return event

    async def submit(self, command: TouchCommand) -> CommandReply:
        """Put a command into the loop and return its answer once it is stored; raises NotServedError."""
        if self._ended:
            raise NotServedError("the partition is not run here any more")
        asked = _Asked(command, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._arrived.set()
        return await asked.answer

    async def run(self) -> None:
        """Work until cancelled; raises FencedError or StreamReplacedError.

        A type of ours that this build does not know halts the partition: it keeps its lease, so that nobody else runs
        into the same, tells how far the log has come, and waits to be replaced by a newer build.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._end)
            folding: Folding | None = None
            try:
                folding, consumers = await self._open(stack)
                while True:
                    await self._turn(folding, consumers)
            except StreamReplacedError as error:
                await self._store.aside(self._store.note_halted, self._lease, str(error))
                raise
            except (UnknownOwnTypeError, UnknownStoredTypeError) as halt:
                self._end()
                log.critical("partition.halted", shard=self._lease.shard, detail=str(halt))
                if folding is not None:
                    await folding.settle()
                await self._store.aside(self._store.note_halted, self._lease, str(halt))
                self._tell(await self._store.aside(self._store.head))
                await asyncio.Event().wait()

    async def _open(self, stack: contextlib.AsyncExitStack) -> tuple[Folding, dict[str, Consumer]]:
        readers = [await self._inlet.reader_of(spec.stream) for spec in self._inputs]
        folding = await Folding.open(
            self._store, self._lease, self._service, readers, now=self._now, cache_bytes=self._cache_bytes
        )
        stack.callback(folding.abandon)
        consumers = {}
        for reader, spec in zip(readers, self._inputs, strict=True):
            position = folding.positions[reader]
            consumers[reader] = self._inlet.consumer(spec.stream, spec.subjects, position, self._arrived)
        for consumer in consumers.values():
            await consumer.open()
            stack.push_async_callback(consumer.close)
        # Left behind in its thread, it would take back what is noted next: why the relay beside has halted.
        await to_its_end(self._store.aside(self._store.note_halted, self._lease, None))
        log.info("partition.opened", shard=self._lease.shard, head=folding.head, positions=folding.positions)
        self._tell(folding.head)
        return folding, consumers

    async def _turn(self, folding: Folding, consumers: dict[str, Consumer]) -> None:
        await wait_set(self._arrived, _TICK_SECONDS)
        self._arrived.clear()
        head = folding.head
        if folding.storing is not None and folding.storing.done():
            await folding.settle()
        for reader, consumer in consumers.items():
            messages = consumer.take(BATCH)
            if messages:
                with processing(messages[0].stream, self._store.codec.service, [one.headers for one in messages]):
                    await folding.fold_ahead(reader, messages)
                self._wake_when_stored(folding)
        if self._asked:
            await self._carry_out(folding)
        await folding.note_passed()
        await self._fire_by_wall(folding, list(consumers.values()))
        if folding.head > head:
            self._tell(folding.head)

    def _tell(self, head: int) -> None:
        for follower in self._followers:
            follower(head)

    def _wake_when_stored(self, folding: Folding) -> None:
        if folding.storing is not None:
            folding.storing.add_done_callback(lambda _: self._arrived.set())

    async def _fire_by_wall(self, folding: Folding, consumers: Sequence[Consumer]) -> None:
        row = await folding.firing.next_deadline()
        if row is None or row.due > self._now() + _SKEW or self._arrived.is_set():
            return
        moments = [await consumer.idle_since() for consumer in consumers]
        sure = [moment for moment in moments if moment is not None]
        if len(sure) == len(moments) and await folding.fire(min(sure)):
            self._arrived.set()

    async def _carry_out(self, folding: Folding) -> None:
        asked = [self._asked.popleft() for _ in range(min(BATCH, len(self._asked)))]
        if self._asked:
            self._arrived.set()
        try:
            answers = await self._answers(folding, asked)
        except BaseException:
            for one in asked:
                one.refuse()
            raise
        for one, reply in zip(asked, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(reply)

    async def _answers(self, folding: Folding, asked: Sequence[_Asked]) -> list[CommandReply]:
        folding.work.now = self._now()
        # A command's own deadlines are set by the wall: it is in no stream, and never replayed.
        folding.work.clock = folding.clock
        ids = [_inbox_id(one.command) for one in asked]
        done = await self._store.aside(self._store.known, ids)
        batch = Batch()
        answers: list[CommandReply] = []
        for one, command_id in zip(asked, ids, strict=True):
            again = command_id in done
            reply = await self._decide(folding, one.command, again=again)
            if not again and reply.refused is None:
                done.add(command_id)
                batch.inbox.append(command_id)
            answers.append(reply)
        if batch.inbox:
            await folding.commit(batch)
        else:  # nothing is written that would show whether the lease still holds
            await folding.settle()
            await self._store.aside(self._store.confirm, self._lease)
        return [replace(reply, position=folding.head) for reply in answers]

    async def _decide(self, folding: Folding, command: TouchCommand, *, again: bool) -> CommandReply:
        service = self._service
        assert isinstance(service, CommandService)  # noqa: S101 -- commands are routed to such services only
        work = folding.work

        def act() -> tuple[str, int]:
            done = service.as_done(command, work) if again else service.on_command(command, work)
            folding.keep()
            return done

        try:
            touch, revision = await folding.loading.until_done(act)
        except Refused as refused:
            code, detail = refused.code, refused.detail
        except HandlingError as error:
            log.exception("command.failed", shard=self._lease.shard, command=type(command).__name__)
            code, detail = "bad-command", f"it could not be carried out, and nothing was changed ({error})"
        else:
            return CommandReply(touch=touch, revision=revision, position=0)
        return CommandReply(touch=command.touch, revision=0, position=0, refused=code, detail=detail)

    def _end(self) -> None:
        self._ended = True
        while self._asked:
            self._asked.popleft().refuse()


def _inbox_id(command: TouchCommand) -> str:
    """Return what a command is remembered by: its id belongs to one action of one person on one touch.

    A digest, for ids come from outside: PostgreSQL stores no NUL.
    """
    return f"command:{digest(type(command).__name__, command.touch, command.responder, command.command_id)}"

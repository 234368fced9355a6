"""The deliveries to one integrator: its needs-touch events in the stream's order, one after another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import msgspec
import structlog
from nats.aio.client import Client
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from standardwebhooks.webhooks import Webhook

from services.notifier.deliveries.cursor import DeliveryCursor, Standing
from services.notifier.deliveries.event_form import structured
from services.notifier.deliveries.retrying import Answer, after
from services.notifier.deliveries.secrets import IntegratorSecrets, SecretMissingError
from services.notifier.deliveries.sending import deliver, delivery_client
from shared.batch_consumer import BatchConsumer
from shared.bounded_wait import wait_set
from shared.contracts.cloudevents import UnknownTypeError
from shared.contracts.policy import Integrator
from shared.contracts.subjects import TOUCHES
from shared.delivery import Message, decode
from shared.event_store.recorder import Lease
from shared.stream_identity import look_at
from shared.telemetry.metrics import Tally

_LOOK_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 2.0
_TAKEN: Final = 20

_attempts: Final = Tally(
    "warmline.deliveries", "{event}", "Attempts to deliver an event to an integrator", ("integrator", "outcome")
)

log = structlog.get_logger()


class DeliveryLine:
    """Delivers to one integrator for as long as its organisation's partition is owned.

    The stream is the queue and the row is the cursor, so that a backlog takes neither memory nor rows. An event is
    delivered, then noted: a crash in between delivers it twice, never not at all.
    """

    def __init__(
        self,
        client: Client,
        conninfo: str,
        secrets: IntegratorSecrets,
        lease: Lease,
        *,
        organisation: str,
        integrator: Integrator,
    ) -> None:
        self._client = client
        self._conninfo = conninfo
        self._secrets = secrets
        self._lease = lease
        self._organisation = organisation
        self._integrator = integrator
        self._arrived = asyncio.Event()

    async def run(self, opened: Callable[[], None]) -> None:
        """Deliver until cancelled, and call ``opened`` once it can; raises FencedError under another owner."""
        async with (
            await AsyncConnection.connect(self._conninfo, autocommit=True, row_factory=dict_row) as connection,
            delivery_client() as http,
        ):
            cursor = DeliveryCursor(connection, self._lease, self._organisation, self._integrator)
            seen = await look_at(self._client, TOUCHES)
            standing = await cursor.open(seen.reader, seen.last)
            opened()
            subjects = [f"needs-touch.{self._integrator.community}.>"]
            consumer = BatchConsumer(self._client, TOUCHES, subjects, standing.position, self._arrived)
            await consumer.open()
            try:
                while True:
                    for message in consumer.take(_TAKEN):
                        await self._deliver(cursor, http, message)
                    await wait_set(self._arrived, _LOOK_SECONDS)
                    self._arrived.clear()
            finally:
                await consumer.close()

    async def _deliver(self, cursor: DeliveryCursor, http: httpx.AsyncClient, message: Message) -> None:
        """Return once the event is delivered, needs no delivery, or is given up."""
        headers = message.headers or {}
        log_position = int(headers.get("ce-position", "0"))
        while True:
            standing = await cursor.standing()
            if 0 < log_position <= standing.log_position:
                await cursor.passed_over(message.seq, log_position)  # a copy, or a stream that was made anew
                return
            if standing.paused or (standing.due is not None and standing.due > datetime.now(UTC)):
                await asyncio.sleep(_WAIT_SECONDS)  # and look again: a person may have resumed it
                continue
            try:
                event = decode(message).event
                secret = self._secrets.of(self._organisation, self._integrator.name)
            except UnknownTypeError as error:
                await self._wait(cursor, f"{TOUCHES} holds at {message.seq} what only a newer build knows: {error}")
                continue
            except SecretMissingError as error:
                await self._wait(cursor, str(error))
                continue
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                await self._give_up(cursor, message, log_position, f"cannot be read ({error})")
                return
            if event.organisation != self._organisation:
                await cursor.passed_over(message.seq, log_position)
                return
            body = structured(headers, event, self._integrator)
            if await self._attempt(cursor, http, secret, message, log_position, standing, body):
                return

    async def _attempt(  # noqa: PLR0917 -- one step of the loop above
        self,
        cursor: DeliveryCursor,
        http: httpx.AsyncClient,
        secret: Webhook,
        message: Message,
        log_position: int,
        standing: Standing,
        body: bytes,
    ) -> bool:
        headers = message.headers or {}
        event_id, traceparent = headers.get("ce-id", ""), headers.get("traceparent")
        answer = await deliver(http, self._integrator.url, secret, event_id, body, traceparent=traceparent)
        _attempts.add((self._integrator.name, "taken" if answer.taken else "refused" if answer.refused else "failed"))
        if answer.taken:
            await cursor.delivered(message.seq, log_position)
            return True
        return await self._failed(cursor, message, log_position, standing, answer)

    async def _failed(
        self, cursor: DeliveryCursor, message: Message, log_position: int, standing: Standing, answer: Answer
    ) -> bool:
        now = datetime.now(UTC)
        failing_for = now - standing.failing_since if standing.failing_since else timedelta(0)
        step = after(answer, tries=standing.tries + 1, failing_for=failing_for, chance=random.random())  # noqa: S311
        if step.step == "give-up-event":
            await self._give_up(cursor, message, log_position, answer.says)
            return True
        if step.step == "pause-integrator":
            why = answer.says if answer.status == 410 else f"for {failing_for.days} days: {answer.says}"
            log.error("integrator.paused", integrator=self._integrator.name, organisation=self._organisation, why=why)
            await cursor.pause(why)
            return False
        log.warning(
            "integrator.failing",
            integrator=self._integrator.name,
            organisation=self._organisation,
            error=answer.says,
            retry_in=f"{step.wait.total_seconds():.0f} s",
        )
        await cursor.failed(answer.says, now + step.wait)
        return False

    async def _give_up(self, cursor: DeliveryCursor, message: Message, log_position: int, why: str) -> None:
        what = f"{(message.headers or {}).get('ce-id', f'sequence {message.seq}')}: {why}"
        log.error("integrator.gave_up", integrator=self._integrator.name, organisation=self._organisation, what=what)
        await cursor.gave_up(message.seq, log_position, what)

    async def _wait(self, cursor: DeliveryCursor, why: str) -> None:
        await cursor.waits(why)
        await asyncio.sleep(_WAIT_SECONDS)

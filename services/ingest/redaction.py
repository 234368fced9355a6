"""Stores copies without text in MEMBER_EVENTS, and erases the messages that they stand for."""

from __future__ import annotations

import json
from typing import Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.ingest.message import headers_of
from shared.contracts.cloudevents import UnknownTypeError, decode_member_event, rfc3339
from shared.contracts.member_events import Edited, Posted
from shared.contracts.redaction import KIND, REDACT, STANDS_FOR, TAKEN, Redact, RedactReply, Textless
from shared.contracts.subjects import MEMBER_EVENTS, member_event_subject
from shared.crash_points import crash_point
from shared.publisher import DurablePublisher, Outgoing, PublishUnavailableError, StreamFullError

_GROUP: Final = "ingest"
_ERASE: Final = f"$JS.API.STREAM.MSG.DELETE.{MEMBER_EVENTS}"
_ERASE_SECONDS: Final = 10.0
_NO_SUCH_MESSAGE: Final = frozenset({10037, 10043})
_log = structlog.get_logger()


class Redaction:
    """Does as it is told by the history: the copy first, so that an event that was accepted is always there.

    A crash in between leaves both, and being told again erases the message; two copies are as one to every reader.
    Ingest may not read what it erases: whoever tells it has.
    """

    def __init__(self, client: Client, publisher: DurablePublisher, partitions: int) -> None:
        self._client = client
        self._publisher = publisher
        self._partitions = partitions

    async def listen(self) -> None:
        """Take what is to be redacted from now on, for as long as the connection lasts."""
        await self._client.subscribe(REDACT, queue=_GROUP, cb=self._answer)

    async def _answer(self, message: Msg) -> None:
        reply = await self.take(message.data)
        if message.reply:
            await message.respond(msgspec.json.encode(reply))

    async def take(self, body: bytes) -> RedactReply:
        """Redact what ``body`` names; raises nothing."""
        try:
            told = msgspec.json.decode(body, type=Redact)
            copies = [self._message(one) for one in told.copies]
        except (msgspec.DecodeError, UnknownTypeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return RedactReply(refused=f"nothing was redacted: {error}")
        try:
            await self._publisher.publish(copies)
            crash_point("redaction.before-erasure")
            for one in told.copies:
                await self._erase(one.seq)
        except (PublishUnavailableError, StreamFullError, NatsError, TimeoutError) as error:
            _log.warning("redaction_waits", error=str(error) or type(error).__name__)
            return RedactReply(refused=f"{MEMBER_EVENTS} cannot be written to just now")
        return RedactReply()

    def _message(self, copy: Textless) -> Outgoing:
        event = decode_member_event(copy.body)
        if not isinstance(event.data, Posted | Edited) or event.data.text:
            raise ValueError(f"what is to stand for {copy.seq} is no post or edit without text")
        return Outgoing(
            subject=member_event_subject(event.community, event.platform, KIND, self._partitions),
            headers=headers_of(event) | {STANDS_FOR: f"{copy.seq} {rfc3339(copy.stored)}", TAKEN: copy.taken},
            body=copy.body,
            msg_id=f"redacted:{copy.seq}",
        )

    async def _erase(self, seq: int) -> None:
        """Have the server overwrite the message: what was in it stands on no disk of its any more."""
        answer = await self._client.request(_ERASE, json.dumps({"seq": seq}).encode(), timeout=_ERASE_SECONDS)
        error = json.loads(answer.data).get("error")
        if error and error.get("err_code") not in _NO_SUCH_MESSAGE:
            raise PublishUnavailableError(f"{error.get('description')} (error {error.get('err_code')})")

"""A message to publish, and many of them as they travel in one atomic batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from nats.errors import MaxPayloadError

from shared.nats_client import framed
from shared.nats_headers import header_lines

_OVERHEAD_BYTES: Final = 200


class Outgoing(Struct, frozen=True, kw_only=True, gc=False):
    """A message to publish; ``msg_id`` is its identity in the stream's de-duplication window."""

    subject: str
    headers: dict[str, str]
    body: bytes
    msg_id: str

    @property
    def size(self) -> int:
        """What the message takes, in bytes, roughly."""
        return len(self.body) + _OVERHEAD_BYTES


def frames(messages: Sequence[Outgoing], batch: str, most: int) -> list[bytes]:
    """Return the first ``messages`` of the atomic batch named ``batch`` as they travel.

    Raises nats.errors.MaxPayloadError for a body of more than ``most`` bytes, and BadSubjectError.
    """
    result = []
    headers: dict[str, str] = {}
    lines = ""
    for number, message in enumerate(messages, start=1):
        if message.headers != headers:  # those of member events are all the same
            headers = message.headers
            lines = header_lines(headers)
        if len(message.body) > most:
            raise MaxPayloadError
        name = f"Nats-Msg-Id: {message.msg_id}\r\n"
        if not message.msg_id.isprintable():
            name = header_lines({"Nats-Msg-Id": message.msg_id})
        own = f"{name}Nats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {number}\r\n"
        result.append(framed(message.subject, lines + own, message.body))
    return result

"""nats-py's client, which receives from streams and sends many messages in a third of the time."""

from __future__ import annotations

from collections.abc import Sequence

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import BadSubjectError, ConnectionClosedError, OutboundBufferLimitError

from shared.nats_deliveries import DELIVERED, Delivery, DeliveryParser, Taker
from shared.nats_headers import read_headers


def framed(subject: str, lines: str, body: bytes) -> bytes:
    """Return the HPUB of a message with ``lines`` of headers; raises BadSubjectError.

    https://docs.nats.io/reference/reference-protocols/nats-protocol
    """
    if not subject.isprintable() or " " in subject:
        raise BadSubjectError
    head = f"NATS/1.0\r\n{lines}\r\n".encode()
    size = len(head)
    return b"HPUB %b  %d %d\r\n%b%b\r\n" % (subject.encode(), size, size + len(body), head, body)


async def publish_framed(client: Client, frames: Sequence[bytes]) -> None:
    """Send what is framed already: nats-py looks at each header by a regular expression, and awaits for each message.

    While the client is connected; raises nats.errors.Error otherwise, with nothing sent.
    """
    if client.is_closed:
        raise ConnectionClosedError
    if not client.is_connected:
        raise OutboundBufferLimitError
    client.stats["out_msgs"] += len(frames)
    client.stats["out_bytes"] += sum(map(len, frames))
    await client._send_command(b"".join(frames))  # noqa: SLF001 -- its only way for bytes as they are
    await client._flush_pending()  # noqa: SLF001


class QuickClient(Client):
    """The same client, which reads headers by a few lines of ours, and lets deliveries be taken many at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries = self._ps = DeliveryParser(self)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        number = _number(sid)
        if number in self.deliveries.takers and reply.startswith(DELIVERED):
            await self.deliveries.hand_over(number, [Delivery(subject, reply, headers or b"", data)])
        else:
            await super()._process_msg(sid, subject, reply, data, headers)

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        self.deliveries.takers.pop(_number(sid), None)
        super()._remove_sub(sid, max_msgs)

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return read_headers(raw)


def take_deliveries(client: Client, subscription: Subscription, taker: Taker) -> None:
    """Have ``taker`` called with what JetStream delivers to ``subscription``, whose callback gets all else.

    Raises TypeError for a client that is none of ours.
    """
    if not isinstance(client, QuickClient):
        raise TypeError("streams are read by a QuickClient: nats_connection and connect_for_command give one")
    client.deliveries.takers[_number(subscription._id)] = taker  # noqa: SLF001 -- what the server knows it by


def _number(sid: int) -> bytes:
    return b"%d" % sid

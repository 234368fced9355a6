"""What JetStream delivers to a pull, taken from the bytes of the connection a chunk at a time.

nats-py wakes a task for every message, and looks at it by regular expressions. It keeps everything else on the
connection: answers, statuses, signs of life.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct
from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

DELIVERED: Final = b"$JS.ACK."
"""With what the reply subject of a stored message begins, and that of no status."""
_END: Final = b"\r\n"


class Delivery(Struct, frozen=True, gc=False):
    """A stored message as it was delivered; ``reply`` tells its place.

    ``head`` holds its headers from the version's line on, and nothing for a message without any.
    """

    subject: bytes
    reply: bytes
    head: bytes
    body: bytes


def place_of(reply: bytes) -> tuple[str, int, int, datetime]:
    """Return a message's consumer, sequence, number among those delivered, and time, from the reply subject.

    ``$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>``, or with domain and account
    hash after ``ACK`` and a token at the end (nats-architecture-and-design, ADR-15).
    """
    parts = reply.split(b".")
    offset = 0 if len(parts) == 9 else 2
    # To the microsecond for the next hundred years, which a float holds. A timedelta takes more than twice as long.
    stored = datetime.fromtimestamp(int(parts[7 + offset]) // 1000 / 1e6, UTC)
    return parts[3 + offset].decode(), int(parts[5 + offset]), int(parts[6 + offset]), stored


Taker = Callable[[Sequence[Delivery]], None]


class DeliveryParser(Parser):
    """nats-py's parser, which hands over the deliveries to ``takers``, by the number of their subscription."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.takers: dict[bytes, Taker] = {}

    def reset(self) -> None:
        """Forget what was read of the connection."""
        super().reset()
        self._held = bytearray()
        self._wanted = 0

    async def parse(self, data: bytes = b"") -> None:
        """Take in the next bytes of the connection; raises nats.errors.ProtocolError.

        What is no delivery goes to nats-py by itself: given more, it would read the deliveries behind it, one by one,
        and end amid one, so that it had to be given all that follows, too.
        """
        held = self._held
        if not (self.takers or held):
            await super().parse(data)
            return
        if self.buf and self.state == AWAITING_CONTROL_LINE:
            held += self.buf
            self.buf.clear()
        held += data
        if len(held) < self._wanted:
            return
        chunk, at = bytes(held), 0
        while at < len(chunk) and held is self._held:  # another, once the connection was lost
            if self.state == AWAITING_CONTROL_LINE:
                try:
                    at, found = self._deliveries(chunk, at)
                except ValueError as error:
                    raise ProtocolError("nats: malformed MSG") from error
                for sid, deliveries in found.items():
                    await self.hand_over(sid, deliveries)
                line_end = chunk.find(_END, at)
                if self._wanted or line_end < 0:
                    break
                end = line_end + len(_END)
            else:
                end = at + self.needed + len(_END) - len(self.buf)
            part, at = chunk[at:end], min(end, len(chunk))
            await super().parse(part)
        del held[:at]

    async def hand_over(self, sid: bytes, deliveries: Sequence[Delivery]) -> None:
        """Let the subscription's taker have them; what it raises is told as nats-py tells it."""
        client, taker = self.nc, self.takers.get(sid)
        if taker is None:  # unsubscribed meanwhile
            return
        client.stats["in_msgs"] += len(deliveries)
        client.stats["in_bytes"] += sum([len(one.body) for one in deliveries])
        try:
            taker(deliveries)
        except Exception as error:  # noqa: BLE001 -- the connection serves others, too
            await client._error_cb(error)  # noqa: SLF001 -- its only way to tell

    def _deliveries(self, chunk: bytes, at: int) -> tuple[int, dict[bytes, list[Delivery]]]:
        """Return where the deliveries end that stand in ``chunk`` from ``at`` on, and these.

        https://docs.nats.io/reference/reference-protocols/nats-protocol
        """
        found: dict[bytes, list[Delivery]] = {}
        self._wanted = 0
        while (line_end := chunk.find(_END, at)) >= 0:
            words = chunk[at:line_end].split()
            begin = line_end + 2
            match words:
                case [b"HMSG", subject, sid, reply, head_size, size]:
                    body = begin + int(head_size)
                case [b"MSG", subject, sid, reply, size]:
                    body = begin
                case _:
                    break
            if sid not in self.takers or not reply.startswith(DELIVERED):
                break
            end = begin + int(size)
            if end + 2 > len(chunk):
                self._wanted = end + 2 - at
                break
            found.setdefault(sid, []).append(Delivery(subject, reply, chunk[begin:body], chunk[body:end]))
            at = end + 2
        return at, found

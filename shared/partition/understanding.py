"""From messages as they are stored to what is to be folded of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from shared.contracts.cloudevents import UnknownTypeError
from shared.delivery import Delivered, Message, decode
from shared.partition.service import Service

log = structlog.get_logger()


class UnknownOwnTypeError(Exception):
    """The stream holds a type of ours that this build does not know: its reader halts, loudly."""

    def __init__(self, message: Message, event_type: str) -> None:
        super().__init__(
            f"{message.stream} holds at {message.seq} an event of the type {event_type}, which this build does not "
            "know. Start the build that wrote it, or a newer one."
        )


class ToFold(NamedTuple):
    """A message, and the streams that it is likely to need."""

    delivered: Delivered
    streams: Sequence[str]


def understand(
    messages: Sequence[Message], service: Service
) -> tuple[list[ToFold | Exception | None], UnknownOwnTypeError | None]:
    """Return, by message, what is to be folded, why it cannot be, or None where it is to be passed over.

    It ends before a message that only a newer build understands, and says so.
    """
    understood: list[ToFold | Exception | None] = []
    for message in messages:
        try:
            if not service.concerns(message):
                understood.append(None)
                continue
            delivered = decode(message)
            understood.append(ToFold(delivered, service.streams_of(delivered)))
        except UnknownTypeError as error:
            if error.ours:
                return understood, UnknownOwnTypeError(message, error.event_type)
            log.info("message.foreign", stream=message.stream, seq=message.seq, type=error.event_type)
            understood.append(None)
        except Exception as error:  # noqa: BLE001 -- a poison message must not stop the rest
            understood.append(error)
    return understood, None

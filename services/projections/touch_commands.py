"""Sends a person's command to the owner of a touch and waits until the queue shows what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import nats.errors
from nats.aio.client import Client

from services.projections.changes import QueueChanges
from services.projections.reading import Reader
from shared.contracts.commands import ClaimTouch, CommandReply, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.subjects import command_subject

Verb = Literal["claim", "release", "settle"]
_VERBS: Final[dict[type[TouchCommand], Verb]] = {ClaimTouch: "claim", ReleaseTouch: "release", SettleTouch: "settle"}
_REPLY_SECONDS: Final = 3.0
_SHOWN_SECONDS: Final = 3.0


class NobodyAnsweredError(Exception):
    """The owner of the touch did not answer in time. Whether it acted is unknown: repeat with the same command id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The owner's reply; ``shown`` is whether the queue holds the replied revision."""

    reply: CommandReply
    shown: bool


class TouchCommands:
    """Claims, releases and settles touches for people."""

    def __init__(self, client: Client, partitions: int, reader: Reader, changes: QueueChanges) -> None:
        self._client = client
        self._partitions = partitions
        self._reader = reader
        self._changes = changes

    async def send(self, command: TouchCommand) -> Done:
        """Send ``command`` and wait for the queue; raises NobodyAnsweredError."""
        subject = command_subject(command.organisation, _VERBS[type(command)], self._partitions)
        headers = {"content-type": "application/json"}
        try:
            answer = await self._client.request(
                subject, msgspec.json.encode(command), timeout=_REPLY_SECONDS, headers=headers
            )
            reply = msgspec.json.decode(answer.data, type=CommandReply)
        except (nats.errors.Error, TimeoutError, msgspec.DecodeError) as error:
            raise NobodyAnsweredError from error
        if reply.refused is not None:
            return Done(reply=reply, shown=True)

        async def shown() -> bool:
            return await self._reader.revision_of(reply.touch) >= reply.revision

        return Done(reply=reply, shown=await self._changes.wait_until(shown, _SHOWN_SECONDS))

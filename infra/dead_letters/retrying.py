"""Retrying letters of either kind, and looking at what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from infra.dead_letters.deadline_retry import retry_deadline
from infra.dead_letters.letter import Letter
from infra.dead_letters.message_retry import NotRetriedError, retry_message
from infra.dead_letters.reading import copies_parked
from infra.readers import all_readers
from infra.running_servers import Connections

PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What became of one letter. ``well`` is whether nothing is left to be done about it."""

    letter: Letter
    well: bool
    says: str


async def retry(
    servers: Connections, letters: Sequence[Letter], by: str, *, patience: float = PATIENCE_SECONDS
) -> list[Retried]:
    """Retry ``letters`` in the order in which their messages stood, and wait ``patience`` seconds for their readers."""
    done: list[Retried] = []
    copies: dict[tuple[str, int], int] = {}
    for letter in sorted(letters, key=lambda one: (one.stream, one.seq, one.service, one.shard)):
        place = (letter.stream, letter.seq)
        try:
            _refuse_ended(letter)
            if letter.is_deadline:
                await retry_deadline(servers.postgres, letter, by)
                done.append(
                    Retried(letter=letter, well=True, says="set again: it fires when its partition is taken up")
                )
            elif place not in copies:
                copies[place] = await retry_message(servers.client, servers.postgres, letter, by)
        except NotRetriedError as refused:
            done.append(Retried(letter=letter, well=False, says=f"not retried: {refused}"))
    until = asyncio.get_running_loop().time() + patience
    for letter in letters:
        seq = copies.get((letter.stream, letter.seq))
        if seq is not None:
            read = await _read(servers, letter, seq, until)
            done.append(await _became(servers.postgres, letter, seq, read=read))
    return done


def _refuse_ended(letter: Letter) -> None:
    if letter.outcome == "retried":
        raise NotRetriedError("it was retried before: what failed again is a letter of its own")
    if letter.outcome == "rebuilt":
        raise NotRetriedError("a rebuild has folded it since: there is nothing to retry")


async def _read(servers: Connections, letter: Letter, seq: int, until: float) -> bool:
    """Wait until the reader that parked the letter has read the copy; False when it did not in time."""
    while True:
        positions = [
            reader.position
            for reader in await all_readers(servers.postgres, servers.partitions)
            if (reader.service, reader.shard, reader.stream) == (letter.service, letter.shard, letter.stream)
        ]
        if max(positions, default=0) >= seq:
            return True
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(_LOOK_SECONDS)


async def _became(connection: psycopg.AsyncConnection[Any], letter: Letter, seq: int, *, read: bool) -> Retried:
    at = f"{letter.stream} {seq}"
    if not read:
        return Retried(letter=letter, well=True, says=f"published again as {at}, which is not read yet")
    for copy in await copies_parked(connection, letter.stream, seq):
        if (copy.service, copy.shard) == (letter.service, letter.shard):
            return Retried(letter=letter, well=False, says=f"failed again as {at}: now it is {copy.id}, {copy.error}")
    return Retried(letter=letter, well=True, says=f"folded as {at}")

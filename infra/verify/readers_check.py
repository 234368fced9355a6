"""Check: no reader has halted; and waiting, before all else, for readers to come to the ends of their streams."""

from __future__ import annotations

import asyncio
from typing import Final

import psycopg

from infra.dead_letters.counting import open_letters
from infra.readers import Reader, all_readers, lags
from infra.shards import all_shards
from infra.verify.context import VerifyContext
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.stream_identity import look_at

PATIENCE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.2
_FEEDING_EACH_OTHER: Final = (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS, MEMBER_EVENTS)


async def await_readers(context: VerifyContext, seconds: float) -> None:
    """Wait, stream by stream in the order in which they feed each other, for readers to reach the present end.

    Goes on after ``seconds`` in all, with where they are.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    context.progress.step("waiting for the readers to come to the end")
    for stream in _FEEDING_EACH_OTHER:
        found = await lags(context.servers.client, await _readers(context, stream))
        ends = {_name(lag.reader): lag.reader.position + lag.behind for lag in found}
        while late := [one for one in await _readers(context, stream) if one.position < ends.get(_name(one), 0)]:
            if asyncio.get_running_loop().time() > deadline:
                with context.report.check("readers") as check:
                    check.notes += [
                        f"{one.service} {one.shard} is at {one.position:,} of {ends[_name(one)]:,} in {stream}: "
                        "checked up to there"
                        for one in late
                    ]
                break
            await asyncio.sleep(_LOOK_SECONDS)


async def check_readers(context: VerifyContext) -> None:
    """Tell which shards have halted or read what is not there, and count dead letters."""
    connection = context.servers.postgres
    with context.report.check("readers") as check:
        for shard in await all_shards(connection):
            check.compared += 1
            if shard.halted:
                check.differs(f"{shard.service} {shard.shard} has halted", shard.halted)
        for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS):
            readers = await _readers(context, stream)
            last = (await look_at(context.servers.client, stream)).last
            for reader in readers:
                if reader.position > last:
                    what = f"{reader.service} {reader.shard} has read more of {stream} than there is"
                    check.differs(what, f"it is at {reader.position:,}, and the stream ends at {last:,}")
        for letters in await open_letters(connection):
            if letters.count:
                check.notes.append(f"{letters.count:,} dead letters of {letters.service}: kept, and not folded")
            if letters.dropped:
                check.notes.append(f"{letters.dropped:,} dropped dead letters of {letters.service}: not folded")


async def _readers(context: VerifyContext, stream: str) -> list[Reader]:
    try:
        readers = await all_readers(context.servers.postgres, context.servers.partitions)
    except psycopg.errors.UndefinedTable:
        return []  # a view is missing, which its own check tells
    return [reader for reader in readers if reader.stream == stream]


def _name(reader: Reader) -> tuple[str, str, str]:
    return (reader.service, reader.shard, reader.stream)

"""Whether everything works again: one event for every partition, followed until it stands where it should."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from datetime import UTC, datetime
from typing import Any

import psycopg

from shared.contracts.names import event_key
from shared.contracts.subjects import partition_of
from tests.chaos.accepted import Accepted
from tests.chaos.deployment import TOKEN
from tests.chaos.sending import Sender
from tests.chaos.world import COMMUNITIES, PARTITIONS, PLATFORM, SOURCE

_LOOK_SECONDS = 0.1
_PERSISTENCE_SECONDS = 120.0


class Prober:
    """Posts probes, and looks for them behind the services' backs."""

    def __init__(self, sender: Sender, accepted: Accepted, postgres_url: str) -> None:
        self._sender = sender
        self._accepted = accepted
        self._postgres_url = postgres_url
        self._numbers = itertools.count(1)

    async def recovered(self) -> tuple[float | None, str]:
        """Post now; return after how many seconds it is accepted, in the history and folded, and what was last.

        None when that has not come about after two minutes.
        """
        number, clock = next(self._numbers), asyncio.get_running_loop().time
        began = clock()
        reached: list[str] = []
        try:
            async with asyncio.timeout(_PERSISTENCE_SECONDS):
                await asyncio.gather(*(self._follow(community, number, reached) for community in COMMUNITIES))
        except TimeoutError:
            return None, ""
        return clock() - began, reached[-1]

    async def _follow(self, community: str, number: int, reached: list[str]) -> None:
        event_id = f"probe:{number}"
        member = {"id": "prober", "name": "Prober"}
        data = {"community": community, "platform": PLATFORM, "member": member}
        said = {"conversation": "c-probes", "message": f"probe{number}", "text": "Like this."}
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": "warmline.member.posted.v1",
            "time": datetime.now(UTC).isoformat(),
            "data": {**data, **said},
        }
        await self._sender.post([event], TOKEN, first=number)
        self._accepted.note(community, SOURCE, [event_id])
        reached.append("accepting")
        key = event_key(community, SOURCE, event_id)
        inbox = f"triage.p{partition_of(community, PARTITIONS)}_inbox"
        for what, query in (
            ("history", "SELECT FROM view_history.history WHERE key = %s"),
            ("triage", f"SELECT FROM {inbox} WHERE id = %s"),
        ):
            await self._await_row(query, key)
            reached.append(what)

    async def _await_row(self, query: str, key: str) -> None:
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await psycopg.AsyncConnection.connect(
                    self._postgres_url, autocommit=True, connect_timeout=2
                ) as connection:
                    while not (await connection.execute(query.encode(), (key,))).rowcount:  # noqa: ASYNC110 - a table
                        await asyncio.sleep(_LOOK_SECONDS)
                    return
            await asyncio.sleep(_LOOK_SECONDS)

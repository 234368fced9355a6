"""Ingest's part: policies and communities are learned again, and nothing that came back from touches comes twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from infra.progress import Progress
from infra.reconcile.notifier import POLICIES
from infra.reconcile.published import each_after, messages_after
from infra.running_servers import Connections
from services.ingest.relearning import Relearned, adoption_of, relearn
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS
from shared.contracts.touch_facts import TouchSettled
from shared.contracts.warmline_facts import PLATFORM, ImportBegan
from shared.contracts.warmline_facts import TouchSettled as TouchSettledFact
from shared.stream_identity import reader_of

_SETTLED: Final = ("p.*.member.*.warmline.touch-settled",)
_IMPORTS: Final = ("p.*.member.*.warmline.import-began",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What the log of record speaks of and no table knows: it cannot be made again from there.

    ``sources`` are those whose events came in after ``since`` (a sequence of MEMBER_EVENTS); the administrator's token
    may have sent them. ``imports`` are communities with an import that is not in the ledger.
    """

    sources: tuple[str, ...]
    imports: tuple[str, ...]


async def unknown_policies(servers: Connections) -> list[str]:
    """Return, in words, whether policies were adopted of which ingest knows nothing: it has an older one in force."""
    found = await messages_after(servers.client, MEMBER_EVENTS, POLICIES, 0)
    cursor = await servers.postgres.execute("SELECT organisation, adoption FROM ingest.policies")
    unknown = not_adopted([one.event for one in found], set(await cursor.fetchall()))
    if not unknown:
        return []
    return [f"ingest: {MEMBER_EVENTS} tells of {unknown:,} adoptions of a policy that its tables do not know"]


def not_adopted(events: Iterable[Any], known: Collection[tuple[str, int]]) -> int:
    """Return how many adoptions ``events`` tell of beside those ``known``, by organisation and number."""
    told = {
        (event.organisation, number)
        for event in events
        if isinstance(event, MemberEvent) and (number := adoption_of(event)) is not None
    }
    return len(told - set(known))


async def relearn_policies(servers: Connections, progress: Progress) -> Relearned:
    """Read the adoptions of policies out of the log of record."""
    progress.step("ingest: reading policies")
    found = await messages_after(servers.client, MEMBER_EVENTS, POLICIES, 0)
    return await relearn(servers.postgres, [one.event for one in found if isinstance(one.event, MemberEvent)])


async def pass_over_settled(servers: Connections, progress: Progress) -> int:
    """Move the reader of settled touches past those that are in the log of record already; return how many."""
    progress.step("ingest: looking at what came back from touches")
    returned = {
        one.event.data.touch
        for one in await messages_after(servers.client, MEMBER_EVENTS, _SETTLED, 0)
        if isinstance(one.event.data, TouchSettledFact)
    }
    reader = await reader_of(servers.client, TOUCH_FACTS)
    cursor = await servers.postgres.execute(
        "SELECT position FROM ingest.feedback_positions WHERE reader = %s", (reader,)
    )
    row = await cursor.fetchone()
    position, passed = int(row[0]) if row else 0, 0
    for one in await messages_after(servers.client, TOUCH_FACTS, ("touch.*.settled",), position):
        if isinstance(one.event, TouchSettled) and one.event.touch not in returned:
            break
        position, passed = one.seq, passed + 1
    if passed:
        await servers.postgres.execute(
            "INSERT INTO ingest.feedback_positions VALUES (%s, %s) "
            "ON CONFLICT (reader) DO UPDATE SET position = excluded.position",
            (reader, position),
        )
    return passed


async def unknown_things(servers: Connections, since: int, progress: Progress) -> Unknown:
    """Return what stands in the log of record after ``since`` and in no table of ingest."""
    progress.step("ingest: looking for what is not known any more")
    sources = await _known(servers, "SELECT community || ' /' || platform || '/' || name FROM ingest.sources")
    async with aclosing(each_after(servers.client, MEMBER_EVENTS, ("p.*.member.>",), since)) as messages:
        told = {f"{one.event.community} {one.event.source}" async for one in messages if one.event.platform != PLATFORM}
    imports = await _known(servers, "SELECT import_id FROM ingest.imports")
    begun = {
        one.event.community
        for one in await messages_after(servers.client, MEMBER_EVENTS, _IMPORTS, since)
        if isinstance(one.event.data, ImportBegan) and one.event.data.import_id not in imports
    }
    return Unknown(sources=tuple(sorted(told - sources)), imports=tuple(sorted(begun)))


async def _known(servers: Connections, query: str) -> set[str]:
    return {row[0] for row in await (await servers.postgres.execute(query.encode())).fetchall()}

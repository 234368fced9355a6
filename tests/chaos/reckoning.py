"""The reckoning: what became of all that was accepted, and of all that was told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

from infra.running_servers import Connections, Servers, connected
from infra.stream_reading import read_stream
from shared.contracts.names import event_key
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.delivery import decode
from shared.stream_identity import look_at
from tests.chaos.accepted import AcceptedPost

_STREAMS = {MEMBER_EVENTS: "p.>", TOUCHES: "needs-touch.>", TOUCH_FACTS: "touch.>"}


@dataclass(slots=True, kw_only=True)
class Reckoning:
    """What was found, by the moments to which it belongs (wall clock).

    ``lost``: when each event was accepted that is not in the stream, or not in the history. ``disordered``: when each
    was accepted that the stream has before its predecessor in the same post. ``doubled``: when each touch or fact was
    stored that had been stored before. ``stored_again`` counts member events that the stream has twice, which readers
    pass over; ``forgotten`` are touches that somebody was told are settled, and are not.
    """

    lost: list[float] = field(default_factory=list)
    disordered: list[float] = field(default_factory=list)
    doubled: list[float] = field(default_factory=list)
    stored_again: int = 0
    forgotten: list[str] = field(default_factory=list)
    touches: Counter[str] = field(default_factory=Counter)


async def reckon(servers: Servers, posts: Sequence[AcceptedPost], settled: Iterable[str]) -> Reckoning:
    """Read streams, history and queue to their ends; raises OperatorError."""
    result = Reckoning()
    async with connected(servers, "chaos") as connections:
        places = await _read(connections, result)
        rows = await connections.postgres.execute("SELECT key FROM view_history.history")
        history = {key for (key,) in await rows.fetchall()}
        rows = await connections.postgres.execute("SELECT touch, state FROM view_queue.touches")
        states = dict(await rows.fetchall())
    for post in posts:
        keys = [event_key(post.community, post.source, one) for one in post.ids]
        result.lost += [post.at for key in keys if key not in places or key not in history]
        stored = [places[key] for key in keys if key in places]
        result.disordered += [post.at for before, after in pairwise(stored) if after < before]
    result.touches = Counter(states.values())
    result.forgotten = sorted(touch for touch in settled if states.get(touch) != "settled")
    return result


async def _read(connections: Connections, result: Reckoning) -> dict[str, int]:
    """Return at which sequence MEMBER_EVENTS first has each event."""
    places: dict[str, int] = {}
    for stream, subjects in _STREAMS.items():
        known: dict[str, int] = places if stream == MEMBER_EVENTS else {}
        last = (await look_at(connections.client, stream)).last
        async with aclosing(read_stream(connections.client, stream, [subjects], after=0, until=last)) as batches:
            async for batch in batches:
                for message in batch:
                    key = decode(message).key
                    if key not in known:
                        known[key] = message.seq
                    elif stream == MEMBER_EVENTS:
                        result.stored_again += 1
                    else:
                        result.doubled.append(message.stored.timestamp())
    return places

"""Whether every server of a cluster has what was restored: by itself, NATS says so before they have."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import nats.errors
from nats.aio.client import Client

from infra.operator_error import OperatorError
from infra.progress import Progress

_PATIENCE_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 5.0


async def wait_for_replicas(client: Client, stream: str, messages: int, replicas: int, progress: Progress) -> None:
    """Return once ``stream`` holds so many ``messages`` on each of its servers.

    Until then one server has them all, and a stream whose leader goes has none for as long. Raises OperatorError when
    none of the servers has got more for a minute.
    """
    if replicas == 1:
        return
    progress.step(f"copying {stream} to the other servers", replicas * messages)
    clock = asyncio.get_running_loop().time
    held: dict[str, int] = {}
    heard = clock()
    while sum(count >= messages for count in held.values()) < replicas:
        found = await _look_somewhere(client, stream)
        if found is not None and found[1] > held.get(found[0], -1):
            held[found[0]] = found[1]
            heard = clock()
            progress.reach(sum(held.values()))
        elif clock() - heard > _PATIENCE_SECONDS:
            so_far = ", ".join(f"{name} has {count:,}" for name, count in sorted(held.items())) or "none has answered"
            raise OperatorError(
                f"The stream {stream}, of {messages:,} messages, does not come to stand on {replicas} servers: "
                f"{so_far}. Look into the logs of the NATS servers."
            )
        else:
            await asyncio.sleep(_AGAIN_SECONDS)


async def _look_somewhere(client: Client, stream: str) -> tuple[str, int] | None:
    """Return a server that holds the stream, the next at random, and how much it has; None when there is no answer.

    A consumer without replicas lives on one of the servers, and counts what is there.
    """
    config = {
        "ack_policy": "none",
        "deliver_policy": "all",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": 5_000_000_000,
    }
    try:
        answer = await _ask(client, f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config})
        if "error" in answer:
            return None
        await _ask(client, f"CONSUMER.DELETE.{stream}.{answer['name']}", {})
    except (nats.errors.Error, TimeoutError):
        return None
    return answer["cluster"]["leader"], int(answer["num_pending"])


async def _ask(client: Client, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    message = await client.request(f"$JS.API.{verb}", json.dumps(request).encode(), timeout=_ANSWER_SECONDS)
    answer: dict[str, Any] = json.loads(message.data)
    return answer

"""Whether JetStream can store: asked of the servers themselves, one or a cluster."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, cast

import nats.errors
from nats.aio.client import Client

from infra.nats_for_commands import connect_for_command
from infra.operator_error import OperatorError
from shared.topology import streams

_EVERY_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 1.0
_NOT_FOUND: Final = 404


async def wait_for_jetstream(nats_url: str, seconds: float = 60.0) -> None:
    """Return once JetStream answers and every stream of Warmline that exists has a leader.

    Raises OperatorError with the reason after ``seconds``.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        client = await connect_for_command(nats_url, "warmline readiness")
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise OperatorError(f"NATS does not answer: {str(error) or type(error).__name__}") from error
    try:
        while (why_not := await _why_not_ready(client)) is not None:
            if asyncio.get_running_loop().time() > deadline:
                raise OperatorError(f"JetStream was not ready after {seconds:.0f} s: {why_not}")
            await asyncio.sleep(_EVERY_SECONDS)
    finally:
        await client.close()


async def _why_not_ready(client: Client) -> str | None:
    try:
        account = await _ask(client, "INFO")
        if "error" in account:
            return f"JetStream answers {account['error']['description']}"
        for stream in streams():
            info = await _ask(client, f"STREAM.INFO.{stream.name}")
            error = info.get("error")
            if error is not None and error["code"] != _NOT_FOUND:
                return f"the stream {stream.name} answers {error['description']}"
            if error is None and "cluster" in info and not info["cluster"].get("leader"):
                return f"the stream {stream.name} has no leader"
    except (nats.errors.Error, TimeoutError) as error:
        return f"JetStream does not answer ({type(error).__name__})"
    return None


async def _ask(client: Client, verb: str) -> dict[str, Any]:
    message = await client.request(f"$JS.API.{verb}", b"", timeout=_ANSWER_SECONDS)
    return cast("dict[str, Any]", json.loads(message.data))

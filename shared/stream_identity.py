"""What makes a stream the same stream: its name and the moment it was created."""

from __future__ import annotations

import json

from nats.aio.client import Client
from nats.js.errors import APIError

from shared.event_store.store import reader_name


async def reader_of(client: Client, stream: str) -> str:
    """Return the name under which a position in ``stream`` is kept.

    Raises nats.js.errors.NotFoundError when there is no such stream, nats.errors.Error when the server is away.
    """
    answer = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=5)).data)
    if "error" in answer:
        APIError.from_error(answer["error"])
    return reader_name(stream, answer["created"])

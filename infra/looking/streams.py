"""The streams as they stand: how full, how configured, and whether they are there at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from nats.aio.client import Client

from shared.stream_identity import reader_in

TIMEOUT_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLook:
    """One stream; ``problem`` is what the server says instead where it has none to show, ``missing`` if it is gone.

    ``reader`` is its name with its identity, ``lagging`` names the servers of a cluster that should hold it and are
    away or behind.
    """

    name: str
    problem: str | None = None
    missing: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    reader: str = ""
    messages: int = 0
    bytes: int = 0
    last: int = 0
    lagging: tuple[str, ...] = ()

    @property
    def full(self) -> float:
        """The share of its bound that it holds, 0 to 1; 0 for one without a bound."""
        bound = self.config.get("max_bytes", 0)
        return self.bytes / bound if bound > 0 else 0.0


async def look_at_stream(client: Client, name: str) -> StreamLook:
    """Return how the stream stands; raises nats.errors.Error when the server does not answer."""
    answer = json.loads((await client.request(f"$JS.API.STREAM.INFO.{name}", b"", timeout=TIMEOUT_SECONDS)).data)
    if "error" in answer:
        error = answer["error"]
        return StreamLook(name=name, problem=error.get("description", "no reason"), missing=error.get("code") == 404)
    state = answer["state"]
    return StreamLook(
        name=name,
        config=answer["config"],
        reader=reader_in(answer),
        messages=state["messages"],
        bytes=state["bytes"],
        last=state["last_seq"],
        lagging=tuple(
            replica["name"]
            for replica in answer.get("cluster", {}).get("replicas", ())
            if replica.get("offline") or not replica.get("current")
        ),
    )


async def storage_share(client: Client) -> float:
    """Return the share of the account's storage that JetStream uses, 0 where it has no limit of its own.

    Raises nats.errors.Error when JetStream does not answer.
    """
    answer = json.loads((await client.request("$JS.API.INFO", b"", timeout=TIMEOUT_SECONDS)).data)
    limit = answer.get("limits", {}).get("max_storage", 0)
    return float(answer.get("storage", 0) / limit) if limit > 0 else 0.0

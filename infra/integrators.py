"""Integrators as operators see them: how far each has come, and starting one again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from infra.operator_error import OperatorError
from infra.running_servers import Connections
from shared.contracts.subjects import TOUCHES

_RESUME = (
    "UPDATE notifier.integrators SET paused_at = NULL, tries = 0, failing_since = NULL, due = NULL, last_error = NULL "
    "WHERE name = %s AND organisation = coalesce(%s, organisation)"
)
_COLUMNS = (
    "organisation",
    "name",
    "url",
    "community",
    "delivered",
    "given_up",
    "given_up_last",
    "paused",
    "last_error",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratorRow:
    """One integrator; ``waiting`` is how many events of its community are in the stream after where it stands."""

    organisation: str
    name: str
    url: str
    community: str
    delivered: int
    waiting: int
    given_up: int
    given_up_last: str | None
    paused: bool
    last_error: str | None


async def integrator_rows(connections: Connections) -> list[IntegratorRow]:
    """Return every integrator that was ever delivered to, by name. Raises nats.errors.Error or psycopg.Error."""
    cursor = await connections.postgres.execute(
        "SELECT organisation, name, url, community, delivered, given_up, given_up_last, paused_at IS NOT NULL, "
        "last_error, position FROM notifier.integrators ORDER BY organisation, name"
    )
    rows = []
    for *fields, position in await cursor.fetchall():
        row = IntegratorRow(**dict(zip(_COLUMNS, fields, strict=True)), waiting=0)
        rows.append(replace(row, waiting=await _waiting(connections, row.community, position)))
    return rows


async def resume_integrator(connections: Connections, name: str, organisation: str | None) -> None:
    """Have an integrator delivered to again; raises OperatorError when there is none, or several, of that name."""
    async with connections.postgres.transaction():
        cursor = await connections.postgres.execute(_RESUME, (name, organisation))
        if cursor.rowcount == 0:
            raise OperatorError(f"There is no integrator {name}. Look with: warmline integrators")
        if cursor.rowcount > 1:
            raise OperatorError(f"Several organisations have an integrator {name}: give --organisation.")


async def _waiting(connections: Connections, community: str, position: int) -> int:
    """Count the community's messages after ``position``, which the server does when it makes a consumer for them."""
    config: dict[str, Any] = {
        "ack_policy": "none",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": position + 1,
        "filter_subject": f"needs-touch.{community}.>",
        "inactive_threshold": 5_000_000_000,
        "mem_storage": True,
        "num_replicas": 1,
    }
    request = json.dumps({"stream_name": TOUCHES, "config": config}).encode()
    answer = json.loads(
        (await connections.client.request(f"$JS.API.CONSUMER.CREATE.{TOUCHES}", request, timeout=5)).data
    )
    if "error" in answer:
        raise OperatorError(f"{TOUCHES} cannot be read: {answer['error']['description']}")
    await connections.client.request(f"$JS.API.CONSUMER.DELETE.{TOUCHES}.{answer['name']}", b"", timeout=5)
    return int(answer["num_pending"])

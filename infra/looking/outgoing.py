"""What is on its way out: notices to staff, and how far each integrator has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg

from infra.readers import Reader
from shared.contracts.subjects import TOUCHES

INTEGRATOR: Final = "integrator"
"""Whose readers they are in a look: people's programs, which may take their time."""
_DUE_SECONDS: Final = 30
_TRIES: Final = 4
"""By then, something over a minute has passed."""

_NOTICES: Final = """
SELECT count(*), count(*) FILTER (WHERE tries >= %(tries)s),
       coalesce(extract(epoch FROM max(clock_timestamp() - due) FILTER (WHERE due < clock_timestamp())), 0)::float
FROM notifier.notices WHERE ended_at IS NULL
"""
# Rows of integrators that no policy names any more stay where they are.
_INTEGRATORS: Final = """
SELECT organisation, name, i.community, position, paused_at IS NOT NULL
FROM notifier.integrators AS i JOIN ingest.policies_in_force AS p USING (organisation)
WHERE EXISTS (SELECT FROM json_array_elements(p.policy -> 'integrators') AS named WHERE named ->> 'name' = i.name)
ORDER BY organisation, name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesLook:
    """Notices that nobody has got yet: how many, how many of them fail again and again, how long the oldest is due."""

    waiting: int
    failing: int
    due_seconds: float

    @property
    def why_late(self) -> str | None:
        """Why somebody is not told, in words; None when all is well. What waits for somebody's hours is not due."""
        if self.failing:
            return f"{self.failing:,} could not be sent in {_TRIES} attempts or more"
        if self.due_seconds >= _DUE_SECONDS:
            return f"the oldest has been due for {self.due_seconds:.0f} s, and nobody sends it"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratorLook:
    """An integrator that a policy names: where it stands in TOUCHES, and whether it was given up for now."""

    organisation: str
    name: str
    community: str
    position: int
    paused: bool

    @property
    def reader(self) -> Reader:
        """It, as a reader of its stream."""
        return Reader(
            service=INTEGRATOR,
            shard=f"{self.organisation}/{self.name}",
            stream=TOUCHES,
            subjects=(f"needs-touch.{self.community}.>",),
            position=self.position,
        )


async def look_at_notices(connection: psycopg.AsyncConnection[Any]) -> NoticesLook:
    """Return how the notices get on; raises psycopg.Error."""
    row = await (await connection.execute(_NOTICES, {"tries": _TRIES})).fetchone()
    waiting, failing, due_seconds = row or (0, 0, 0.0)
    return NoticesLook(waiting=waiting, failing=failing, due_seconds=due_seconds)


async def look_at_integrators(connection: psycopg.AsyncConnection[Any]) -> tuple[IntegratorLook, ...]:
    """Return every integrator that a policy names and that was ever delivered to; raises psycopg.Error."""
    rows = await (await connection.execute(_INTEGRATORS)).fetchall()
    return tuple(
        IntegratorLook(organisation=organisation, name=name, community=community, position=position, paused=paused)
        for organisation, name, community, position, paused in rows
    )

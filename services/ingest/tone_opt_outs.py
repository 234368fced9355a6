"""Whom Warmline may read for tone: what a member said about it, told to triage as a fact of their community."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.ingest.message import fact_message
from shared.contracts.names import Label, Name, digest, member_key
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import ToneOptOut
from shared.publisher import DurablePublisher


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneOptOutSaid:
    """Who in a community wants nothing read for its tone; with ``opted_out`` false: who takes that back.

    ``member`` is the member's id on the platform, as events name it.
    """

    community: Name
    platform: Name
    member: Label
    opted_out: bool = True


class ToneOptOuts:
    """Tells triage who opted out."""

    def __init__(self, publisher: DurablePublisher, partitions: int) -> None:
        self._publisher = publisher
        self._partitions = partitions

    async def tell(self, said: ToneOptOutSaid, organisation: str, now: datetime) -> None:
        """Tell it; it holds for what is stored from then on. Raises PublishUnavailableError or StreamFullError."""
        fact = ToneOptOut(
            community=said.community,
            member=Identity(platform=said.platform, id=said.member),
            opted_out=said.opted_out,
        )
        key = member_key(said.community, said.platform, said.member)
        message = fact_message(
            fact,
            organisation=organisation,
            event_id=f"tone-opt-out:{digest(key, str(said.opted_out), now.isoformat())}",
            time=now,
            partitions=self._partitions,
        )
        await self._publisher.publish([message])

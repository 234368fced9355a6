"""Members whose profiles carry an e-mail address: linked with whoever writes from it, where the policy says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from services.ingest.community_map import CommunityMap
from services.ingest.message import fact_message
from services.ingest.platforms.mailing_list import PLATFORM
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import Joined, Updated
from shared.contracts.names import digest, member_key
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import MemberLinked
from shared.publisher import Outgoing

RULE: Final = "same-address"
_WHY: Final = "The profile carries this e-mail address, as its keyed hash tells."


def carrying(events: Sequence[MemberEvent]) -> list[MemberEvent]:
    """Return those of ``events`` that tell of an address."""
    return [one for one in events if isinstance(one.data, Joined | Updated) and one.data.address is not None]


def address_links(events: Sequence[MemberEvent], communities: CommunityMap, partitions: int) -> Iterator[Outgoing]:
    """Yield a link of each member with the owner of their address; what was told once is told under the same id.

    So whoever takes such a link back is not overruled by the next event, and all who carry one address are one person.
    """
    for event in events:
        community = communities.communities.get(event.community)
        if community is None or community.team is None or not isinstance(event.data, Joined | Updated):
            continue
        member = Identity(platform=event.platform, id=event.data.member.id)
        owner = Identity(platform=PLATFORM, id=event.data.address or "")
        if member == owner or {member, owner} & community.team or event.data.member.bot:
            continue
        key = member_key(event.community, member.platform, member.id)
        yield fact_message(
            MemberLinked(community=event.community, member=member, other=owner, why=_WHY, rule=RULE),
            organisation=event.organisation,
            event_id=f"link:{digest(key, RULE, owner.id)}",
            time=event.time,
            partitions=partitions,
        )

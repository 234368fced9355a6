"""Which communities are known, and to whom they belong: a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts.policy import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """A community whose events are taken; ``announced`` once the policy in force stands in its stream.

    ``team`` is who is of the team by name where the policy has equal e-mail addresses link members by
    themselves, which never links the team; None where they link nobody.
    """

    name: str
    organisation: str
    announced: bool
    team: frozenset[Identity] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityMap:
    """The communities by name, and the organisation, if any, whose policy accepts every other."""

    communities: Mapping[str, Community]
    accepting: str | None

    def organisation_of(self, community: str) -> str | None:
        """Return whose community it is or would be; None when nobody takes it."""
        known = self.communities.get(community)
        return known.organisation if known else self.accepting

    def is_announced(self, community: str) -> bool:
        """Whether its stream holds the policy in force, so that events may follow."""
        known = self.communities.get(community)
        return known is not None and known.announced

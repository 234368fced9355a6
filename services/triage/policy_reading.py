"""The policy as triage reads it: who is of the team, which segment, when something is due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from services.triage.member import MemberState
from shared.contracts.policy import Policy, Segment
from shared.working_hours import WorkingHours

EVERYONE: Final = "everyone"
"""The segment of a member whom no segment of the policy matches."""


class PolicyReading:
    """A policy, made ready to be asked many times."""

    def __init__(self, policy: Policy, version: str) -> None:
        self.policy = policy
        self.version = version
        self._hours = WorkingHours.of(policy.hours)
        self._team_roles = frozenset(policy.team.roles)
        named = [*policy.team.members, *(one for responder in policy.responders for one in responder.identities)]
        self._team = frozenset((identity.platform, identity.id) for identity in named)

    def is_team(self, platform: str, member_id: str, roles: Collection[str]) -> bool:
        """Tell whether the policy's mapping counts the identity to the team."""
        return (platform, member_id) in self._team or not self._team_roles.isdisjoint(roles)

    def due(self, since: datetime, working_hours: float) -> datetime | None:
        """Return when the team has been there for ``working_hours`` since ``since``; None when it never will."""
        return self._hours.add(since, working_hours)

    def segment_of(self, member: MemberState, at: datetime) -> str:
        """Return the first segment, in the policy's order, that matches the member as of ``at``."""
        return next((one.name for one in self.policy.segments if _matches(one, member, at)), EVERYONE)


def _matches(segment: Segment, member: MemberState, at: datetime) -> bool:
    tenure = at - member.first.time if member.first is not None else timedelta()
    platform = member.member.platform if member.member is not None else ""
    return (
        (not segment.roles or not set(segment.roles).isdisjoint(member.roles))
        and (not segment.tags or not set(segment.tags).isdisjoint(member.tags))
        and (not segment.platforms or platform in segment.platforms)
        and (segment.member_for_less_than_days is None or tenure < timedelta(days=segment.member_for_less_than_days))
        and (segment.member_for_at_least_days is None or tenure >= timedelta(days=segment.member_for_at_least_days))
    )

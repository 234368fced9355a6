"""The policy as triage reads it: who is of the team, which segment, when something is due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from services.triage.importance import Weights
from services.triage.rules_by_segment import rules_in, rules_to_arm_by
from services.triage.segments import Segments
from shared.contracts.policy import Policy, Tone
from shared.contracts.policy_rules import Rules
from shared.working_hours import WorkingHours


class PolicyReading:
    """A policy, made ready to be asked many times.

    By ``arming`` deadlines are set, before it matters in which segment a member is.
    """

    def __init__(self, policy: Policy, version: str) -> None:
        self.policy = policy
        self.version = version
        self.segments = Segments(policy)
        self.arming = rules_to_arm_by(policy.rules)
        self._weights = {segment.name: segment.weight for segment in policy.segments}
        self._rules: dict[str, Rules] = {}
        self._hours = WorkingHours.of(policy.hours)
        self._team_roles = frozenset(policy.team.roles)
        named = [*policy.team.members, *(one for responder in policy.responders for one in responder.identities)]
        self._team = frozenset((identity.platform, identity.id) for identity in named)

    def is_team(self, platform: str, member_id: str, roles: Collection[str]) -> bool:
        """Tell whether the policy's mapping counts the identity to the team."""
        return (platform, member_id) in self._team or not self._team_roles.isdisjoint(roles)

    def tone_in(self, community: str) -> Tone | None:
        """Return how what is written in the community is read for its tone; None where it is not."""
        tone = self.policy.tone
        return tone if tone.enabled and (not tone.communities or community in tone.communities) else None

    def due(self, since: datetime, working_hours: float) -> datetime | None:
        """Return when the team has been there for ``working_hours`` since ``since``; None when it never will."""
        return self._hours.add(since, working_hours)

    def rules_in(self, segment: str) -> Rules:
        """Return the rules as they hold for the members of ``segment``."""
        rules = self._rules.get(segment)
        if rules is None:
            rules = self._rules[segment] = rules_in(self.policy.rules, segment)
        return rules

    def weights_in(self, segment: str) -> Weights:
        """Return how much each urgency counts, and the members of ``segment``."""
        counts = self.policy.importance
        return Weights(
            urgent=counts.urgent, soon=counts.soon, routine=counts.routine, segment=self._weights.get(segment, 1.0)
        )

    def cool_down(self, reason: str, segment: str) -> timedelta:
        """Return how long ``reason`` rests after a touch for it was settled; what has no rule never does."""
        rule = getattr(self.rules_in(segment), reason.replace("-", "_"), None)
        return timedelta(days=rule.cool_down_days) if rule is not None else timedelta(0)

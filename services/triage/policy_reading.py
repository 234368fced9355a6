"""The policy as triage reads it: who is of the team, which segment, when something is due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from services.triage.importance import Weights
from services.triage.rules_by_segment import rules_in, rules_to_arm_by
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Policy, Tone
from shared.contracts.policy_rules import Rules
from shared.segments import Segments
from shared.working_hours import WorkingHours

_FAR_OFF: Final = timedelta(days=366)


class PolicyReading:
    """A policy, made ready to be asked many times.

    By ``arming`` deadlines are set, before it matters in which segment a member is.
    """

    def __init__(self, policy: Policy, version: str) -> None:
        self.policy = policy
        self.version = version
        self.segments = Segments(policy.segments)
        self.arming = rules_to_arm_by(policy.rules)
        self._weights = {segment.name: segment.weight for segment in policy.segments}
        self._rules: dict[str, Rules] = {}
        self._hours = WorkingHours.of(policy.hours)
        self._team_roles = frozenset(policy.team.roles)
        self._team = frozenset((identity.platform, identity.id) for identity in policy.named_team)

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

    def next_ritual(self, after: datetime) -> datetime | None:
        """Return when the weekly lists are asked for next; None when they are not, or the team never is there."""
        rule = self.policy.rules.ritual
        return self._hours.next_weekly(after, rule.day, rule.at) if rule.enabled else None

    def reminder_of(self, starts_at: datetime, at: datetime) -> datetime | None:
        """Return when somebody is reminded of what begins then, as seen ``at`` a time before; None if nobody is there.

        What is far off is first looked at a year before: until then hours may be others.
        """
        far = starts_at - _FAR_OFF
        return far if far > at else self._hours.before(starts_at, self.policy.rules.ritual.hours_before)

    def beginning_of(self, day: date) -> datetime:
        """Return when the team is there first from ``day`` on; when the day begins where it never is."""
        begins = datetime.combine(day, time(), tzinfo=self._hours.zone)
        return self._hours.next_opening(begins) or begins.astimezone(UTC)

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

    def cool_down(self, need: TouchReason) -> timedelta:
        """Return how long such a need rests after a touch for it was settled: not at all, if a person asked for it."""
        return timedelta(0) if need.promised_by is not None else self.rest_of(need.reason, need.segment)

    def rest_of(self, reason: str, segment: str) -> timedelta:
        """Return how long a reason that the policy has a rule for rests after a touch for it was settled."""
        rule = getattr(self.rules_in(segment), reason.replace("-", "_"), None)
        return timedelta(days=rule.cool_down_days) if rule is not None else timedelta(0)

"""Whom the chaos happens to: two organisations whose communities lie in every partition."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from shared.contracts.policy import Policy
from shared.contracts.subjects import partition_of
from shared.policy.load import load_policy

PARTITIONS = 4
PLATFORM = "discord"
SOURCE_NAME = "guild"
SOURCE = f"/{PLATFORM}/{SOURCE_NAME}"
RESPONDERS = ("mara", "tobi", "ines", "juno", "ravi", "olga")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One organisation with two communities."""

    name: str
    communities: tuple[str, ...]

    def policy(self) -> Policy:
        """Return its care policy: somebody is always there, and an hour is what a member should wait at most."""
        days = ", ".join(f'{day}: ["00:00-24:00"]' for day in _DAYS)
        people = "\n".join(
            f"  - {{name: {name}, display_name: {name.title()}, identities: [{{platform: {PLATFORM}, id: u-{name}}}]}}"
            for name in RESPONDERS
        )
        loaded = load_policy(
            f"organisation: {self.name}\ncommunities: [{', '.join(self.communities)}]\n"
            f"hours: {{timezone: UTC, days: {{{days}}}}}\nresponders:\n{people}\n"
            "segments: [{name: newcomers, member_for_less_than_days: 30}]\n"
            "rules:\n  welcome: {within_hours: 1, settling_in_days: 0}\n  unanswered: {within_hours: 1}\n"
            "limits: {care_load: 100, touches: 1000, touches_per_day: 1000}\n"
        )
        assert loaded.policy is not None, loaded.errors
        return loaded.policy


def _named(word: str, partition: int) -> str:
    names = (f"{word}-{number}" for number in itertools.count(1))
    return next(name for name in names if partition_of(name, PARTITIONS) == partition)


ORGANISATIONS = tuple(
    Organisation(name=_named(word, own), communities=tuple(_named(f"{word}-town", one) for one in towns))
    for word, own, towns in (("north", 0, (0, 1)), ("south", 2, (2, 3)))
)
COMMUNITIES = tuple(community for organisation in ORGANISATIONS for community in organisation.communities)

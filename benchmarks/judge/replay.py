"""An archive as it would have gone: folded in the order of time, with every touch settled after a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from msgspec import structs

from services.ingest.platforms.facts import Fact
from services.triage.needs import NeedFound, is_crisis
from shared.contracts.member_events import Edited, Posted
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Policy, Tone
from shared.policy.load import default_policy_text, load_policy
from tests.triage.partition import COMMUNITY, ORGANISATION, Partition

_BATCH: Final = 100
_SETTLED_AFTER: Final = timedelta(days=1)
CRISIS: Final = "distress, crisis wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many messages there were, what was found, with the ids of the archive's facts, and how many touches came."""

    messages: int
    found: tuple[TouchReason, ...]
    touches: int

    @property
    def reasons(self) -> Counter[str]:
        """How often which reason was found."""
        return Counter(CRISIS if is_crisis(need) else need.reason for need in self.found)


def policy() -> Policy:
    """Return the default policy, with tone read and members compared with themselves."""
    loaded = load_policy(default_policy_text()).policy
    assert loaded is not None  # noqa: S101 -- a test holds it
    rules = replace(loaded.rules, out_of_character=replace(loaded.rules.out_of_character, enabled=True))
    tone = Tone(enabled=True, language="en")
    return replace(loaded, organisation=ORGANISATION, communities=(COMMUNITY,), tone=tone, rules=rules)


def replay(facts: Sequence[Fact]) -> Replayed:
    """Fold ``facts``; what comes of a touch is never said to be right or wrong."""
    partition = Partition(policy(), stored=facts[0].time)
    ids: dict[str, str] = {}
    found: list[TouchReason] = []
    touches = 0
    for start in range(0, len(facts), _BATCH):
        batch = facts[start : start + _BATCH]
        partition.events.clear()
        told = partition.tell_together([(fact.data, fact.time) for fact in batch])
        ids.update(zip(told, (fact.id for fact in batch), strict=True))
        found += [_by_fact(event.need, ids) for event in partition.events if isinstance(event, NeedFound)]
        touches += sum(need.revision == 1 for need in partition.raised)
        for touch in partition.touches:
            if touch.raised_at + _SETTLED_AFTER <= batch[-1].time:
                partition.settle(touch, batch[-1].time, "no-response")
    messages = sum(isinstance(fact.data, Posted | Edited) for fact in facts)
    return Replayed(messages=messages, found=tuple(found), touches=touches)


def _by_fact(need: TouchReason, ids: Mapping[str, str]) -> TouchReason:
    """Return the need with the facts' ids in its evidence, but for what was settled here."""
    named = tuple(structs.replace(one, event=ids.get(one.event, one.event)) for one in need.evidence)
    return structs.replace(need, evidence=named)

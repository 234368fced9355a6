"""An archive as it would have gone: folded in the order of time, with every touch settled after a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Final

from msgspec import structs

from services.ingest.platforms.facts import Fact
from services.triage.needs import NeedFound, is_crisis
from shared.contracts.member_events import Edited, Posted
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Policy, Tone
from shared.contracts.policy_rules import Rules
from shared.policy.load import default_policy_text, load_policy
from tests.triage.partition import COMMUNITY, ORGANISATION, Partition

_BATCH: Final = 100
_SETTLED_AFTER: Final = timedelta(days=1)
_TURNED_ON: Final = ("out_of_character", "check_in", "ritual")
_UNTOLD: Final = ("low_survey", "moderated", "farewell")
"""No archive tells of answers to surveys, of moderation, or of who left."""
_OF_LONG_TIMES: Final = ("welcome", "fading", "returning", "milestone", *_TURNED_ON)
CRISIS: Final = "distress, crisis wording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many messages there were, on how many days, what was found, and how many touches came of it.

    What was found has the ids of the archive's facts. ``looked_for`` are the reasons whose rules were on.
    """

    messages: int
    days: int
    looked_for: tuple[str, ...]
    found: tuple[TouchReason, ...]
    touches: int

    @property
    def reasons(self) -> Counter[str]:
        """How often which reason was found, one that grew once; 0 where its rule was on and found nobody."""
        counts = Counter(dict.fromkeys((CRISIS, *self.looked_for), 0))
        matters = {
            (CRISIS if is_crisis(need) else need.reason, need.about, need.conversation, need.since)
            for need in self.found
        }
        counts.update(reason for reason, *_ in matters)
        return counts


def policy(*, in_pieces: bool = False) -> Policy:
    """Return the default policy, with all on that an archive can tell: also tone, check-ins and rituals.

    ``in_pieces`` leaves out what parts of single days cannot tell: who is new, regular, away or back.
    """
    loaded = load_policy(default_policy_text()).policy
    assert loaded is not None  # noqa: S101 -- a test holds it
    off = (*_UNTOLD, *_OF_LONG_TIMES) if in_pieces else _UNTOLD
    switched = dict.fromkeys(_TURNED_ON, True) | dict.fromkeys(off, False)
    rules = loaded.rules
    for name, enabled in switched.items():
        rules = replace(rules, **{name: replace(getattr(rules, name), enabled=enabled)})
    tone = Tone(enabled=True, language="en")
    return replace(loaded, organisation=ORGANISATION, communities=(COMMUNITY,), tone=tone, rules=rules)


def replay(facts: Sequence[Fact], *, in_pieces: bool = False) -> Replayed:
    """Fold ``facts``, of time ``in_pieces`` or whole; what comes of a touch is never said to be right or wrong."""
    by = policy(in_pieces=in_pieces)
    partition = Partition(by, stored=facts[0].time)
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
    said = [fact.time.date() for fact in facts if isinstance(fact.data, Posted | Edited)]
    return Replayed(
        messages=len(said),
        days=len(set(said)),
        looked_for=tuple(each.name.replace("_", "-") for each in fields(Rules) if getattr(by.rules, each.name).enabled),
        found=tuple(found),
        touches=touches,
    )


def _by_fact(need: TouchReason, ids: Mapping[str, str]) -> TouchReason:
    """Return the need with the facts' ids in its evidence, but for what was settled here."""
    named = tuple(structs.replace(one, event=ids.get(one.event, one.event)) for one in need.evidence)
    return structs.replace(need, evidence=named)

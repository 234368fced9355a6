"""How notifier's public facts leave: as touch facts on TOUCH_FACTS."""

from __future__ import annotations

from typing import Any, Final

from shared.contracts.cloudevents import Publication, publication, type_name
from shared.contracts.subjects import kind_of, touch_fact_subject
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.event_store.codec import RecordedEvent
from shared.relay import Publish

SOURCE: Final = "/warmline/notifier"


def _touch_fact(recorded: RecordedEvent) -> Publication:
    fact = recorded.event
    return publication(
        touch_fact_subject(fact.community, kind_of(type_name(fact))),
        fact,
        event_id=f"{fact.touch}:fact:{fact.revision}",
        source=SOURCE,
        time=fact.at,
        extensions={"organisation": fact.organisation},
    )


PUBLIC: Final[dict[type[Any], Publish]] = dict.fromkeys(TOUCH_FACT_TYPES.values(), _touch_fact)
"""The facts that leave; all others are notifier's own."""

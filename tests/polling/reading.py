"""A round of a platform's reader without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import (
    Answered,
    Ask,
    Denied,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadRound,
    ReadSoFar,
    Refused,
)
from tests.sources.reading import assert_taken


@dataclass(slots=True, kw_only=True)
class RoundMade:
    """What came of a round."""

    facts: list[Fact] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    denied: str | None = None

    def kinds(self) -> list[str]:
        return sorted(type(fact.data).__name__ for fact in self.facts)

    def only(self, kind: type) -> Any:
        [fact] = [fact for fact in self.facts if isinstance(fact.data, kind)]
        return fact.data


def answered(found: Any, **more: Any) -> Answered:
    return Answered(body=found if isinstance(found, bytes) else json.dumps(found).encode(), **more)


def make_round(
    read: ReadRound,
    answer: Callable[[str, dict[str, Any]], Any],
    settings: PollSettings | None = None,
    *,
    first: datetime | None = None,
    until: dict[str, datetime] | None = None,
    marks: dict[str, str] | None = None,
    at_once: bool = False,
) -> RoundMade:
    """Drive ``read`` with what ``answer`` gives: records, bytes or answers as they are, or a status that refuses."""
    now = datetime.now(UTC)
    so_far = ReadSoFar(first=first or now - timedelta(days=1), until=until or {}, marks=marks or {}, at_once=at_once)
    reading = read(settings or PollSettings(), so_far, now)
    made, sent = RoundMade(), None
    while True:
        try:
            step = reading.send(sent)
        except StopIteration:
            break
        sent = None
        match step:
            case Ask():
                made.asked.append(step)
                assert len(made.asked) < 1_000, "it asks without end"
                found = answer(step.path, dict(step.params if step.body is None else step.body))
                if isinstance(found, int):
                    sent = Refused(status=found)
                elif found is None:
                    sent = Refused(status=404)
                else:
                    sent = found if isinstance(found, Answered) else answered(found)
            case Found(facts=facts):
                made.facts += facts
            case Denied(why=why):
                made.denied = why
                break
            case Odd(why=why):
                made.odd.append(why)
            case Read(collection=collection, mark=mark):
                made.read.add(collection)
                made.marks |= {} if mark is None else {collection: mark}
    for fact in made.facts:
        assert_taken(fact)
    return made

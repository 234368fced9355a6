"""A round of a platform's reader without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.platforms.connection import Beat, ConnectionAnswer, ConnectionStep, Hear, Open, Say
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import (
    Answer,
    Answered,
    Ask,
    Current,
    Denied,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadRound,
    ReadSoFar,
    Refused,
)
from tests.sources.reading import taken


@dataclass(slots=True, kw_only=True)
class RoundMade:
    """What came of a round."""

    facts: list[Fact] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    until: dict[str, datetime | None] = field(default_factory=dict)
    current: int = 0
    denied: str | None = None

    def kinds(self) -> list[str]:
        return sorted(type(fact.data).__name__ for fact in self.facts)

    def only(self, kind: type) -> Any:
        [fact] = [fact for fact in self.facts if isinstance(fact.data, kind)]
        return fact.data


def answered(found: Any, **more: Any) -> Answered:
    return Answered(body=found if isinstance(found, bytes) else json.dumps(found).encode(), **more)


def _sent(found: Any) -> Answered | Refused:
    if found is None or isinstance(found, int):
        return Refused(status=found or 404)
    return found if isinstance(found, Answered) else answered(found)


def make_round(
    read: ReadRound,
    answer: Callable[[str, dict[str, Any]], Any],
    settings: PollSettings | None = None,
    *,
    first: timedelta = timedelta(days=1),
    until: Mapping[str, timedelta | datetime] | None = None,
    marks: dict[str, str] | None = None,
    at_once: bool = False,
    connection: Callable[[ConnectionStep], ConnectionAnswer] | None = None,
    now: datetime | None = None,
) -> RoundMade:
    """Drive ``read`` with what ``answer`` gives: records, bytes or answers as they are, or a status that refuses.

    It begins ``now``, by the clock if that is not given; ``first`` and ``until`` say how long before that.
    """
    now = now or datetime.now(UTC)
    known = {name: now - at if isinstance(at, timedelta) else at for name, at in (until or {}).items()}
    so_far = ReadSoFar(first=now - first, until=known, marks=marks or {}, at_once=at_once)
    reading = read(settings or PollSettings(), so_far, now)
    made = RoundMade()
    sent: Answer = None
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
                sent = _sent(answer(step.path, dict(step.params if step.body is None else step.body)))
            case Found(facts=facts):
                made.facts += facts
            case Denied(why=why):
                made.denied = why
                break
            case Odd(why=why):
                made.odd.append(why)
            case Open() | Say() | Beat() | Hear():
                assert connection is not None
                sent = connection(step)
            case Current():
                made.current += 1
            case Read(collection=collection, mark=mark, until=read_until):
                made.read.add(collection)
                made.until[collection] = read_until
                made.marks |= {} if mark is None else {collection: mark}
    for fact in made.facts:
        taken(fact)
    return made

"""The queue as the read model has it, folded from two streams in any order: the rows of its view, without tables."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from services.notifier.touch_state import OPEN, TouchState
from services.projections.queue import rows
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEnded, NeedsTouchRevised
from shared.contracts.subjects import TOUCH_FACTS, TOUCHES
from shared.contracts.touch_facts import TouchFact
from shared.delivery import Message, decode
from tests.simulation.world import World

Table = dict[tuple[str, str], Any]


def folded(messages: Iterable[Message]) -> Table:
    """Keep the newest row of each form for each touch, as the view's upserts do: by the field after the touch."""
    table: Table = {}
    for message in messages:
        event = decode(message).event
        made: list[Any] = []
        if isinstance(event, NeedsTouch):
            made = [rows.need_row(event)]
        elif isinstance(event, NeedsTouchRevised):
            made = [rows.revised_row(event)]
        elif isinstance(event, NeedsTouchEnded):
            made = [rows.end_row(event)]
        elif isinstance(event, TouchFact):
            made = [rows.standing_row(event), rows.escalation_row(event), rows.why_row(event), rows.fact_row(event)]
        for row in made:
            if row is not None:
                key, guard = (type(row).__name__, row.touch), row._fields[1]
                if key not in table or getattr(table[key], guard) < getattr(row, guard):
                    table[key] = row
    return table


def check_queue_view(world: World, states: dict[str, TouchState], seed: int) -> None:
    """Check that the view says of every touch what notifier does, however the streams interleave and repeat."""
    needs, facts = (world.bus.streams[name].messages for name in (TOUCHES, TOUCH_FACTS))
    table = folded([*needs, *facts])
    assert folded(_interleaved(needs, facts, random.Random(seed))) == table, "the view depends on the order of streams"
    for touch, state in states.items():
        standing = table["StandingRow", touch]
        assert (standing.standing, standing.hold) == (state.status, state.hold), f"the view has {touch} as {standing}"
        if state.status in OPEN:
            assert standing.responder == state.responder
    assert {touch for form, touch in table if form == "StandingRow"} == states.keys()


def _interleaved(first: Sequence[Message], second: Sequence[Message], draw: random.Random) -> list[Message]:
    """Deal two streams into one, each in its order, with what was read before coming again now and then."""
    left, dealt = [list(reversed(first)), list(reversed(second))], list[Message]()
    while any(left):
        stream = draw.choice([one for one in left if one])
        dealt.append(stream.pop())
        if draw.random() < 0.2:
            dealt.append(draw.choice(dealt))
    return dealt

"""Signs whose message was deleted, or edited so that it shows them no more: what rests on nothing else is over.

Crisis wording is no such need: that it was there, and is gone, is for a human to see.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.triage.needs import HoldsNeeds, NeedFound, is_crisis, withdrawn
from services.triage.tone_facts import LoseSigns, SignGone
from shared.contracts.needs_touch import TouchReason


class HoldsSigns(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """What the state of a stream that rests on signs begins with: ``gone`` are those of which a need stands still."""

    gone: tuple[SignGone, ...] = ()


def lose(command: LoseSigns, state: HoldsSigns) -> tuple[Any, ...]:
    """Return that the signs are gone, and what follows for the need that rests on them, if one does."""
    lost = tuple(SignGone(reason=command.reason, evidence=one) for one in command.evidence)
    resting = [need for need in state.needs if _rests_on(need, lost)]
    return (*lost, *(event for need in resting for event in _followed(need, command, (*state.gone, *lost))))


def _followed(need: TouchReason, command: LoseSigns, gone: tuple[SignGone, ...]) -> tuple[Any, ...]:
    lost = {one.evidence.event for one in gone if one.reason == need.reason}
    all_of_it = all(one.event in lost for one in need.evidence)
    if is_crisis(need):
        which = "the message" if all_of_it else "one of the messages"
        values = {**need.values, "afterwards": f"{which} was {command.how}"}
        return (NeedFound(need=replace(need, at=command.at, values=values)),)
    if not all_of_it:
        return ()
    return (withdrawn(need, command.because.time, f"the message was {command.how}", (command.because,)),)


def still_told(state: HoldsSigns, event: SignGone) -> tuple[SignGone, ...]:
    """Return the signs that are gone after ``event``, of which a need stands."""
    return tuple(one for one in (*state.gone, event) if any(_rests_on(need, (one,)) for need in state.needs))


def _rests_on(need: TouchReason, signs: tuple[SignGone, ...]) -> bool:
    return any(need.reason == one.reason and one.evidence in need.evidence for one in signs)

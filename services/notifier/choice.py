"""The choice: who of several people gets a touch, and why."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from services.notifier.capacity import Candidate, Load, granted_on, over_limit
from services.notifier.roster import RosterState
from shared.contracts.touch_facts import Hold, Verdict

_HOLDS: Final[tuple[Hold, ...]] = ("over-limit", "outside-hours", "on-leave", "given-back", "not-taken", "no-responder")
"""Strongest first: of several responders, the one who could take it soonest says why it is held."""


class Choice(Struct, frozen=True, kw_only=True, gc=False):
    """Who gets a touch, or why nobody does."""

    responder: str | None
    hold: Hold | None
    why: tuple[Verdict, ...]


def has_room(state: RosterState, candidate: Candidate) -> bool:
    """Tell whether the candidate could be given the lightest of touches."""
    return candidate.hold is None and over_limit(state.load_of(candidate.responder), candidate, 1) is None


def choose(
    state: RosterState, candidates: tuple[Candidate, ...], care_load: int, promised_by: str | None = None
) -> Choice:
    """Return who gets a touch of ``care_load``: whoever promised it, if they can take it, else who carries the least.

    Of those the one with fewest touches, then fewest today, then by name.
    """
    loads = {load.responder: load for load in state.loads}
    verdicts: list[Verdict] = []
    able: list[tuple[Candidate, Load]] = []
    holds: set[Hold] = set()
    for candidate in candidates:
        load = loads.get(candidate.responder) or Load(responder=candidate.responder)
        over = over_limit(load, candidate, care_load) if candidate.hold is None else None
        hold: Hold | None = "over-limit" if over else candidate.hold
        if hold is None:
            able.append((candidate, load))
        else:
            holds.add(hold)
            verdicts.append(Verdict(responder=candidate.responder, chosen=False, why=over or candidate.why))
    if not able:
        strongest: Hold = next((hold for hold in _HOLDS if hold in holds), "no-responder")
        return Choice(responder=None, hold=strongest, why=tuple(verdicts))
    ranked = sorted(able, key=lambda one: (one[0].responder != promised_by, _rank(one)))
    best = ranked[0][0]
    words = [f"carries {load.care_load} of {one.limits.care_load} care load" for one, load in ranked]
    why = "promised it" if best.responder == promised_by else "the least of those available"
    chosen = Verdict(responder=best.responder, chosen=True, why=f"available, {words[0]}: {why}")
    others = [
        Verdict(responder=one.responder, chosen=False, why=f"available, {word}")
        for (one, _), word in zip(ranked[1:], words[1:], strict=True)
    ]
    return Choice(responder=best.responder, hold=None, why=(chosen, *others, *verdicts))


def _rank(able: tuple[Candidate, Load]) -> tuple[int, int, int, str]:
    candidate, load = able
    return (load.care_load, load.touches, granted_on(load, candidate.day), candidate.responder)

"""Offering: the roster grants capacity and the touch follows, in one transaction; what nobody can take waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import anybody, candidates, find, look_again_at
from services.notifier.capacity import Candidate
from services.notifier.choice import choose, has_room
from services.notifier.looks import arrange_looks
from services.notifier.roster import (
    FinishDrain,
    GrantCapacity,
    LookAgain,
    OfferAgain,
    ReleaseCapacity,
    RosterState,
)
from services.notifier.streams import policy_stream, roster_stream, touch_stream
from services.notifier.touch_commands import AssignTouch, HoldTouch
from services.notifier.touch_state import TouchState, held_line, line_of, unserved_line
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.policy import Policy
from shared.contracts.touch_facts import Verdict
from shared.decider import Place
from shared.workspace import Page, Workspace

_A_MOMENT: Final = timedelta(milliseconds=1)


def offer(need: NeedsTouch, now: datetime, work: Workspace) -> bool:
    """Give the touch to whom the roster grants it, or hold it with the reason; tell whether it waits for time now."""
    stream, roster_id = touch_stream(need.touch), roster_stream(need.organisation)
    policy: Policy | None = work.state(policy_stream(need.organisation)).policy
    if policy is None:
        work.decide(stream, HoldTouch(hold="no-responder", why=(), at=now))
        arrange_looks(need, now, work)
        return False
    touch: TouchState = work.state(stream)
    stands = candidates(policy, need, now, touch.past)
    choice = choose(work.state(roster_id), stands, need.care_load, need.promised_by)
    chosen = next((one for one in stands if one.responder == choice.responder), None)
    if chosen is None:
        hold = choice.hold or "no-responder"
        work.decide(stream, HoldTouch(hold=hold, why=choice.why, at=now))
        arrange_looks(need, now, work)
        if hold == "no-responder":
            return False
        work.decide(roster_id, LookAgain(due=look_again_at(policy, now)))
        return True
    give(need, chosen, choice.why, now, work)
    return False


def give(need: NeedsTouch, chosen: Candidate, why: tuple[Verdict, ...], now: datetime, work: Workspace) -> None:
    """Let the roster grant the candidate's capacity, and the touch follow; raises Refused over a limit."""
    grant = GrantCapacity(touch=need.touch, candidate=chosen, care_load=need.care_load)
    work.decide(roster_stream(need.organisation), grant)
    work.decide(touch_stream(need.touch), AssignTouch(responder=chosen.responder, why=why, at=now))
    arrange_looks(need, now, work)


def give_back(touch: TouchState, work: Workspace) -> None:
    """Take the touch off the responder's load, and let what waits have the room."""
    if touch.need is not None and touch.responder is not None:
        take_off(touch.need, touch.responder, touch.care_load, work)
        let_waiting_have_room(touch.need.organisation, work)


def let_waiting_have_room(organisation: str, work: Workspace) -> None:
    """Offer what waits again: somebody carries less than before."""
    work.decide(roster_stream(organisation), OfferAgain(at=work.now))


def take_off(need: NeedsTouch, responder: str, care_load: int, work: Workspace) -> None:
    """Take the touch off the responder's load."""
    release = ReleaseCapacity(touch=need.touch, responder=responder, care_load=care_load)
    work.decide(roster_stream(need.organisation), release)


def drain(organisation: str, now: datetime, work: Workspace) -> None:
    """Offer what waits, oldest and heaviest first: a page of it, and what is behind it at once if anybody has room.

    The next page follows the moment for which this one came, not ``now``: a deadline of now comes only once it is sure
    that nothing was stored before it, which takes long in a cluster.
    """
    at_once = work.clock + _A_MOMENT
    roster_id = roster_stream(organisation)
    roster: RosterState = work.state(roster_id)
    policy: Policy | None = work.state(policy_stream(organisation)).policy
    if policy is None:
        work.decide(roster_id, FinishDrain(next_due=None))
        return
    more = _take_from_who_left(organisation, policy, now, work)
    lines = [held_line(organisation), *([unserved_line(organisation)] if roster.unserved else [])]
    places, end = _merged([work.line(line, roster.drain_reached) for line in lines])
    waits = roster.drain_reached is not None or end is not None
    full = not roster.unserved and _all_have_enough(organisation, policy, now, work)
    for place in places:
        touch: TouchState = work.state(place.stream)
        if touch.need is None:
            continue
        if full and touch.hold == "over-limit":
            waits = True
            continue
        waits = offer(touch.need, now, work) or waits
        if work.state(place.stream).status == "assigned":
            full = not roster.unserved and _all_have_enough(organisation, policy, now, work)
    if more:
        finish = FinishDrain(next_due=at_once, reached=roster.drain_reached, complete=False)
    elif end is not None and _anybody_has_room(organisation, policy, now, work):
        finish = FinishDrain(next_due=at_once, reached=end, complete=False)
    else:
        finish = FinishDrain(next_due=look_again_at(policy, now) if waits else None, complete=end is None)
    work.decide(roster_id, finish)


def _merged(pages: list[Page]) -> tuple[list[Place], Place | None]:
    """Return what several lines hold up to where all of them are seen, in order, and that place if there is more."""
    end = min((page.end for page in pages if page.end is not None), key=lambda place: place.order, default=None)
    places = sorted((place for page in pages for place in page.places), key=lambda place: place.order)
    return [place for place in places if end is None or place.order <= end.order], end


def _anybody_has_room(organisation: str, policy: Policy, now: datetime, work: Workspace) -> bool:
    roster: RosterState = work.state(roster_stream(organisation))
    return any(has_room(roster, one) for one in anybody(policy, now))


def _all_have_enough(organisation: str, policy: Policy, now: datetime, work: Workspace) -> bool:
    """Tell whether all who are there are at their limits: what was held for that is not offered to them in vain."""
    roster: RosterState = work.state(roster_stream(organisation))
    there = [one for one in anybody(policy, now) if one.hold is None]
    return bool(there) and not any(has_room(roster, one) for one in there)


def _take_from_who_left(organisation: str, policy: Policy, now: datetime, work: Workspace) -> bool:
    """Offer to others what is assigned to people whom the policy no longer knows; tell whether there is more of it."""
    roster_id = roster_stream(organisation)
    roster: RosterState = work.state(roster_id)
    more = False
    for load in roster.loads:
        if load.touches == 0 or find(policy, load.responder) is not None:
            continue
        page = work.line(line_of("assigned", organisation, load.responder))
        more = more or page.end is not None
        for place in page.places:
            touch: TouchState = work.state(place.stream)
            if touch.need is not None:
                take_off(touch.need, load.responder, touch.care_load, work)
                offer(touch.need, now, work)
    return more

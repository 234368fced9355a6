"""Care that was given where no source reports it: one touch of the day of whoever gave it, once.

That it was given, and that it met a touch, come by two streams, either of them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from services.notifier.availability import day_of, find
from services.notifier.offering import let_waiting_have_room
from services.notifier.roster import CountCare, NoteCareOfTouch
from services.notifier.streams import policy_stream, roster_stream, touch_stream
from services.notifier.touch_state import TouchState, line_of
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.needs_touch import MemberRef, NeedsTouch, NeedsTouchMet, NeedsTouchRevised
from shared.contracts.policy import Identity, Policy
from shared.contracts.warmline_facts import PLATFORM, CareLogged
from shared.workspace import Workspace

_HAD: Final[tuple[Literal["assigned", "claimed"], ...]] = ("assigned", "claimed")


def count_care(event: MemberEvent, logged: CareLogged, work: Workspace) -> None:
    """Let care count to the day on which it was given, unless whoever gave it has a touch about the member.

    That touch counts to them already, as it does for whoever replies to it on a platform.
    """
    policy: Policy | None = work.state(policy_stream(event.organisation)).policy
    giver = find(policy, logged.responder) if policy else None
    if policy is None or giver is None:
        return
    theirs = _touches_of(event.organisation, giver.name, work)
    if any(need.community == event.community and _is_about(need, logged.member) for need in theirs):
        return
    count = CountCare(care=event.id, responder=giver.name, day=day_of(policy, giver, event.time))
    work.decide(roster_stream(event.organisation), count)


def note_care_of_touch(by: MemberRef, end: NeedsTouchMet | NeedsTouchRevised, work: Workspace) -> None:
    """Let care elsewhere that met a touch of whoever gave it, or a reason of it, count with that alone."""
    touch: TouchState = work.state(touch_stream(end.touch))
    if by.platform != PLATFORM or touch.responder != by.id:
        return
    for one in end.evidence:
        if work.decide(roster_stream(end.organisation), NoteCareOfTouch(care=one.event, responder=by.id)):
            let_waiting_have_room(end.organisation, work)


def _touches_of(organisation: str, responder: str, work: Workspace) -> Iterator[NeedsTouch]:
    for status in _HAD:
        line = line_of(status, organisation, responder)
        page = work.line(line)
        while True:
            touches: tuple[TouchState, ...] = work.states([place.stream for place in page.places])
            yield from (touch.need for touch in touches if touch.need is not None)
            if page.end is None:
                break
            page = work.line(line, page.end)


def _is_about(need: NeedsTouch, member: Identity) -> bool:
    people = (need.member, *(one.member for one in need.reasons))
    return any((one.platform, one.id) == (member.platform, member.id) for one in people)

"""A full sample of everything that notifier stores: events by stored name, states as ``state.<category>``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from services.notifier.capacity import Load
from services.notifier.policy_in_force import PolicyState, PolicyTaken
from services.notifier.roster import (
    CapacityGranted,
    CapacityGrown,
    CapacityReleased,
    CareCounted,
    CareOfTouch,
    DrainArranged,
    Drained,
    RosterState,
)
from services.notifier.touch_state import (
    GivenBack,
    LoadGrown,
    LooksArranged,
    NeedEnded,
    NotTaken,
    TouchOverdue,
    TouchRaised,
    TouchState,
    Watch,
)
from shared.contracts.touch_facts import (
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchHeld,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
    TouchSettled,
    TouchWithdrawn,
    Verdict,
)
from shared.decider import Place
from tests.golden.before_traces import before_traces, untraced
from tests.golden.samples_contracts import EARLIER_POLICIES, NEED, NEED_1, POLICY

AT = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)
DUE = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PLACE = Place(rank=-1795377599.75, stream=f"touch:{NEED.touch}")
WHY = (
    Verdict(responder="mira", chosen=True, why="available, carries 2 of 20 care load: the least of those available"),
    Verdict(responder="jonas", chosen=False, why="on leave until 2026-11-27"),
)
FACT: Final[dict[str, Any]] = {
    "touch": NEED.touch,
    "revision": 3,
    "organisation": "harbour",
    "community": "acme",
    "at": AT,
}

STATE_1 = TouchState(
    need=NEED_1,
    status="held",
    revision=3,
    responder="mira",
    hold="given-back",
    care_load=2,
    given_back=(GivenBack(responder="jonas", at=AT),),
    need_ended=NeedEnded(cause="answered by the team", met=True, responder="jonas"),
)
"""As it was before anything escalated."""

STATE_3 = replace(
    STATE_1,
    not_taken=(NotTaken(responder="ada", at=AT),),
    watch=Watch(
        asked_at=AT,
        reminded_at=AT,
        reminded_revision=4,
        overdue_since=AT,
        held_since=AT,
        escalated_at=AT,
        told_at=AT,
        told_revision=6,
        look_due=DUE,
        alarm_due=DUE,
        quiet=2,
    ),
)
"""As it was when each reason had a touch of its own."""

ROSTER_1 = RosterState(
    loads=(Load(responder="mira", care_load=2, touches=1, day="2026-11-23", granted=4),),
    drain_due=DUE,
    drain_reached=PLACE,
    unserved=True,
)
"""As it was when care elsewhere counted to nobody whose touch it did not meet."""

SAMPLES: Final[dict[str, Any]] = {
    "notifier.PolicyTaken": PolicyTaken(version="p-1", policy=POLICY),
    **{
        f"notifier.PolicyTaken{earlier}": PolicyTaken(version="p-1", policy=policy)
        for earlier, policy in EARLIER_POLICIES.items()
    },
    "notifier.CapacityGranted": CapacityGranted(
        touch=NEED.touch, responder="mira", care_load=2, day="2026-11-23", by_themselves=True
    ),
    "notifier.CapacityReleased": CapacityReleased(touch=NEED.touch, responder="mira", care_load=2),
    "notifier.CapacityGrown": CapacityGrown(touch=NEED.touch, responder="mira", care_load=3),
    "notifier.CareCounted": CareCounted(care="log-care:abc", responder="mira", day="2026-11-23"),
    "notifier.CareOfTouch": CareOfTouch(care="log-care:def", responder="mira"),
    "notifier.LoadGrown": LoadGrown(care_load=5),
    "notifier.DrainArranged": DrainArranged(due=DUE, unserved=True),
    "notifier.Drained": Drained(next_due=DUE, reached=PLACE, complete=False),
    "notifier.TouchRaised": TouchRaised(need=NEED),
    "notifier.NeedEnded": NeedEnded(cause="answered by the team", met=True, responder="jonas"),
    "notifier.TouchAssigned": TouchAssigned(**FACT, responder="mira", care_load=2, why=WHY),
    "notifier.TouchHeld": TouchHeld(**FACT, hold="given-back", why=WHY),
    "notifier.TouchClaimed": TouchClaimed(**FACT, responder="mira"),
    "notifier.TouchReleased": TouchReleased(**FACT, responder="mira"),
    "notifier.TouchSettled": TouchSettled(
        **FACT, responder="mira", outcome="reached", about="care:acme:m-1", need_revision=2
    ),
    "notifier.TouchSettled#1": TouchSettled(**FACT, responder="mira", outcome="reached", about="member:acme:m-1"),
    "notifier.TouchWithdrawn": TouchWithdrawn(**FACT, cause="answered by a peer"),
    "notifier.TouchAnnotated": TouchAnnotated(**FACT, note="the cause is gone: answered by a peer"),
    "notifier.TouchReminded": TouchReminded(**FACT, responder="mira", to="responder"),
    "notifier.TouchPassedOn": TouchPassedOn(**FACT, responder="mira"),
    "notifier.TouchEscalated": TouchEscalated(**FACT, cause="nobody-claimed", responder="mira"),
    "notifier.TouchOverdue": TouchOverdue(at=AT),
    "notifier.LooksArranged": LooksArranged(look_due=DUE, alarm_due=DUE),
    "state.policy": PolicyState(policy=POLICY, version="p-1"),
    **{
        f"state.policy{earlier}": PolicyState(policy=policy, version="p-1")
        for earlier, policy in EARLIER_POLICIES.items()
    },
    "state.roster": replace(
        ROSTER_1, loads=(replace(ROSTER_1.loads[0], cared=("log-care:abc",), of_touches=("log-care:def",)),)
    ),
    "state.roster#1": ROSTER_1,
    "state.touch": replace(STATE_3, need=NEED),
    "state.touch#1": untraced(STATE_1),
}
SAMPLES.update(
    before_traces(
        {**SAMPLES, "notifier.TouchRaised": TouchRaised(need=NEED_1), "state.touch": STATE_3},
        (
            "notifier.TouchRaised",
            "state.touch",
        ),
    )
)
SAMPLES |= {"notifier.TouchRaised#2": TouchRaised(need=NEED_1), "state.touch#3": STATE_3}

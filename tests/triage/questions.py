"""A question, the need that it raises, and how that ends."""

from __future__ import annotations

from typing import Any

from services.triage.conversation import CONVERSATION
from services.triage.needs import NeedWithdrawn
from shared.contracts.names import touch_id
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchWithdrawn
from shared.decider import Deadline
from tests.triage.making import ADA, at, look_at_question, post, seen_at
from tests.triage.spec import Given, given

TOUCH = touch_id("acme", "unanswered", "stream", 1)
DUE = (Deadline(name="unanswered", due=at(4)),)
ENDED = {
    "touch": TOUCH,
    "revision": 2,
    "organisation": "harbour",
    "community": "acme",
    "segment": "everyone",
    "reason": "unanswered",
    "about": "stream",
}


def need(**changes: Any) -> NeedsTouch:
    basis: dict[str, Any] = {
        "touch": TOUCH,
        "revision": 1,
        "organisation": "harbour",
        "community": "acme",
        "segment": "everyone",
        "reason": "unanswered",
        "urgency": "soon",
        "care_load": 2,
        "member": ADA,
        "about": "stream",
        "conversation": "c-51",
        "since": at(0),
        "raised_at": at(4),
        "evidence": (seen_at(0),),
        "rule": "unanswered.v1",
        "policy_version": "v1",
        "values": {"hours_since": 4.0, "answers_by_team": 0, "answers_by_peers": 0},
        "thresholds": {"within_hours": 4.0, "answered_by": "anyone"},
    }
    return NeedsTouch(**{**basis, **changes})


def withdrawn(hours: float, cause: str, evidence: float | None = None) -> NeedWithdrawn:
    shown = seen_at(hours if evidence is None else evidence)
    return NeedWithdrawn(end=NeedsTouchWithdrawn(**ENDED, at=at(hours), cause=cause, evidence=(shown,)))


def asked(by: Any = "anyone") -> Given[Any]:
    return given(CONVERSATION).after(post(ADA, 0, asks=True, by=by))


def unanswered(by: Any = "anyone") -> Given[Any]:
    return asked(by).after(look_at_question(4, by=by))

"""A question, the need that it raises, and how that ends."""

from __future__ import annotations

from typing import Any

from services.triage.conversation import CONVERSATION
from services.triage.needs import NeedGone
from shared.contracts.needs_touch import MemberRef, TouchReason
from shared.decider import Deadline
from tests.triage.making import ADA, at, look_at_question, post, seen_at
from tests.triage.spec import Given, given

TOUCH = "t-1"
DUE = (Deadline(name="unanswered", due=at(4)),)


def need(**changes: Any) -> TouchReason:
    basis: dict[str, Any] = {
        "reason": "unanswered",
        "about": "stream",
        "member": ADA,
        "segment": "everyone",
        "conversation": "c-51",
        "since": at(0),
        "at": at(4),
        "urgency": "soon",
        "care_load": 2,
        "evidence": (seen_at(0),),
        "rule": "unanswered.v1",
        "policy_version": "v1",
        "values": {"hours_since": 4.0, "answers_by_team": 0, "answers_by_peers": 0},
        "thresholds": {"within_hours": 4.0, "answered_by": "anyone"},
        "difference": "an answer within 4 h",
    }
    return TouchReason(**{**basis, **changes})


def gone(hours: float, cause: str, evidence: float | None = None, by: MemberRef | None = None) -> NeedGone:
    shown = seen_at(hours if evidence is None else evidence)
    return NeedGone(
        reason="unanswered", about="stream", member=ADA, at=at(hours), cause=cause, evidence=(shown,), by=by
    )


def asked(by: Any = "anyone") -> Given[Any]:
    return given(CONVERSATION).after(post(ADA, 0, asks=True, by=by))


def unanswered(by: Any = "anyone") -> Given[Any]:
    return asked(by).after(look_at_question(4, by=by))

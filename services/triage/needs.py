"""Needs: a touch from raised to closed, as the streams of triage hold it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.contracts.names import Reason, touch_id
from shared.contracts.needs_touch import (
    Evidence,
    MemberRef,
    NeedsTouch,
    NeedsTouchMet,
    NeedsTouchWithdrawn,
    Scalar,
)
from shared.contracts.touch_facts import Outcome

URGENCY: Final[dict[Reason, str]] = {"welcome": "routine", "unanswered": "soon"}
"""How soon a human should show up, by reason."""


class NeedRaised(Struct, frozen=True, kw_only=True, gc=False):
    """A rule's deadline passed and the cause was there: somebody needs a human."""

    need: NeedsTouch


class NeedWithdrawn(Struct, frozen=True, kw_only=True, gc=False):
    """The cause went away without the team."""

    end: NeedsTouchWithdrawn


class NeedMet(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team met the need on the platform."""

    end: NeedsTouchMet


class NeedClosed(Struct, frozen=True, kw_only=True, gc=False):
    """The touch was settled: whatever happens now is a new matter."""

    touch: str
    outcome: Outcome


class CloseNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Take note that a touch was settled."""

    touch: str
    outcome: Outcome


class Circumstances(Struct, frozen=True, kw_only=True, gc=False):
    """What the shell found out for a rule: as of when it is looked at, and the policy's word on it.

    ``due`` is the rule's deadline by the policy that holds now; None when the team has no hours at all.
    """

    at: datetime
    due: datetime | None
    enabled: bool
    organisation: str
    community: str
    about: str
    segment: str
    care_load: int
    policy_version: str
    forget_after: timedelta
    thresholds: dict[str, Scalar]


def raised(
    seen: Circumstances,
    reason: Reason,
    member: MemberRef,
    evidence: tuple[Evidence, ...],
    values: dict[str, Scalar],
    *,
    conversation: str | None = None,
    episode: int = 1,
) -> NeedRaised:
    """Return the need as it is published; ``evidence`` begins with the event at which the need began.

    ``episode`` counts the needs that one stream raises, so that each has a touch of its own.
    """
    since = evidence[0].time
    return NeedRaised(
        need=NeedsTouch(
            touch=touch_id(seen.community, reason, seen.about, episode),
            revision=1,
            organisation=seen.organisation,
            community=seen.community,
            segment=seen.segment,
            reason=reason,
            urgency=URGENCY[reason],
            care_load=seen.care_load,
            member=member,
            about=seen.about,
            conversation=conversation,
            since=since,
            raised_at=seen.at,
            evidence=evidence,
            rule=f"{reason}.v1",
            policy_version=seen.policy_version,
            values=values,
            thresholds=seen.thresholds,
        )
    )


def withdrawn(need: NeedsTouch, at: datetime, cause: str, evidence: tuple[Evidence, ...] = ()) -> NeedWithdrawn:
    """Return the end of ``need`` without the team."""
    return NeedWithdrawn(
        end=NeedsTouchWithdrawn(
            touch=need.touch,
            revision=need.revision + 1,
            organisation=need.organisation,
            community=need.community,
            segment=need.segment,
            reason=need.reason,
            about=need.about,
            at=at,
            cause=cause,
            evidence=evidence,
        )
    )


def met(need: NeedsTouch, at: datetime, cause: str, by: MemberRef, evidence: tuple[Evidence, ...]) -> NeedMet:
    """Return the end of ``need`` by somebody of the team."""
    return NeedMet(
        end=NeedsTouchMet(
            touch=need.touch,
            revision=need.revision + 1,
            organisation=need.organisation,
            community=need.community,
            segment=need.segment,
            reason=need.reason,
            about=need.about,
            at=at,
            cause=cause,
            evidence=evidence,
            by=by,
        )
    )

"""What each deadline looks at. The table at the end is the wiring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.community import IMPORT_LAPSE, CommunityState, LapseImports
from services.triage.conversation_facts import LookAtQuestion
from services.triage.conversation_state import UNANSWERED
from services.triage.member_facts import LookAtWelcome
from services.triage.member_state import MemberState
from services.triage.needs import Circumstances
from services.triage.policy_reading import PolicyReading
from services.triage.reasons.judgement import LookAtOccasion
from services.triage.reasons.kinds import KINDS
from services.triage.stream_ids import community_of, community_stream, member_stream
from services.triage.to_care import Read, decide_and_care
from shared.event_store.recorder import DeadlineRow
from shared.workspace import Workspace


def look_at_welcome(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """A newcomer's time has come: were they greeted?"""
    community = _community(deadline, work)
    reading = _reading(community, read)
    member: MemberState = work.state(deadline.stream)
    assert member.first is not None  # noqa: S101 -- a member with a deadline was seen
    at = _looked_at(deadline, community)
    segment = reading.segments.of(member, at)
    rule = reading.rules_in(segment).welcome
    due = reading.due(member.first.time, rule.within_hours)
    seen = _circumstances(deadline, reading, rule, ("within_hours",), at=at, segment=segment, due=due)
    command = LookAtWelcome(
        seen=seen,
        team=_team(reading, member),
        known_since=community.known_since or member.first.time,
        settling_in=timedelta(days=rule.settling_in_days),
    )
    decide_and_care(deadline.stream, command, work, read)


def look_at_question(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """A question's time has come: is there an answer?"""
    community = _community(deadline, work)
    reading = _reading(community, read)
    opening = work.state(deadline.stream).opening
    opener: MemberState = work.state(member_stream(community.community, opening.member.key))
    at = _looked_at(deadline, community)
    segment = reading.segments.of(opener, at)
    rule = reading.rules_in(segment).unanswered
    due, thresholds = reading.due(opening.evidence.time, rule.within_hours), ("within_hours", "answered_by")
    seen = _circumstances(deadline, reading, rule, thresholds, at=at, segment=segment, due=due)
    command = LookAtQuestion(
        seen=seen, answered_by=rule.answered_by, team=_team(reading, opener), bot=opener.bot, gone=opener.gone
    )
    decide_and_care(deadline.stream, command, work, read)


def look_at_occasion(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """The time of something has come that may need a human: does it?"""
    community = _community(deadline, work)
    reading = _reading(community, read)
    member: MemberState = work.state(deadline.stream)
    occasion, kind = member.occasion(deadline.name), KINDS[deadline.name]
    assert occasion is not None  # noqa: S101 -- a deadline of that name is set for no other reason
    at = _looked_at(deadline, community)
    segment = reading.segments.of(member, at)
    rule = kind.rule(reading.rules_in(segment))
    heard = community.heard.get(member.member.platform, ()) if member.member is not None else ()
    due = (
        kind.due(member, occasion, rule, heard, at)
        if kind.due is not None
        else reading.due(occasion.evidence.time, rule.within_hours)
    )
    command = LookAtOccasion(
        name=deadline.name,
        seen=_circumstances(deadline, reading, rule, kind.thresholds, at=at, segment=segment, due=due),
        rule=rule,
        team=_team(reading, member),
        known_since=community.known_since or occasion.evidence.time,
        heard=heard,
    )
    decide_and_care(deadline.stream, command, work, read)


def look_at_import(deadline: DeadlineRow, work: Workspace, _read: Read) -> None:
    """An import was open for long: it must not hold back the community any more."""
    work.decide(deadline.stream, LapseImports(at=deadline.due))
    state: CommunityState = work.state(deadline.stream)
    if not state.importing:
        work.book.resume(state.community)


def _community(deadline: DeadlineRow, work: Workspace) -> CommunityState:
    state: CommunityState = work.state(community_stream(community_of(deadline.stream)))
    return state


def _reading(community: CommunityState, read: Read) -> PolicyReading:
    assert community.policy is not None  # noqa: S101 -- no deadline is set without one
    return read(community.policy, community.policy_version)


def _looked_at(deadline: DeadlineRow, community: CommunityState) -> datetime:
    # As of when it is looked at, not when it happens to fire: a replay must see the same.
    return max(deadline.eligible_at, community.imported_at or deadline.eligible_at)


def _team(reading: PolicyReading, member: MemberState) -> bool:
    who = member.member
    return who is not None and reading.is_team(who.platform, who.id, member.roles)


def _circumstances(
    deadline: DeadlineRow,
    reading: PolicyReading,
    rule: Any,
    thresholds: Sequence[str],
    *,
    at: datetime,
    segment: str,
    due: datetime | None,
) -> Circumstances:
    """Return what the policy says; ``thresholds`` are the fields of ``rule`` that something is held against."""
    return Circumstances(
        at=at,
        due=due,
        enabled=rule.enabled,
        about=deadline.stream,
        segment=segment,
        care_load=rule.care_load,
        policy_version=reading.version,
        forget_after=timedelta(days=rule.forget_after_days),
        thresholds={name: getattr(rule, name) for name in thresholds},
    )


DEADLINE_HANDLERS: Final[dict[str, Callable[[DeadlineRow, Workspace, Read], None]]] = {
    "welcome": look_at_welcome,
    UNANSWERED: look_at_question,
    IMPORT_LAPSE: look_at_import,
    **dict.fromkeys(KINDS, look_at_occasion),
}

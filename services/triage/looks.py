"""What each deadline looks at. The table at the end is the wiring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.community import IMPORT_LAPSE, CommunityState, LapseImports
from services.triage.contact import allowed_from
from services.triage.conversation_facts import LookAtQuestion
from services.triage.conversation_state import UNANSWERED, ConversationState, open_question
from services.triage.gathering import GATHERING
from services.triage.gathering_handlers import look_at_gathering
from services.triage.linked import declined_of, known_elsewhere
from services.triage.member_facts import Elsewhere, LookAtWelcome
from services.triage.member_state import MemberState
from services.triage.needs import Circumstances
from services.triage.newcomer_handlers import turned_to_by_peer
from services.triage.occasions import Occasion
from services.triage.person import together
from services.triage.policy_reading import PolicyReading
from services.triage.promises import PROMISED
from services.triage.reasons.judgement import LookAtOccasion
from services.triage.reasons.kinds import KINDS
from services.triage.reasons.low_survey import is_contradicted
from services.triage.reasons.promised import LookAtPromises
from services.triage.reasons.ritual import RITUAL
from services.triage.reasons.welcome import GREETED_BY
from services.triage.rhythm import Days
from services.triage.ritual_handlers import look_at_list
from services.triage.stream_ids import community_of, community_stream, conversation_stream, member_stream, tone_stream
from services.triage.to_care import Read, decide_and_care
from shared.contracts.needs_touch import MemberRef, Scalar
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
    due = allowed_from(reading.due(member.first.time, rule.within_hours), declined_of(work, deadline.stream, at))
    seen = _circumstances(deadline, reading, rule, ("within_hours", GREETED_BY), at=at, segment=segment, due=due)
    command = LookAtWelcome(
        seen=seen,
        team=_team(reading, member),
        known_since=community.known_since or member.first.time,
        settling_in=timedelta(days=rule.settling_in_days),
        elsewhere=known_elsewhere(work, deadline.stream),
        by_peer=rule.greeted_by == "anyone" and turned_to_by_peer(member, community.community, work),
    )
    decide_and_care(deadline.stream, command, work, read)


def look_at_question(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """A question's time has come: is there an answer?"""
    community = _community(deadline, work)
    reading = _reading(community, read)
    conversation: ConversationState = work.state(deadline.stream)
    question = open_question(conversation) or conversation.opening
    assert question is not None  # noqa: S101 -- a conversation with a deadline was opened
    opener: MemberState = work.state(member_stream(community.community, question.member.key))
    at = _looked_at(deadline, community)
    segment = reading.segments.of(opener, at)
    rule = reading.rules_in(segment).unanswered
    declined = declined_of(work, member_stream(community.community, question.member.key), at)
    due, thresholds = reading.due(question.evidence.time, rule.within_hours), ("within_hours", "answered_by")
    due = allowed_from(due, declined)
    seen = _circumstances(deadline, reading, rule, thresholds, at=at, segment=segment, due=due)
    command = LookAtQuestion(
        seen=seen,
        answered_by=rule.answered_by,
        team=_team(reading, opener),
        bot=opener.bot,
        gone=opener.gone_since(question.evidence.time),
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
    elsewhere = known_elsewhere(work, deadline.stream)
    heard = _heard(community, member, elsewhere)
    due = (
        kind.due(together(member, elsewhere), occasion, rule, heard, at)
        if kind.due is not None
        else reading.due(occasion.evidence.time, rule.within_hours)
    )
    due = allowed_from(due, declined_of(work, deadline.stream, at))
    command = LookAtOccasion(
        name=deadline.name,
        seen=_circumstances(deadline, reading, rule, kind.thresholds, at=at, segment=segment, due=due),
        rule=rule,
        team=_team(reading, member),
        known_since=community.known_since or occasion.evidence.time,
        heard=heard,
        opener=_opener(occasion, member, community, work),
        elsewhere=elsewhere,
        unread=is_contradicted(occasion.values) and _opted_out(member, community, work),
    )
    decide_and_care(deadline.stream, command, work, read)


def _opted_out(member: MemberState, community: CommunityState, work: Workspace) -> bool:
    who = member.member
    return who is not None and bool(work.state(tone_stream(community.community, who.key)).opted_out)


def _opener(occasion: Occasion, member: MemberState, community: CommunityState, work: Workspace) -> MemberRef | None:
    conversation = occasion.values.get("conversation")
    if conversation is None or member.member is None:
        return None
    stream = conversation_stream(community.community, member.member.platform, str(conversation))
    opening = work.state(stream).opening
    return opening.member if opening is not None else None


def look_at_ritual(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """The time of a community's weekly list has come: is anybody on it?"""
    community = _community(deadline, work)
    look_at_list(deadline.stream, _reading(community, read), _looked_at(deadline, community), work, read)


def look_at_plan(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """The time of a gathering has come, before it begins or after it is over."""
    community = _community(deadline, work)
    look_at_gathering(deadline.stream, _reading(community, read), _looked_at(deadline, community), work, read)


def look_at_promises(deadline: DeadlineRow, work: Workspace, read: Read) -> None:
    """The day has come on which somebody said they would come back to a member."""
    community = _community(deadline, work)
    reading = _reading(community, read)
    member: MemberState = work.state(deadline.stream)
    at = _looked_at(deadline, community)
    seen = Circumstances(
        at=at,
        due=reading.due(at, 0),
        enabled=True,
        about=deadline.stream,
        segment=reading.segments.of(member, at),
        care_load=reading.policy.rules.follow_up.care_load,
        policy_version=reading.version,
        forget_after=timedelta(0),
        thresholds={},
    )
    command = LookAtPromises(
        seen=seen,
        team=_team(reading, member),
        declined=declined_of(work, deadline.stream, at),
        elsewhere=known_elsewhere(work, deadline.stream),
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


def _heard(community: CommunityState, member: MemberState, others: Elsewhere | None) -> Days:
    """Return the days on which anybody was heard of on the platform on which the person was there last."""
    platform = member.member.platform if member.member is not None else ""
    if others is not None and others.last_active is together(member, others).last_active is not None:
        platform = others.platform
    return community.heard.get(platform, ())


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
        thresholds={name: _threshold(getattr(rule, name)) for name in thresholds},
    )


def _threshold(value: Scalar | tuple[str, ...]) -> Scalar:
    return value if not isinstance(value, tuple) else ", ".join(value) or "any"


DEADLINE_HANDLERS: Final[dict[str, Callable[[DeadlineRow, Workspace, Read], None]]] = {
    "welcome": look_at_welcome,
    UNANSWERED: look_at_question,
    IMPORT_LAPSE: look_at_import,
    RITUAL: look_at_ritual,
    GATHERING: look_at_plan,
    PROMISED: look_at_promises,
    **dict.fromkeys(KINDS, look_at_occasion),
}

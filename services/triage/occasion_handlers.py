"""What an event gives cause to look at, as the policy has it: handlers beside those of ``handlers``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.triage.care import CARE
from services.triage.care_state import settled_for
from services.triage.community import CommunityState, NoteDay, is_day_news
from services.triage.conversation_facts import AnswerAccepted, ConversationOpened, ConversationSolved
from services.triage.conversation_state import ConversationState
from services.triage.member_facts import BeElsewhere, NoteActivity, NoteOccasion
from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons import check_in, fading, follow_up, milestone, returning
from services.triage.rhythm import Days, day_of, is_news, with_day
from services.triage.situation import Situation
from shared.contracts.needs_touch import Evidence, MemberRef, Scalar
from shared.contracts.warmline_facts import PLATFORM
from shared.decider import category_of


def note_activity(now: Situation) -> None:
    """Who does something is there that day: what their days tell may be another now."""
    state: MemberState = now.work.state(now.stream)
    day = day_of(now.event.time)
    if is_day_news(now.work.state(now.community), now.event.platform, day) and not now.bot:
        now.work.decide(now.community, NoteDay(platform=now.event.platform, day=day))
    if not is_news(state.active_days, day) or now.bot or now.team:
        return
    days, rules = with_day(state.active_days, day), now.reading.arming
    often = rules.check_in.enabled and len(days) >= rules.check_in.min_active_days
    command = NoteActivity(
        evidence=now.evidence,
        missed_at=fading.armed(days, rules.fading, _heard(now)) if rules.fading.enabled else None,
        check_in_due=check_in.due(state, rules.check_in) if often else None,
    )
    now.decide(now.stream, command)
    for other in now.others(now.member):
        now.decide(now.of(other), BeElsewhere(evidence=now.evidence))
    note_days(now)


def _heard(now: Situation) -> Days:
    community: CommunityState = now.work.state(now.community)
    return community.heard.get(now.event.platform, ())


def note_days(now: Situation) -> None:
    """The days on which a member was there, and since when they are, may be something to take up with them."""
    state: MemberState = now.work.state(now.stream)
    last, rules = state.last_active, now.reading.arming
    if last is None:
        return
    if rules.returning.enabled and returning.is_news(state, rules.returning):
        note(now, "returning", rules.returning, evidence=last)
    rule = rules.milestone
    if rule.enabled and rule.anniversary and milestone.is_new_year(state, rule):
        note(now, "anniversary", rule, evidence=last)


def note_first_post(now: Situation) -> None:
    """The earliest post that is known may be a member's first: whether it is, is told when it is looked at."""
    rule = now.reading.arming.milestone
    if rule.enabled and rule.first_post:
        note(now, "first-post", rule)


def note_first_gathering(now: Situation) -> None:
    """The earliest gathering that is known of a member is their first."""
    rule = now.reading.arming.milestone
    if rule.enabled and rule.first_gathering:
        note(now, "first-gathering", rule)


def note_moderation(now: Situation) -> None:
    """Who was moderated is owed an explanation by a person."""
    rule = now.reading.arming.moderated
    if rule.enabled and (not rule.actions or now.data.action in rule.actions):
        note(now, "moderated", rule, action=now.data.action)


def note_farewell(now: Situation) -> None:
    """Who goes after they came often is missed."""
    rule = now.reading.arming.farewell
    if rule.enabled:
        note(now, "farewell", rule, went=type(now.data).__name__.lower())


def note_accepted(now: Situation, events: Sequence[Any]) -> None:
    """Whose answer was accepted, as one of ``events`` tells, has helped somebody."""
    rule = now.reading.arming.milestone
    if not rule.enabled or not rule.accepted_answer:
        return
    for event in events:
        if isinstance(event, AnswerAccepted):
            due = now.reading.due(event.evidence.time, rule.within_hours)
            if due is not None:
                occasion = Occasion(evidence=event.evidence, due=due)
                _arise(now, event.by, "accepted-answer", occasion)


def note_contribution(now: Situation) -> None:
    """Whose work was taken over has contributed something; the earliest such that is known is their first."""
    rule, contributor = now.reading.arming.milestone, now.data.contributor
    if contributor is None or not rule.enabled or not rule.contribution:
        return
    due = now.reading.due(now.event.time, rule.within_hours)
    if due is not None:
        _arise(now, now.ref(contributor), "first-contribution", Occasion(evidence=now.evidence, due=due))


def note_solution(now: Situation, events: Sequence[Any]) -> None:
    """Some days after a problem was solved, as one of ``events`` tells, somebody asks whether it stayed so."""
    rule = now.reading.arming.follow_up
    if not (events and rule.enabled and rule.after_solved):
        return
    state: ConversationState = now.work.state(now.conversation)
    news = any(isinstance(event, ConversationOpened | ConversationSolved) for event in events)
    if not news or state.solution is None or state.opening is None:
        return
    due = follow_up.due(state.solution.time, rule)
    occasion = Occasion(evidence=state.solution, due=due, values={"conversation": state.conversation})
    _arise(now, state.opening.member, "solved", occasion)


def note_role(now: Situation, before: tuple[str, ...]) -> None:
    """A role of those that the policy names is something to be glad of; ``before`` are those that were held."""
    rule = now.reading.arming.milestone
    if not rule.enabled or not rule.roles:
        return
    held = now.work.state(now.stream).roles
    gained = next((role for role in rule.roles if role in held and role not in before), None)
    if gained is not None:
        note(now, "role-gained", rule, role=gained)


def note_settled(now: Situation) -> None:
    """Some days after a touch was settled for certain reasons, somebody asks how it went on."""
    rule, settled = now.reading.arming.follow_up, now.data
    if not rule.enabled or settled.outcome not in follow_up.OUTCOMES or category_of(settled.about) != CARE.category:
        return
    reasons = settled_for(now.work.state(settled.about), settled.touch, settled.need_revision)
    after = next((one for one in reasons if one.reason in rule.after and one.member.platform != PLATFORM), None)
    if after is not None:
        due = follow_up.due(now.event.time, rule)
        occasion = Occasion(evidence=now.evidence, due=due, values={"after": after.reason})
        _arise(now, after.member, "follow-up", occasion)


def note(now: Situation, name: str, rule: Any, evidence: Evidence | None = None, **values: Scalar) -> None:
    """Note that something is to be looked at after the rule's working hours, unless nobody ever works."""
    if now.bot or now.team:
        return
    of = evidence or now.evidence
    due = now.reading.due(of.time, rule.within_hours)
    if due is not None:
        _arise(now, now.member, name, Occasion(evidence=of, due=due, values=values))


def _arise(now: Situation, member: MemberRef, name: str, occasion: Occasion) -> None:
    now.decide(now.of(member), NoteOccasion(name=name, member=member, occasion=occasion))

"""What is told of gatherings, and what happens when the time of one has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.triage.gathering import (
    GatheringState,
    LookAtGathering,
    NoteGuest,
    NotePlan,
    NoteRegistration,
)
from services.triage.guest import NoteCame
from services.triage.linked import declined_of, may_be_listed, others_of
from services.triage.needs import Circumstances
from services.triage.policy_reading import PolicyReading
from services.triage.reasons.gathering import FIRST, REMINDER, Guests, Plan, Registration
from services.triage.reasons.ritual import NO_LONGER_NEWS, Entry
from services.triage.ritual_handlers import THE_COMMUNITY
from services.triage.situation import Situation
from services.triage.stream_ids import (
    community_of,
    community_stream,
    gathering_stream,
    guest_stream,
    identity,
    member_stream,
)
from services.triage.to_care import Read, decide_and_care
from shared.contracts.names import digest
from shared.contracts.warmline_facts import PLATFORM
from shared.segments import EVERYONE
from shared.workspace import Workspace


def note_plan(now: Situation) -> None:
    """What is planned is looked at some working hours before it begins."""
    data, begins = now.data, now.data.starts_at
    plan = Plan(
        evidence=now.evidence,
        host=None if data.member.bot else now.member,
        starts_at=begins,
        ends_at=data.ends_at,
        called_off=data.called_off,
        words=digest(data.title or "", data.where or "", data.url or ""),
    )
    reminder = now.reading.reminder_of(begins, now.stored) if begins > now.stored else None
    now.decide(_stream(now), NotePlan(plan=plan, due=reminder or begins))


def note_registration(now: Situation) -> None:
    """Who says that they come is on the list before the gathering."""
    said = Registration(member=now.member, evidence=now.evidence, coming=not now.data.declined)
    now.decide(_stream(now), NoteRegistration(registration=said))


def note_guest(now: Situation) -> None:
    """Who was at a gathering is on the list after it, if it was their first."""
    if now.bot:
        return
    now.work.decide(guest_stream(now.event.community, now.member.key), NoteCame(at=now.event.time))
    if now.stored - now.event.time <= NO_LONGER_NEWS:
        now.decide(_stream(now), NoteGuest(entry=Entry(member=now.member, evidence=now.evidence)))


def _stream(now: Situation) -> str:
    return gathering_stream(now.event.community, now.event.platform, now.data.gathering)


def look_at_gathering(stream: str, reading: PolicyReading, at: datetime, work: Workspace, read: Read) -> None:
    """The time of a gathering has come: is somebody to be handed its list?"""
    state: GatheringState = work.state(stream)
    community, rule = community_of(stream), reading.policy.rules.ritual
    begins = state.begins or at
    if at < begins:
        name, due, hours = REMINDER, reading.reminder_of(begins, at), {"hours_before": rule.hours_before}
        there = {one.member.key: begins for one in state.registered if one.coming}
    else:
        over = state.plan.over_at if state.plan is not None else begins
        name, due, hours = FIRST, reading.due(over, rule.hours_after), {"hours_after": rule.hours_after}
        there = {one.member.key: min(begins, one.evidence.time) for one in state.came}
    known_since: datetime | None = work.state(community_stream(community)).known_since
    settled = (known_since or at) + timedelta(days=reading.policy.rules.milestone.settling_in_days)
    guests = _guests(there, at, community, work)
    host = state.plan.host if state.plan is not None else None
    command = LookAtGathering(
        seen=Circumstances(
            at=at,
            due=due,
            enabled=rule.enabled,
            about=stream,
            segment=EVERYONE,
            care_load=rule.care_load,
            policy_version=reading.version,
            forget_after=NO_LONGER_NEWS,
            thresholds={**hours, "at_most": rule.at_most},
        ),
        community=identity(community, PLATFORM, THE_COMMUNITY)[0],
        wanted=rule.enabled and name in rule.lists and not (name == FIRST and _told_each(reading)),
        guests=guests if begins >= settled else Guests(fit=guests.fit, first=frozenset()),
        at_most=rule.at_most,
        host_declined=host is not None and declined_of(work, member_stream(community, host.key), at) is not None,
    )
    decide_and_care(stream, command, work, read)


def _told_each(reading: PolicyReading) -> bool:
    """Tell whether first gatherings are milestones: then each is a touch, and no list names it once more."""
    rule = reading.policy.rules.milestone
    return rule.enabled and rule.first_gathering


def _guests(there: Mapping[str, datetime], at: datetime, community: str, work: Workspace) -> Guests:
    """Return who of ``there``, by key, may be listed, and who was at none before the time that stands beside."""
    streams = {key: member_stream(community, key) for key in there}
    work.states(list(streams.values()))
    fit = [key for key, stream in streams.items() if may_be_listed(work, stream, at)]
    people = {key: (key, *(one.key for one in others_of(work, streams[key]))) for key in fit}
    work.states([guest_stream(community, key) for person in people.values() for key in person])
    known = {key: [work.state(guest_stream(community, one)).first for one in person] for key, person in people.items()}
    first = [key for key in fit if all(time is None or time >= there[key] for time in known[key])]
    return Guests(fit=frozenset(fit), first=frozenset(first))

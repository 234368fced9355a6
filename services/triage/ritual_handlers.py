"""Who comes onto a community's weekly lists, and what happens when their time has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.conversation_facts import AnswerAccepted
from services.triage.linked import may_be_listed
from services.triage.needs import Circumstances
from services.triage.policy_reading import PolicyReading
from services.triage.reasons.ritual import NO_LONGER_NEWS, OF_ONE, Entry
from services.triage.ritual import ArrangeRitual, LookAtRitual, NoteEntry, RitualState
from services.triage.situation import Situation
from services.triage.stream_ids import community_of, identity, member_stream, ritual_stream
from services.triage.to_care import Read, decide_and_care
from shared.contracts.needs_touch import Evidence, MemberRef
from shared.contracts.policy_rules import WeeklyList
from shared.contracts.warmline_facts import PLATFORM
from shared.segments import EVERYONE
from shared.workspace import Workspace

THE_COMMUNITY: Final = "community"
"""The id that stands in place of a member's in a touch about a whole community."""


def note_arrival(now: Situation) -> None:
    """Who joins is to be welcomed in the week's thread."""
    _note(now, "welcome-thread", now.member, now.evidence)


def note_help(now: Situation, events: Sequence[Any]) -> None:
    """Whose answer was accepted, as one of ``events`` tells, has helped somebody."""
    for event in events:
        if isinstance(event, AnswerAccepted):
            voices = now.work.state(now.conversation).voices
            answer = next((one.first for one in voices.peers if one.member == event.by), event.evidence)
            _note(now, "spotlight", event.by, answer)


def note_thanked(now: Situation, member: MemberRef) -> None:
    """Whoever is thanked by name has helped somebody."""
    _note(now, "spotlight", member, now.evidence)


def _note(now: Situation, name: WeeklyList, member: MemberRef, evidence: Evidence) -> None:
    rule = now.reading.policy.rules.ritual
    if not rule.enabled or name not in rule.lists or now.stored - evidence.time > NO_LONGER_NEWS:
        return
    entry = NoteEntry(entry=Entry(member=member, evidence=evidence), of_one=OF_ONE[name])
    now.work.decide(ritual_stream(now.event.community, name), entry)


def arrange_rituals(now: Situation) -> None:
    """By a new policy the lists are asked for at other times, or not any more."""
    rule, due = now.reading.policy.rules.ritual, now.reading.next_ritual(now.stored)
    for name in OF_ONE:
        command = ArrangeRitual(due=due if name in rule.lists else None)
        now.work.decide(ritual_stream(now.event.community, name), command)


def look_at_list(stream: str, reading: PolicyReading, at: datetime, work: Workspace, read: Read) -> None:
    """The time of a list has come: is anybody on it?"""
    community = community_of(stream)
    name = next(one for one in OF_ONE if ritual_stream(community, one) == stream)
    state: RitualState = work.state(stream)
    rule = reading.policy.rules.ritual
    open_at = reading.due(at, 0)
    if open_at is not None and open_at > at:
        work.decide(stream, ArrangeRitual(due=open_at))
        return
    streams = {one.member.key: member_stream(community, one.member.key) for one in (*state.entries, *state.listed)}
    work.states(list(streams.values()))
    seen = Circumstances(
        at=at,
        due=reading.next_ritual(at),
        enabled=rule.enabled,
        about=stream,
        segment=EVERYONE,
        care_load=rule.care_load,
        policy_version=reading.version,
        forget_after=timedelta(0),
        thresholds={"day": rule.day, "at": rule.at, "at_most": rule.at_most},
    )
    command = LookAtRitual(
        name=name,
        seen=seen,
        community=identity(community, PLATFORM, THE_COMMUNITY)[0],
        fit=frozenset(key for key, each in streams.items() if may_be_listed(work, each, at)),
        at_most=rule.at_most,
    )
    decide_and_care(stream, command, work, read)

"""What the team tells of a member, each one acting as themselves: handlers beside those of ``handlers``."""

from __future__ import annotations

from datetime import timedelta

from services.triage.contact import NoteAllowed, NoteDeclined
from services.triage.member_facts import AskByHand
from services.triage.needs import Circumstances
from services.triage.needs_elsewhere import end_unwanted, turn_to
from services.triage.promises import NotePromise
from services.triage.reasons import by_hand
from services.triage.situation import Situation
from services.triage.stream_ids import identity
from services.triage.tags import NoteTag
from shared.contracts.warmline_facts import (
    PLATFORM,
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    TagGiven,
    TagTaken,
    TouchAsked,
)


def ask_for_touch(now: Situation) -> None:
    """Whoever knows of a need that no rule sees says so."""
    asked: TouchAsked = now.data
    member, stream = identity(asked.community, asked.member.platform, asked.member.id)
    seen = Circumstances(
        at=now.stored,
        due=None,
        enabled=True,
        about=stream,
        segment=now.reading.segments.of(now.work.state(stream), now.stored),
        care_load=by_hand.CARE_LOAD,
        policy_version=now.reading.version,
        forget_after=timedelta(0),
        thresholds={},
    )
    command = AskByHand(
        seen=seen, member=member, evidence=now.evidence, urgency=asked.urgency, conversation=asked.conversation
    )
    now.decide(stream, command)


def note_care(now: Situation) -> None:
    """A call is as good as a word on a platform: it meets what that would meet, and counts to whoever gave it."""
    logged: CareLogged = now.data
    member, _ = identity(logged.community, logged.member.platform, logged.member.id)
    giver, _ = identity(logged.community, PLATFORM, logged.responder)
    turn_to(now, member, giver, now.evidence)


def decline_contact(now: Situation) -> None:
    """Who asked not to be contacted is left alone: what stands is withdrawn, but for what a person must decide."""
    told: ContactDeclined = now.data
    member, stream = identity(told.community, told.member.platform, told.member.id)
    for event in now.decide(stream, NoteDeclined(until=told.until, at=now.event.time)):
        end_unwanted(now, member, event)


def note_promise(now: Situation) -> None:
    """Who said that they come back to a member is reminded when the team is there on that day."""
    told: FollowUpPromised = now.data
    member, stream = identity(told.community, told.member.platform, told.member.id)
    due = now.reading.beginning_of(told.day)
    now.decide(stream, NotePromise(member=member, by=told.responder, due=due, evidence=now.evidence))


def note_tag(now: Situation) -> None:
    """What the team calls a member counts in segments, as what platforms do."""
    told: TagGiven | TagTaken = now.data
    _, stream = identity(told.community, told.member.platform, told.member.id)
    now.decide(stream, NoteTag(tag=told.tag, given=isinstance(told, TagGiven)))


def allow_contact(now: Situation) -> None:
    """Who may be contacted again is looked at as before."""
    told: ContactAllowed = now.data
    _, stream = identity(told.community, told.member.platform, told.member.id)
    now.decide(stream, NoteAllowed(at=now.event.time))

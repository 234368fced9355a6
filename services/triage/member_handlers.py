"""What each event shows of its member: that they are there, what they are, and that they leave or come back."""

from __future__ import annotations

from services.triage.community import NoteTime, is_earlier
from services.triage.member_facts import MemberSeen, NoteLeft, NoteMember, NoteReturn
from services.triage.needs_elsewhere import end_as_described, end_with_departure
from services.triage.occasion_handlers import note_days, note_role
from services.triage.reasons import welcome
from services.triage.situation import Situation
from shared.contracts.member_events import TOLD_OF, WRITTEN, Joined, Updated


def note_member(now: Situation) -> None:
    """Every event shows that its member is there, and what they are."""
    data, time, reading = now.data, now.event.time, now.reading
    if is_earlier(now.work.state(now.community), time):
        now.work.decide(now.community, NoteTime(at=time))
    rule, known = reading.arming.welcome, now.work.state(now.stream)
    joined, roles = isinstance(data, Joined), now.roles
    message = data.message if isinstance(data, WRITTEN) else None
    there = not isinstance(data, TOLD_OF)
    if (
        not (joined or (there and welcome.says_more(known, message)))
        and roles is None
        and known.is_known_as(time, bot=data.member.bot, team=now.team)
    ):
        return
    begins = rule.enabled and welcome.may_begin(known, time, joined=joined)
    events = now.decide(
        now.stream,
        NoteMember(
            member=now.member,
            evidence=now.evidence,
            joined=joined,
            roles=roles,
            tags=data.tags if isinstance(data, Updated) else None,
            bot=data.member.bot,
            team=now.team,
            welcome_due=reading.due(time, rule.within_hours) if begins else None,
            message=message,
            there=there,
        ),
    )
    end_as_described(now, known)
    if events and known.active_days and any(isinstance(event, MemberSeen) for event in events):
        note_days(now)
    if roles is not None and known.described_at is not None:
        note_role(now, known.roles)


def note_left(now: Situation) -> None:
    """Who left needs nobody, but for a farewell."""
    if now.decide(now.stream, NoteLeft(evidence=now.evidence)):
        end_with_departure(now)


def note_return(now: Situation) -> None:
    """Who joined or renewed is there, whatever they left before."""
    now.decide(now.stream, NoteReturn(evidence=now.evidence))

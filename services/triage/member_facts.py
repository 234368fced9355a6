"""What can happen to one identity of a member, and what its decider can be asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from services.triage.needs import Circumstances
from services.triage.occasions import Occasion
from services.triage.rhythm import Days
from shared.contracts.names import Urgency
from shared.contracts.needs_touch import Evidence, MemberRef


class SurveyAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """The newest answer to a survey, 0 to 10."""

    survey: str
    score: int
    evidence: Evidence


# What happened


class MemberSeen(Struct, frozen=True, kw_only=True, gc=False):
    """The member is there since ``evidence.time``, as far as is known; ``joined`` when the platform said so.

    ``message`` is what they wrote then, if they did; ``there`` is False where something was done to them, or told of
    them.
    """

    member: MemberRef
    evidence: Evidence
    joined: bool
    welcome_due: datetime | None
    message: str | None = None
    there: bool = True


class MemberNamed(Struct, frozen=True, kw_only=True, gc=False):
    """Something is to be looked at of a member of whom no platform has told: whoever told of it says who they are."""

    member: MemberRef


class MemberDescribed(Struct, frozen=True, kw_only=True, gc=False):
    """What the platform says about the member, its roles as of ``at``; ``team`` by the policy's mapping at that time.

    Who was a bot once stays one.
    """

    roles: tuple[str, ...]
    bot: bool
    team: bool
    at: datetime | None


class MemberTagged(Struct, frozen=True, kw_only=True, gc=False):
    """The member's tags, as of ``at``."""

    tags: tuple[str, ...]
    at: datetime


class MemberGreeted(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team answered or mentioned the member."""

    by: MemberRef
    evidence: Evidence


class MemberTurnedTo(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team answered or mentioned the member, later than was known."""

    by: MemberRef
    evidence: Evidence


class MemberAddressed(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who is not of the team mentioned the member: the first mention that arrived."""

    by: MemberRef
    evidence: Evidence


class NewcomerSpoke(Struct, frozen=True, kw_only=True, gc=False):
    """The member, for whom a welcome was awaited, wrote in a conversation that was not known of, first ``at``."""

    conversation: str
    at: datetime


class MemberActive(Struct, frozen=True, kw_only=True, gc=False):
    """The member was there on a day that was not known: ``evidence`` is the first of it that arrived.

    By all days that are known then, the member is missed at ``missed_at``, and somebody turns to them at
    ``check_in_due``.
    """

    evidence: Evidence
    missed_at: datetime | None
    check_in_due: datetime | None


class MemberSurveyed(Struct, frozen=True, kw_only=True, gc=False):
    """The member answered a survey, later than was known."""

    answer: SurveyAnswer


class MemberLeft(Struct, frozen=True, kw_only=True, gc=False):
    """The member left the community."""

    evidence: Evidence


class MemberReturned(Struct, frozen=True, kw_only=True, gc=False):
    """The member joined or renewed, later than is known of any such: whatever they left before, they are back."""

    evidence: Evidence


class IdentityLinked(Struct, frozen=True, kw_only=True, gc=False):
    """The member is the same person as ``other``, as somebody said or a rule found."""

    other: MemberRef
    evidence: Evidence


class IdentityUnlinked(Struct, frozen=True, kw_only=True, gc=False):
    """The member is not the same person as ``other``, as had been said."""

    other: MemberRef
    evidence: Evidence


class WelcomePassed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came and no welcome is needed; ``why`` says what stood against it."""

    why: str
    at: datetime


class WelcomePostponed(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline came, and by the policy that holds now it is later."""

    due: datetime


# What is asked


class NoteMember(Struct, frozen=True, kw_only=True, gc=False):
    """The member did something; ``roles`` and ``tags`` are None when the event says nothing of them.

    ``message`` is what they wrote, if they did; ``there`` is False where something was done to them, or they left.
    """

    member: MemberRef
    evidence: Evidence
    joined: bool
    roles: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    bot: bool
    team: bool
    welcome_due: datetime | None
    message: str | None = None
    there: bool = True


class Elsewhere(Struct, frozen=True, kw_only=True, gc=False):
    """What the other identities of the same person tell together: the earliest, all days, and the latest of each.

    ``platform`` is where they were there last, ``needs`` are the reasons for which somebody is asked to turn to them.
    """

    first: Evidence | None
    active_days: Days
    last_active: Evidence | None
    platform: str
    contact: Evidence | None
    needs: tuple[str, ...] = ()


class NoteLink(Struct, frozen=True, kw_only=True, gc=False):
    """The member and ``other`` are one person, or (not ``linked``) are not."""

    other: MemberRef
    linked: bool
    evidence: Evidence


class MeetElsewhere(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team turned to the same person under another identity."""

    by: MemberRef
    evidence: Evidence


class BeElsewhere(Struct, frozen=True, kw_only=True, gc=False):
    """The same person did something under another identity."""

    evidence: Evidence


class GreetMember(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team turned to the member."""

    by: MemberRef
    evidence: Evidence


class TurnAsPeer(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who is not of the team answered the member, or (``mentioned``) named them."""

    by: MemberRef
    evidence: Evidence
    mentioned: bool


class NoteNewcomersWord(Struct, frozen=True, kw_only=True, gc=False):
    """The member wrote in a conversation; it matters while a welcome is awaited."""

    conversation: str
    at: datetime


class AskByHand(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team asks that a human turns to the member."""

    seen: Circumstances
    member: MemberRef
    evidence: Evidence
    urgency: Urgency
    conversation: str | None


class NoteActivity(Struct, frozen=True, kw_only=True, gc=False):
    """The member was there on a day that was not known; ``missed_at`` and ``check_in_due`` are with that day."""

    evidence: Evidence
    missed_at: datetime | None
    check_in_due: datetime | None


class NoteSurvey(Struct, frozen=True, kw_only=True, gc=False):
    """The member answered a survey; ``low`` by the policy."""

    answer: SurveyAnswer
    low: bool


class NoteOccasion(Struct, frozen=True, kw_only=True, gc=False):
    """Something happened to ``member`` that may need a human."""

    name: str
    member: MemberRef
    occasion: Occasion


class NoteLeft(Struct, frozen=True, kw_only=True, gc=False):
    """The member left or cancelled."""

    evidence: Evidence


class NoteReturn(Struct, frozen=True, kw_only=True, gc=False):
    """The member joined or renewed, perhaps not for the first time."""

    evidence: Evidence


class LookAtWelcome(Struct, frozen=True, kw_only=True, gc=False):
    """The welcome's deadline fired. ``known_since`` is the time of the community's first known event.

    ``team`` is by the policy that holds now, ``elsewhere`` of somebody who is linked. ``by_peer`` tells whether a peer
    turned to the member, where the policy lets that count.
    """

    seen: Circumstances
    team: bool
    known_since: datetime
    settling_in: timedelta
    elsewhere: Elsewhere | None = None
    by_peer: bool = False

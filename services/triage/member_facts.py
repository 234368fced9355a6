"""What can happen to one identity of a member, and what its decider can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.triage.needs import Circumstances
from shared.contracts.needs_touch import Evidence, MemberRef

# What happened


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """The member is there since ``evidence.time``, as far as is known; ``joined`` when the platform said so."""

    member: MemberRef
    evidence: Evidence
    joined: bool
    welcome_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDescribed:
    """What the platform says about the member, its roles as of ``at``; ``team`` by the policy's mapping at that time.

    Who was a bot once stays one.
    """

    roles: tuple[str, ...]
    bot: bool
    team: bool
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTagged:
    """The member's tags, as of ``at``."""

    tags: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGreeted:
    """Somebody of the team answered or mentioned the member."""

    by: MemberRef
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft:
    """The member left the community."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomePassed:
    """The deadline came and no welcome is needed; ``why`` says what stood against it."""

    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomePostponed:
    """The deadline came, and by the policy that holds now it is later."""

    due: datetime


# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMember:
    """The member did something; ``roles`` and ``tags`` are None when the event says nothing of them."""

    member: MemberRef
    evidence: Evidence
    joined: bool
    roles: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    bot: bool
    team: bool
    welcome_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetMember:
    """Somebody of the team turned to the member."""

    by: MemberRef
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLeft:
    """The member left or cancelled."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtWelcome:
    """The welcome's deadline fired. ``known_since`` is the time of the community's first known event.

    ``team`` is by the policy that holds now.
    """

    seen: Circumstances
    team: bool
    known_since: datetime
    settling_in: timedelta

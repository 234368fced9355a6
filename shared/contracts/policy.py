"""The care policy as the services hold it: plain values, validated by ``shared.policy`` before anybody sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts.names import Label, Name, Reason
from shared.contracts.policy_measures import Day, PositiveDays, PositiveHours, Weight
from shared.contracts.policy_rules import Rules

Interval = Annotated[
    str,
    Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        description="from-to on one day, such as 09:00-17:30",
    ),
]
Months = Annotated[int, Meta(ge=1, le=1200)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=300)]
Factor = Annotated[float, Meta(gt=0, le=100)]
Condition = Annotated[str, Meta(min_length=1, max_length=1_000)]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="a date such as 2026-12-24")]
LanguageCode = Annotated[
    str, Meta(pattern=r"^[a-z]{2}$", description="a language by its two letters (ISO 639), such as en or de")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Whose public holidays are free: a country's, in two letters as of ISO 3166, or those of a part of it."""

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="a country in two letters, such as DE")]
    subdivision: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When people work: intervals by day, in the wall time of an IANA time zone. A day not named is free.

    Public ``holidays`` and ``closed`` days are free, whatever day of the week they fall on.
    """

    timezone: str
    days: dict[Day, tuple[Interval, ...]]
    holidays: Holidays | None = None
    closed: tuple[Date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A member's identity on one platform."""

    platform: Name
    id: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who speaks for the team, beside the responders: by the platform's roles, or by name."""

    roles: tuple[Label, ...] = ()
    members: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A cohort. All conditions that are given must hold; a segment without conditions holds for everybody.

    ``when`` is one in the Common Expression Language. ``weight`` is how much more its members' needs count, and no
    condition.
    """

    name: Name
    roles: tuple[Label, ...] = ()
    tags: tuple[Label, ...] = ()
    platforms: tuple[Name, ...] = ()
    member_for_less_than_days: PositiveDays | None = None
    member_for_at_least_days: PositiveDays | None = None
    when: Condition | None = None
    weight: Factor = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Whether what members write is read for its tone: sensitive profiling, so off until a community turns it on.

    ``communities`` are those in which it is; empty means all. ``language`` is the one in which most is written: a text
    too short to tell is taken to be in it. What arrives more than ``read_within_days`` after it was written is not
    read. ``scores_kept_days`` after a touch ended, what was measured of tone is told no more.
    """

    enabled: bool = False
    communities: tuple[Name, ...] = ()
    language: LanguageCode | None = None
    read_within_days: PositiveDays = 2.0
    scores_kept_days: PositiveDays = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much each urgency counts: a need is as important as this times its segment's weight times its strength."""

    urgent: Factor = 8.0
    soon: Factor = 2.0
    routine: Factor = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be asked of one responder: care load and touches at one time, and touches in a day."""

    care_load: Weight = 20
    touches: Annotated[int, Meta(ge=1, le=1000)] = 10
    touches_per_day: Annotated[int, Meta(ge=1, le=1000)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Days off, first and last included."""

    first: Date
    last: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """A human who takes care of members, and what may be asked of them.

    ``segments`` and ``communities`` narrow what they serve; empty means all. ``email`` is used only with
    ``email_verified``: the responder has confirmed the address and agreed to be written to.
    """

    name: Name
    display_name: Label
    segments: tuple[Name, ...] = ()
    communities: tuple[Name, ...] = ()
    identities: tuple[Identity, ...] = ()
    hours: Hours | None = None
    limits: Limits | None = None
    leave: tuple[Leave, ...] = ()
    email: Email | None = None
    email_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentPatience:
    """How long an urgent touch may stay unclaimed. Every hour of the day counts: nothing urgent waits for a morning.

    ``acknowledge_within_hours`` is the time of whoever was given it, ``held_at_most_hours`` how long nobody may have
    it, or nobody else be there to take it, before it escalates, and ``remind_again_after_hours`` the time between two
    reminders once it has.
    """

    acknowledge_within_hours: PositiveHours = 0.5
    held_at_most_hours: PositiveHours = 0.5
    remind_again_after_hours: PositiveHours = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoonPatience:
    """How long a touch that is needed soon may stay unclaimed, in working hours: each as for urgent ones.

    The hours are the responder's where a responder is waited for, else the organisation's.
    """

    acknowledge_within_hours: PositiveHours = 2.0
    held_at_most_hours: PositiveHours = 4.0
    remind_again_after_hours: PositiveHours = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutinePatience:
    """How long any other touch may stay unclaimed, in working hours: as for one that is needed soon."""

    acknowledge_within_hours: PositiveHours = 8.0
    held_at_most_hours: PositiveHours = 16.0
    remind_again_after_hours: PositiveHours = 8.0


Patience = UrgentPatience | SoonPatience | RoutinePatience


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyContact:
    """Who is told when nobody claims a touch: one of the responders, within their hours, or a confirmed address.

    The address is used only with ``email_verified``: whoever reads it has confirmed it and agreed to be written to,
    of an urgent touch at any hour.
    """

    responder: Name | None = None
    email: Email | None = None
    email_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What happens while nobody claims a touch: a reminder, somebody else, at last the emergency contact.

    The reminder comes when ``remind_at_share`` of the time has passed; 1 means that none does. A touch is passed on
    ``pass_on_at_most`` times, to people who were not asked for it before.
    """

    urgent: UrgentPatience = field(default_factory=UrgentPatience)
    soon: SoonPatience = field(default_factory=SoonPatience)
    routine: RoutinePatience = field(default_factory=RoutinePatience)
    remind_at_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    pass_on_at_most: Annotated[int, Meta(ge=0, le=20)] = 3
    emergency_contact: EmergencyContact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Guidance for one reason: what to read, what to do, where to turn. Never a text to send."""

    read: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    turn_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrator:
    """A program that is told of the needs-touch events of one community, by signed webhooks to ``url``.

    Sensitive reasons reach it as ``check-in`` unless it has the scope ``sensitive``.
    """

    name: Name
    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2_000)]
    community: Name
    scopes: tuple[Literal["sensitive"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityRetention:
    """How many months of history are kept of one community."""

    community: Name
    history_months: Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many months of history are kept: None for ever. ``communities`` are those with a number of their own."""

    history_months: Months | None = None
    communities: tuple[CommunityRetention, ...] = ()

    def months_of(self, community: str) -> int | None:
        """Return how many months of the history of ``community`` are kept; None for ever."""
        own = (each.history_months for each in self.communities if each.community == community)
        return next(own, self.history_months)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """What tells that two identities may be one person: to be suggested to people, who decide.

    ``same_address``: what stands for their e-mail address is the same; with ``link`` that links them by itself.
    ``named_account``: the profile of one names the login of the other. ``same_handle``: groups of platforms on which
    an equal login name tells something.
    """

    same_address: Literal["suggest", "link", "ignore"] = "suggest"
    named_account: Literal["suggest", "ignore"] = "suggest"
    same_handle: tuple[Annotated[tuple[Name, ...], Meta(min_length=2, max_length=10)], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The care policy of one organisation."""

    organisation: Name
    communities: tuple[Name, ...] = ()
    other_communities: Literal["accept", "refuse"] = "refuse"
    hours: Hours
    responders: tuple[Responder, ...]
    team: Team = field(default_factory=Team)
    segments: tuple[Segment, ...] = ()
    rules: Rules = field(default_factory=Rules)
    importance: Importance = field(default_factory=Importance)
    tone: Tone = field(default_factory=Tone)
    limits: Limits = field(default_factory=Limits)
    escalation: Escalation = field(default_factory=Escalation)
    playbooks: dict[Reason, Playbook] = field(default_factory=dict)
    integrators: tuple[Integrator, ...] = ()
    retention: Retention = field(default_factory=Retention)
    linking: Linking = field(default_factory=Linking)

    @property
    def named_team(self) -> frozenset[Identity]:
        """Who is of the team by name: the responders' identities, and those that ``team`` names."""
        return frozenset((*self.team.members, *(one for responder in self.responders for one in responder.identities)))

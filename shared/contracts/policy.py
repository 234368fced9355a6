"""The care policy as the services hold it: plain values, validated by ``shared.policy`` before anybody sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts.member_events import Score
from shared.contracts.names import Label, Name, Reason

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Interval = Annotated[
    str,
    Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$",
        description="from-to on one day, such as 09:00-17:30",
    ),
]
PositiveHours = Annotated[float, Meta(gt=0, le=24 * 365)]
PositiveDays = Annotated[float, Meta(gt=0, le=3650)]
Months = Annotated[int, Meta(ge=1, le=1200)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=300)]
Weight = Annotated[int, Meta(ge=1, le=100)]
ActiveDays = Annotated[int, Meta(ge=1, le=30)]
"""On so many days a member was there: of each, triage keeps a few more."""
Factor = Annotated[float, Meta(gt=0, le=100)]
RestDays = Annotated[float, Meta(ge=0, le=3650)]
Condition = Annotated[str, Meta(min_length=1, max_length=1_000)]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="a date such as 2026-12-24")]
PerThousand = Annotated[float, Meta(gt=0, le=100)]
"""Of a thousand messages so many."""

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
class RuleOfSegment:
    """What a rule asks for the members of one segment, where that differs from what it asks for all."""

    segment: Name
    enabled: bool | None = None
    within_hours: PositiveHours | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysRuleOfSegment:
    """As ``RuleOfSegment``, of a rule that waits for days and not for working hours."""

    segment: Name
    enabled: bool | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInOfSegment:
    """As ``RuleOfSegment``, of the rule that has a cadence."""

    segment: Name
    enabled: bool | None = None
    every_days: PositiveDays | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeRule:
    """A newcomer whom nobody of the team greeted within ``within_hours`` working hours needs a welcome.

    Who is first seen by a post counts as a newcomer only once the community has been known for ``settling_in_days``:
    before that, everybody's first post would look like a newcomer's. Nothing is raised ``forget_after_days`` after the
    member was first seen.
    """

    enabled: bool = True
    within_hours: PositiveHours = 8.0
    settling_in_days: Annotated[float, Meta(ge=0, le=3650)] = 7.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 1
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredRule:
    """An opening post that asks something and has no answer after ``within_hours`` working hours needs one.

    ``answered_by`` says whose answer counts. Nothing is raised ``forget_after_days`` after the question.
    """

    enabled: bool = True
    within_hours: PositiveHours = 4.0
    answered_by: Literal["anyone", "team"] = "anyone"
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 2
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FadingRule:
    """A member who came often enough and then is silent for longer than their own rhythm tells.

    The silence is ``times_usual_gap`` as long as the gaps between their active days usually are, and at least
    ``at_least_days``; ``assumed_gap_days`` stands for the gaps of somebody of whom few are known. Nothing is raised
    ``forget_after_days`` after that.
    """

    enabled: bool = True
    min_active_days: ActiveDays = 6
    times_usual_gap: Annotated[float, Meta(ge=1, le=100)] = 3.0
    at_least_days: PositiveDays = 9.0
    assumed_gap_days: PositiveDays = 14.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 2
    by_segment: tuple[DaysRuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturningRule:
    """A member who is there again after a silence that was long for them, or after they were missed.

    The silence is measured as for ``FadingRule``. Nobody of the team has turned to them within ``within_hours``
    working hours, and nothing is raised ``forget_after_days`` after the return.
    """

    enabled: bool = True
    within_hours: PositiveHours = 8.0
    min_active_days: ActiveDays = 4
    times_usual_gap: Annotated[float, Meta(ge=1, le=100)] = 3.0
    at_least_days: PositiveDays = 60.0
    assumed_gap_days: PositiveDays = 14.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 1
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRule:
    """Something to be glad of: a first answer that was accepted, a year in the community, a role of ``roles`` gained.

    ``first_post`` is for members who joined ``settling_in_days`` or longer ago. Years count for who was there on
    ``min_active_days`` days. Nothing is raised ``forget_after_days`` after the event.
    """

    enabled: bool = True
    first_post: bool = False
    accepted_answer: bool = True
    anniversary: bool = True
    roles: tuple[Label, ...] = ()
    within_hours: PositiveHours = 8.0
    settling_in_days: Annotated[float, Meta(ge=0, le=3650)] = 7.0
    min_active_days: ActiveDays = 12
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 1
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LowSurveyRule:
    """A member whose newest answer to a survey is a score of ``at_most`` or less."""

    enabled: bool = True
    at_most: Score = 6
    within_hours: PositiveHours = 8.0
    forget_after_days: PositiveDays = 30.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 3
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratedRule:
    """A member who was there on ``min_active_days`` days and was moderated, with nobody who explained it since.

    ``actions`` narrows it to these actions, as the platform names them; empty means all.
    """

    enabled: bool = True
    actions: tuple[Label, ...] = ()
    min_active_days: ActiveDays = 2
    within_hours: PositiveHours = 4.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 7.0
    care_load: Weight = 3
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FarewellRule:
    """A member who was there on ``min_active_days`` days, and left or cancelled."""

    enabled: bool = True
    min_active_days: ActiveDays = 6
    within_hours: PositiveHours = 8.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 2
    by_segment: tuple[RuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInRule:
    """A member who is there, and to whom nobody of the team has turned for ``every_days`` days."""

    enabled: bool = False
    every_days: PositiveDays = 90.0
    min_active_days: ActiveDays = 12
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 1
    by_segment: tuple[CheckInOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRule:
    """A member of whom a touch for one of the reasons in ``after`` was settled ``after_days`` days ago."""

    enabled: bool = True
    after: tuple[Reason, ...] = ("distress", "heated", "low-survey", "moderated")
    after_days: PositiveDays = 7.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 1
    by_segment: tuple[DaysRuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DistressRule:
    """A member who writes of themselves as of one who is not well; only where tone is read.

    Of a thousand messages about ``alerts_per_thousand`` are shown, those with the strongest signs. Crisis wording is
    always shown, beside that, as urgent.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    cool_down_days: RestDays = 1.0
    care_load: Weight = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatedRule:
    """A conversation in which somebody is insulted; only where tone is read.

    Insults and the tempo of ``within_hours`` hours are taken together.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    within_hours: PositiveHours = 2.0
    cool_down_days: RestDays = 1.0
    care_load: Weight = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FrustrationRule:
    """A member at the end of their patience; only where tone is read.

    What they wrote in ``within_days`` days is taken together.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    within_days: PositiveDays = 7.0
    cool_down_days: RestDays = 7.0
    care_load: Weight = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksRule:
    """A thanks at some length that deserves a word; only where tone is read."""

    enabled: bool = True
    alerts_per_thousand: PerThousand = 0.5
    cool_down_days: RestDays = 30.0
    care_load: Weight = 1


ToneRule = DistressRule | HeatedRule | FrustrationRule | ThanksRule
"""The rules of what is read in a text; each has an alert budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What triage looks for.

    After a touch about a member was settled, none of its reasons is raised again for the reason's ``cool_down_days``,
    unless it is urgent.
    """

    welcome: WelcomeRule = field(default_factory=WelcomeRule)
    unanswered: UnansweredRule = field(default_factory=UnansweredRule)
    fading: FadingRule = field(default_factory=FadingRule)
    returning: ReturningRule = field(default_factory=ReturningRule)
    milestone: MilestoneRule = field(default_factory=MilestoneRule)
    low_survey: LowSurveyRule = field(default_factory=LowSurveyRule)
    moderated: ModeratedRule = field(default_factory=ModeratedRule)
    farewell: FarewellRule = field(default_factory=FarewellRule)
    check_in: CheckInRule = field(default_factory=CheckInRule)
    follow_up: FollowUpRule = field(default_factory=FollowUpRule)
    distress: DistressRule = field(default_factory=DistressRule)
    heated: HeatedRule = field(default_factory=HeatedRule)
    frustration: FrustrationRule = field(default_factory=FrustrationRule)
    thanks: ThanksRule = field(default_factory=ThanksRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Whether what members write is read for its tone: sensitive profiling, so off until a community turns it on.

    ``communities`` are those in which it is; empty means all. ``language`` is the one in which most is written: a text
    too short to tell is taken to be in it. What arrives more than ``read_within_days`` after it was written is not
    read.
    """

    enabled: bool = False
    communities: tuple[Name, ...] = ()
    language: LanguageCode | None = None
    read_within_days: PositiveDays = 2.0


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

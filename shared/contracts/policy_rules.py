"""The rules of the care policy: what triage looks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from shared.contracts.member_events import Score
from shared.contracts.names import Label, Reason
from shared.contracts.policy_measures import (
    ActiveDays,
    Clock,
    Day,
    PositiveDays,
    PositiveHours,
    RestDays,
    Times,
    Weight,
)
from shared.contracts.rules_of_segment import (
    CheckInOfSegment,
    DaysRuleOfSegment,
    FadingOfSegment,
    LowSurveyOfSegment,
    ReturningOfSegment,
    RuleOfSegment,
)
from shared.contracts.tone_rules import (
    DistressRule,
    FrustrationRule,
    HeatedRule,
    OutOfCharacterRule,
    PerThousand,
    ThanksRule,
)

WeeklyList = Literal["welcome-thread", "spotlight"]
"""Who joined, for a thread that welcomes them; and who helped others, for a word in public."""
GatheringList = Literal["gathering", "first-gathering"]
"""Before a gathering who comes, for whoever hosts it; and after it for whom it was the first."""
RitualList = Literal[WeeklyList, GatheringList]


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeRule:
    """A newcomer whom nobody of the team greeted within ``within_hours`` working hours needs a welcome.

    By ``greeted_by`` it may be enough that anyone answered in a conversation that they opened, or mentioned them.
    Who is first seen by a post counts as a newcomer only once the community has been known for ``settling_in_days``:
    before that, everybody's first post would look like a newcomer's. Nothing is raised ``forget_after_days`` after the
    member was first seen.
    """

    enabled: bool = True
    within_hours: PositiveHours = 8.0
    greeted_by: Literal["anyone", "team"] = "team"
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
    times_usual_gap: Times = 3.0
    at_least_days: PositiveDays = 9.0
    assumed_gap_days: PositiveDays = 14.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 2
    by_segment: tuple[FadingOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturningRule:
    """A member who is there again after a silence that was long for them, or after they were missed.

    The silence is measured as for ``FadingRule``. Nobody of the team has turned to them within ``within_hours``
    working hours, and nothing is raised ``forget_after_days`` after the return.
    """

    enabled: bool = True
    within_hours: PositiveHours = 8.0
    min_active_days: ActiveDays = 4
    times_usual_gap: Times = 3.0
    at_least_days: PositiveDays = 60.0
    assumed_gap_days: PositiveDays = 14.0
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 1
    by_segment: tuple[ReturningOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRule:
    """Something to be glad of: a first answer that was accepted, a year in the community, a role of ``roles`` gained.

    ``contribution`` is for the first work of theirs that was taken over, such as a pull request that was merged.
    ``first_post`` is for members who joined ``settling_in_days`` or longer ago, ``first_gathering`` for the first one
    that they came to. Years count for who was there on ``min_active_days`` days. Nothing is raised
    ``forget_after_days`` after the event.
    """

    enabled: bool = True
    first_post: bool = False
    first_gathering: bool = False
    accepted_answer: bool = True
    contribution: bool = True
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
    """A member whose newest answer to a survey is a score of ``at_most`` or less.

    Where tone is read, also one whose comment contradicts a better score: of a thousand messages about
    ``alerts_per_thousand`` are shown for that, those with the strongest signs.
    """

    enabled: bool = True
    at_most: Score = 6
    alerts_per_thousand: PerThousand = 1.0
    within_hours: PositiveHours = 8.0
    forget_after_days: PositiveDays = 30.0
    cool_down_days: RestDays = 30.0
    care_load: Weight = 3
    by_segment: tuple[LowSurveyOfSegment, ...] = ()


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
    """A member of whom a touch for one of the reasons in ``after`` was settled ``after_days`` days ago.

    With ``after_solved`` also one whose problem was marked as solved so long ago.
    """

    enabled: bool = True
    after: tuple[Reason, ...] = ("distress", "heated", "low-survey", "moderated")
    after_days: PositiveDays = 7.0
    after_solved: bool = False
    forget_after_days: PositiveDays = 14.0
    cool_down_days: RestDays = 0.0
    care_load: Weight = 1
    by_segment: tuple[DaysRuleOfSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RitualRule:
    """Lists of members, for what a person does in the community; nothing is posted.

    Once a week they are asked for on ``day`` at ``at`` by the wall clock of the policy's hours, or when these next
    begin. Those of a gathering are given ``hours_before`` working hours before it begins, and ``hours_after`` after it
    is over. Each of ``lists`` names ``at_most`` members.
    """

    enabled: bool = False
    day: Day = "monday"
    at: Clock = "09:00"
    lists: tuple[RitualList, ...] = ("welcome-thread", "spotlight", "gathering", "first-gathering")
    hours_before: PositiveHours = 24.0
    hours_after: PositiveHours = 4.0
    at_most: Annotated[int, Meta(ge=1, le=30)] = 20
    cool_down_days: RestDays = 0.0
    care_load: Weight = 2


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
    out_of_character: OutOfCharacterRule = field(default_factory=OutOfCharacterRule)
    ritual: RitualRule = field(default_factory=RitualRule)

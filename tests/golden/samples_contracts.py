"""A full sample of everything that is published: member events and facts of Warmline as they stand in MEMBER_EVENTS,
needs-touch and touch facts as their bodies on NATS, commands and their reply, the policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace as replace_struct

from shared.contracts.audit import Alarm, AlarmChanged, AuditReport, PartSaid
from shared.contracts.cloudevents import MemberEvent, type_name
from shared.contracts.commands import (
    AllowContact,
    AskForTouch,
    ClaimTouch,
    CommandReply,
    DeclineContact,
    GiveTag,
    LinkMember,
    LogCare,
    MemberReply,
    OptOutOfTone,
    PromiseFollowUp,
    ReleaseTouch,
    SettleTouch,
    TakeTag,
    UnlinkMember,
    WriteNote,
)
from shared.contracts.member_events import (
    Attended,
    Cancelled,
    Deleted,
    Edited,
    Joined,
    Left,
    Member,
    Moderated,
    Planned,
    Posted,
    Reacted,
    Registered,
    Renewed,
    Solved,
    Surveyed,
    Updated,
)
from shared.contracts.needs_touch import (
    Evidence,
    MemberRef,
    NeedsTouch,
    NeedsTouchMet,
    NeedsTouchRevised,
    NeedsTouchWithdrawn,
    TouchReason,
)
from shared.contracts.policy import (
    CommunityRetention,
    EmergencyContact,
    Escalation,
    Holidays,
    Hours,
    Identity,
    Importance,
    Integrator,
    Leave,
    Limits,
    Linking,
    Playbook,
    Policy,
    Responder,
    Retention,
    RoutinePatience,
    Segment,
    SoonPatience,
    Team,
    Tone,
    UrgentPatience,
)
from shared.contracts.policy_rules import (
    CheckInRule,
    FadingRule,
    FarewellRule,
    FollowUpRule,
    LowSurveyRule,
    MilestoneRule,
    ModeratedRule,
    ReturningRule,
    RitualRule,
    Rules,
    UnansweredRule,
    WelcomeRule,
)
from shared.contracts.rules_of_segment import (
    CheckInOfSegment,
    DaysRuleOfSegment,
    FadingOfSegment,
    LowSurveyOfSegment,
    ReturningOfSegment,
    RuleOfSegment,
)
from shared.contracts.tone_rules import DistressRule, OutOfCharacterRule
from shared.contracts.touch_facts import (
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchHeld,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
    TouchSettled,
    TouchWithdrawn,
    Verdict,
)
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    ImportBegan,
    ImportEnded,
    MemberLinked,
    MemberUnlinked,
    NoteWritten,
    PolicyAdopted,
    TagGiven,
    TagTaken,
    ToneOptOut,
    TouchAsked,
)
from shared.contracts.warmline_facts import TouchSettled as SettledInWarmline
from tests.golden.before_traces import before_traces

AT = datetime(2026, 11, 22, 8, 15, 0, 125_000, tzinfo=UTC)
URL = "https://discord.com/channels/1/2/3"
TEXT = "How do I start? 'Größe' \u2013 \U0001f600"
TOUCH = "t-kq7v5dcq3cd5nn6dvxf7kz2zyq"
MEMBER = Member(id="u77", name="Ada", handle="ada", roles=("helpers",), bot=True)
ADA = MemberRef(key="m-ouvwzhkbjhx5xdhcj2l3qpjv6a", platform="discord", id="u77")
MIRA = MemberRef(key="m-2m6zbqk3e4gk3bqhbqhqv6i5ia", platform="discord", id="u9")
EVIDENCE = Evidence(
    source="/discord/acme-guild",
    event="post:m-8812:1",
    time=AT,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
HOURS = Hours(timezone="Europe/Berlin", days={"monday": ("09:00-12:00", "13:00-24:00")})
LIMITS = Limits(care_load=6, touches=3, touches_per_day=5)
POLICY_1 = Policy(
    organisation="harbour",
    communities=("acme",),
    other_communities="accept",
    hours=HOURS,
    responders=(
        Responder(
            name="mira",
            display_name="Mira Okafor",
            segments=("newcomers",),
            communities=("acme",),
            identities=(Identity(platform="discord", id="u9"),),
            hours=HOURS,
            limits=LIMITS,
            leave=(Leave(first="2026-12-24", last="2026-12-31"),),
            email="mira@example.org",
            email_verified=True,
        ),
    ),
    team=Team(roles=("helpers",), members=(Identity(platform="discord", id="u10"),)),
    segments=(
        Segment(
            name="newcomers",
            roles=("guest",),
            tags=("vip",),
            platforms=("discord",),
            member_for_less_than_days=30.5,
            member_for_at_least_days=1.5,
        ),
    ),
    rules=Rules(
        welcome=WelcomeRule(enabled=False, within_hours=6.5, settling_in_days=3.5, forget_after_days=7.5, care_load=3),
        unanswered=UnansweredRule(
            enabled=False, within_hours=2.5, answered_by="team", forget_after_days=7.5, care_load=4
        ),
    ),
    limits=LIMITS,
    playbooks={"welcome": Playbook(read=("What they wrote",), steps=("Greet them",), turn_to="The team's channel")},
)
"""As policies were before they could name integrators."""
POLICY_2 = replace(
    POLICY_1,
    integrators=(Integrator(name="crm", url="https://crm.example.org/in", community="acme", scopes=("sensitive",)),),
)
"""As policies were before anything escalated."""
POLICY_3 = replace(
    POLICY_2,
    escalation=Escalation(
        urgent=UrgentPatience(acknowledge_within_hours=0.25, held_at_most_hours=0.75, remind_again_after_hours=0.5),
        soon=SoonPatience(acknowledge_within_hours=1.5, held_at_most_hours=3.5, remind_again_after_hours=2.5),
        routine=RoutinePatience(acknowledge_within_hours=6.5, held_at_most_hours=12.5, remind_again_after_hours=7.5),
        remind_at_share=0.75,
        pass_on_at_most=2,
        emergency_contact=EmergencyContact(responder="mira", email="on-call@example.org", email_verified=True),
    ),
)
"""As policies were before the history could be let go."""
POLICY_4 = replace(
    POLICY_3,
    retention=Retention(history_months=36, communities=(CommunityRetention(community="acme", history_months=12),)),
)
"""As policies were before holidays were free."""
HOURS_BUT_HOLIDAYS = replace(HOURS, holidays=Holidays(country="DE", subdivision="BE"), closed=("2026-12-24",))
POLICY_5 = replace(
    POLICY_4,
    hours=HOURS_BUT_HOLIDAYS,
    responders=tuple(replace(one, hours=HOURS_BUT_HOLIDAYS) for one in POLICY_4.responders),
)
"""As policies were before segments had conditions in CEL, and thresholds of their own."""
OF_NEWCOMERS = (RuleOfSegment(segment="newcomers", enabled=True, within_hours=1.5, care_load=5),)
POLICY_6 = replace(
    POLICY_5,
    segments=tuple(replace(one, when="'mentor' in member.roles") for one in POLICY_5.segments),
    rules=Rules(
        welcome=replace(POLICY_5.rules.welcome, by_segment=OF_NEWCOMERS),
        unanswered=replace(POLICY_5.rules.unanswered, by_segment=OF_NEWCOMERS),
    ),
)
"""As policies were before tone was read."""
POLICY_7 = replace(
    POLICY_6,
    rules=replace(POLICY_6.rules, distress=DistressRule(alerts_per_thousand=2.0)),
    tone=Tone(enabled=True, communities=("acme",), language="en", read_within_days=3.0),
)
"""As policies were before members' days were known."""
DAYS_OF_NEWCOMERS = (DaysRuleOfSegment(segment="newcomers", enabled=True, care_load=2),)
POLICY_8 = replace(
    POLICY_7,
    rules=replace(
        POLICY_7.rules,
        fading=FadingRule(
            min_active_days=8,
            times_usual_gap=2.5,
            at_least_days=10.5,
            by_segment=(FadingOfSegment(segment="newcomers", enabled=True, care_load=2),),
        ),
        returning=ReturningRule(
            at_least_days=30.5,
            by_segment=(ReturningOfSegment(segment="newcomers", enabled=True, within_hours=1.5, care_load=5),),
        ),
        milestone=MilestoneRule(first_post=True, roles=("mentor",), by_segment=OF_NEWCOMERS),
        low_survey=LowSurveyRule(
            at_most=5,
            by_segment=(LowSurveyOfSegment(segment="newcomers", enabled=True, within_hours=1.5, care_load=5),),
        ),
        moderated=ModeratedRule(actions=("silenced",), by_segment=OF_NEWCOMERS),
        farewell=FarewellRule(min_active_days=8, by_segment=OF_NEWCOMERS),
        check_in=CheckInRule(
            enabled=True,
            by_segment=(CheckInOfSegment(segment="newcomers", enabled=False, every_days=30.5, care_load=2),),
        ),
        follow_up=FollowUpRule(after=("moderated",), after_days=3.5, by_segment=DAYS_OF_NEWCOMERS),
    ),
)
"""As policies were before anything had an importance, and before a settled reason rested."""
POLICY_9 = replace(
    POLICY_8,
    segments=tuple(replace(one, weight=2.5) for one in POLICY_8.segments),
    rules=replace(
        POLICY_8.rules,
        welcome=replace(POLICY_8.rules.welcome, cool_down_days=30.5),
        thanks=replace(POLICY_8.rules.thanks, cool_down_days=15.5),
    ),
    importance=Importance(urgent=9.5, soon=3.5, routine=1.5),
)
"""As policies were before there were weekly lists."""
POLICY_10 = replace(
    POLICY_9,
    rules=replace(POLICY_9.rules, ritual=RitualRule(enabled=True, day="friday", at="10:30", lists=("spotlight",))),
)
"""As policies were before first gatherings and solved problems were taken up."""
POLICY_11 = replace(
    POLICY_10,
    rules=replace(
        POLICY_10.rules,
        milestone=replace(POLICY_10.rules.milestone, first_gathering=True),
        follow_up=replace(POLICY_10.rules.follow_up, after_solved=True),
    ),
)
"""As policies were before they said what tells that identities are one person."""
POLICY_12 = replace(
    POLICY_11,
    linking=Linking(same_address="link", named_account="ignore", same_handle=(("discourse", "github"),)),
)
"""As policies were before members were held against themselves."""
POLICY_13 = replace(
    POLICY_12,
    rules=replace(POLICY_12.rules, out_of_character=OutOfCharacterRule(enabled=True, alerts_per_thousand=0.25)),
)
"""As policies were before there were lists of gatherings."""
POLICY_14 = replace(
    POLICY_13,
    rules=replace(
        POLICY_13.rules,
        ritual=replace(POLICY_13.rules.ritual, lists=("spotlight", "gathering"), hours_before=16.5, hours_after=2.5),
    ),
)
"""As policies were before a peer's word to a newcomer could count."""
POLICY_15 = replace(
    POLICY_14,
    rules=replace(POLICY_14.rules, welcome=replace(POLICY_14.rules.welcome, greeted_by="anyone")),
)
"""As policies were before a comment could contradict the score of an answer."""
POLICY_16 = replace(
    POLICY_15,
    rules=replace(POLICY_15.rules, low_survey=replace(POLICY_15.rules.low_survey, alerts_per_thousand=0.75)),
)
"""As policies were before a contribution could be a milestone."""
POLICY_17 = replace(
    POLICY_16,
    rules=replace(POLICY_16.rules, milestone=replace(POLICY_16.rules.milestone, contribution=False)),
)
"""As policies were before segments had rhythms of their own, and low scores."""
_RHYTHM_OF_NEWCOMERS: Final[dict[str, Any]] = {
    "segment": "newcomers",
    "enabled": True,
    "care_load": 2,
    "min_active_days": 3,
    "times_usual_gap": 2.25,
    "at_least_days": 5.5,
    "assumed_gap_days": 4.5,
}
POLICY_18 = replace(
    POLICY_17,
    rules=replace(
        POLICY_17.rules,
        fading=replace(POLICY_17.rules.fading, by_segment=(FadingOfSegment(**_RHYTHM_OF_NEWCOMERS),)),
        returning=replace(
            POLICY_17.rules.returning, by_segment=(ReturningOfSegment(**_RHYTHM_OF_NEWCOMERS, within_hours=1.5),)
        ),
        low_survey=replace(
            POLICY_17.rules.low_survey,
            by_segment=(
                LowSurveyOfSegment(segment="newcomers", enabled=True, at_most=7, within_hours=1.5, care_load=5),
            ),
        ),
    ),
)
"""As policies were before they said how long scores of tone are told."""
POLICY = replace(POLICY_18, tone=replace(POLICY_18.tone, scores_kept_days=30.5))
EARLIER_POLICIES: Final = {
    "#1": POLICY_1,
    "#2": POLICY_2,
    "#3": POLICY_3,
    "#4": POLICY_4,
    "#5": POLICY_5,
    "#6": POLICY_6,
    "#7": POLICY_7,
    "#8": POLICY_8,
    "#9": POLICY_9,
    "#10": POLICY_10,
    "#11": POLICY_11,
    "#12": POLICY_12,
    "#13": POLICY_13,
    "#14": POLICY_14,
    "#15": POLICY_15,
    "#16": POLICY_16,
    "#17": POLICY_17,
    "#18": POLICY_18,
}
"""Policies as they were, by what the forms that hold them are called since."""
NEED_1 = NeedsTouch(
    touch=TOUCH,
    revision=1,
    organisation="harbour",
    community="acme",
    segment="newcomers",
    reason="unanswered",
    urgency="soon",
    care_load=4,
    member=ADA,
    about="conversation:acme:2m6zbqk3e4gk3bqhbqhqv6i5ia",
    conversation="c-51",
    since=AT,
    raised_at=AT,
    evidence=(EVIDENCE,),
    rule="unanswered.v1",
    policy_version="p-1",
    values={"hours_since": 4.25, "answers_by_team": 0, "joined": True, "mood": None},
    thresholds={"within_hours": 4.0, "answered_by": "team"},
)
"""As it was when each reason had a touch of its own."""
REASON = TouchReason(
    reason="unanswered",
    about=NEED_1.about,
    member=ADA,
    segment="newcomers",
    conversation="c-51",
    since=AT,
    at=AT,
    urgency="soon",
    care_load=4,
    strength=1.25,
    evidence=(EVIDENCE,),
    rule="unanswered.v1",
    policy_version="p-1",
    values=NEED_1.values,
    thresholds=NEED_1.thresholds,
    baseline={"usual_hours": 2.5},
    difference="an answer within 4 h",
    revision=1,
    importance=2.5,
    why="soon, because of unanswered",
)
NEED = replace_struct(
    NEED_1, about="care:acme:m-1", reasons=(REASON,), importance=2.5, why="soon, because of unanswered"
)
_ENDED: Final[dict[str, Any]] = {
    "touch": TOUCH,
    "revision": 2,
    "organisation": "harbour",
    "community": "acme",
    "segment": "newcomers",
    "reason": "unanswered",
    "about": NEED_1.about,
    "at": AT,
    "evidence": (EVIDENCE,),
}
NEED_WITHDRAWN = NeedsTouchWithdrawn(**_ENDED, cause="answered by a peer")
NEED_MET = NeedsTouchMet(**_ENDED, cause="answered by the team", by=MIRA)
NEED_REVISED = NeedsTouchRevised(**_ENDED, cause="answered by the team", by=MIRA, remains=NEED)
_WHO: Final[dict[str, Any]] = {"member": MEMBER, "community": "acme", "platform": "discord"}
_WHERE: Final[dict[str, Any]] = {**_WHO, "conversation": "c-51", "message": "m-8812"}
_FACT: Final[dict[str, Any]] = {
    "touch": TOUCH,
    "revision": 3,
    "organisation": "harbour",
    "community": "acme",
    "at": AT,
}
_COMMAND: Final[dict[str, Any]] = {
    "command_id": "5f0c2f9c",
    "organisation": "harbour",
    "touch": TOUCH,
    "responder": "mira",
    "revision": 3,
}
_OF_A_MEMBER: Final[dict[str, Any]] = {
    "community": "acme",
    "member": Identity(platform="discord", id="u7"),
    "responder": "mira",
}
_WHY = (
    Verdict(responder="mira", chosen=True, why="least care load within her hours"),
    Verdict(responder="jonas", chosen=False, why="on leave"),
)


def _stored(data: Any) -> MemberEvent:
    return MemberEvent(
        id="post:m-8812:1",
        source="/discord/acme-guild",
        type=type_name(data),
        time=AT,
        organisation="harbour",
        community="acme",
        platform="discord",
        timeclamped=True,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data=data,
    )


_PROFILE: Final[dict[str, Any]] = {"address": f"e-{'0a' * 16}", "accounts": {"github": "ada"}}
_IN_MEMBER_EVENTS = (
    Joined(**_WHO, url=URL, **_PROFILE),
    Posted(
        **_WHERE,
        text=TEXT,
        reply_to="m-8811",
        channel="help",
        audience="private",
        mentions=("u9",),
        url=URL,
        place="channel-7",
    ),
    Edited(**_WHERE, text=TEXT, audience="members", url=URL, recovered=True),
    Deleted(**_WHERE),
    Reacted(**_WHERE, reaction="heart", url=URL),
    Planned(
        **_WHO,
        gathering="call-7",
        starts_at=AT,
        ends_at=AT,
        title="Monthly call",
        where="Room 7",
        audience="members",
        url=URL,
        called_off=True,
    ),
    Registered(**_WHO, gathering="call-7", declined=True),
    Attended(**_WHO, gathering="call-7", title="Monthly call", url=URL),
    Surveyed(**_WHO, survey="s-1", score=9, comment=TEXT, url=URL),
    Moderated(**_WHERE, action="timeout", url=URL),
    Renewed(**_WHO, plan="gold"),
    Cancelled(**_WHO, plan="gold", comment=TEXT),
    Left(**_WHO, comment=TEXT),
    Solved(**_WHERE, url=URL, contributor="u-8"),
    Updated(**_WHO, tags=("vip",), **_PROFILE),
    PolicyAdopted(community="acme", version="p-1", policy=POLICY),
    ImportBegan(community="acme", import_id="zulip-1"),
    ImportEnded(community="acme", import_id="zulip-1"),
    SettledInWarmline(community="acme", touch=TOUCH, about=NEED_1.about, outcome="not-needed", need_revision=2),
    ToneOptOut(**_OF_A_MEMBER, opted_out=True),
    TouchAsked(**_OF_A_MEMBER, why=TEXT, urgency="urgent", conversation="c-51"),
    CareLogged(**_OF_A_MEMBER, way="call", note=TEXT),
    ContactDeclined(**_OF_A_MEMBER, until=AT),
    ContactAllowed(**_OF_A_MEMBER),
    FollowUpPromised(**_OF_A_MEMBER, day=AT.date(), note=TEXT),
    TagGiven(**_OF_A_MEMBER, tag="mentor"),
    TagTaken(**_OF_A_MEMBER, tag="mentor"),
    NoteWritten(**_OF_A_MEMBER, text=TEXT),
    MemberLinked(**_OF_A_MEMBER, other=Identity(platform="slack", id="U1"), why=TEXT, rule="same-address.v1"),
    MemberUnlinked(**_OF_A_MEMBER, other=Identity(platform="slack", id="U1"), why=TEXT, rule="same-address.v1"),
)
_ON_THE_BUS = (
    NEED,
    NEED_REVISED,
    NEED_WITHDRAWN,
    NEED_MET,
    TouchAssigned(**_FACT, responder="mira", care_load=4, why=_WHY),
    TouchHeld(**_FACT, hold="outside-hours", why=_WHY),
    TouchClaimed(**_FACT, responder="mira"),
    TouchReleased(**_FACT, responder="mira"),
    TouchSettled(**_FACT, responder="mira", outcome="reached", about=NEED_1.about, need_revision=2),
    TouchWithdrawn(**_FACT, cause="answered by a peer"),
    TouchAnnotated(**_FACT, note="answered by a peer"),
    TouchReminded(**_FACT, responder="mira", to="emergency-contact"),
    TouchPassedOn(**_FACT, responder="mira"),
    TouchEscalated(**_FACT, cause="held-too-long", responder="mira"),
)

SAMPLES: Final[dict[str, Any]] = {
    **{type_name(data): _stored(data) for data in _IN_MEMBER_EVENTS},
    **{type_name(data): data for data in _ON_THE_BUS},
    "command.touch.claim": ClaimTouch(**_COMMAND),
    "command.touch.release": ReleaseTouch(**_COMMAND),
    "command.touch.settle": SettleTouch(**_COMMAND, outcome="referred"),
    "command.touch.reply": CommandReply(
        touch=TOUCH, revision=3, position=41, refused="stale-revision", detail="Look at the touch again."
    ),
    "command.member.ask": AskForTouch(
        **_OF_A_MEMBER, command_id="5f0c2f9c", why=TEXT, urgency="urgent", conversation="c-51"
    ),
    "command.member.log-care": LogCare(**_OF_A_MEMBER, command_id="5f0c2f9c", way="call", note=TEXT, at=AT),
    "command.member.decline-contact": DeclineContact(**_OF_A_MEMBER, command_id="5f0c2f9c", until=AT),
    "command.member.allow-contact": AllowContact(**_OF_A_MEMBER, command_id="5f0c2f9c"),
    "command.member.tag": GiveTag(**_OF_A_MEMBER, command_id="5f0c2f9c", tag="mentor"),
    "command.member.untag": TakeTag(**_OF_A_MEMBER, command_id="5f0c2f9c", tag="mentor"),
    "command.member.note": WriteNote(**_OF_A_MEMBER, command_id="5f0c2f9c", text=TEXT),
    "command.member.tone": OptOutOfTone(**_OF_A_MEMBER, command_id="5f0c2f9c", opted_out=True),
    "command.member.promise": PromiseFollowUp(**_OF_A_MEMBER, command_id="5f0c2f9c", day=AT.date(), note=TEXT),
    **{
        f"command.member.{verb}": form(
            **_OF_A_MEMBER, command_id="5f0c2f9c", other=Identity(platform="slack", id="U1"), why=TEXT
        )
        for verb, form in (("link", LinkMember), ("unlink", UnlinkMember))
    },
    "command.member.reply": MemberReply(event="k", position=41, refused="not-allowed", detail="That is you."),
    "policy": POLICY,
    "warmline.member.joined.v1#1": _stored(Joined(**_WHO, url=URL)),
    "warmline.member.updated.v1#1": _stored(Updated(**_WHO, tags=("vip",))),
    **{f"policy{earlier}": policy for earlier, policy in EARLIER_POLICIES.items()},
    **{
        f"warmline.community.policy-adopted.v1{earlier}": _stored(
            PolicyAdopted(community="acme", version="p-1", policy=policy)
        )
        for earlier, policy in EARLIER_POLICIES.items()
    },
    "audit.report": AuditReport(
        at=AT,
        complete=True,
        alarms=(Alarm(name="dead-letters", since=AT, wrong="2 dead letters", mend="Run: warmline dead list"),),
        parts=(PartSaid(name="NATS", well=True, says="answers"),),
        dead_letters=2,
    ),
    "audit.alarm": AlarmChanged(
        name="dead-letters", raised=True, at=AT, since=AT, wrong="2 dead letters", mend="Run: warmline dead list"
    ),
    "warmline.community.tone-opt-out.v1#1": _stored(
        ToneOptOut(community="acme", member=Identity(platform="discord", id="u7"), opted_out=True)
    ),
    "warmline.community.touch-settled.v1#1": _stored(
        SettledInWarmline(community="acme", touch=TOUCH, about=NEED_1.about, outcome="not-needed")
    ),
    "warmline.touch.settled.v1#1": TouchSettled(**_FACT, responder="mira", outcome="reached", about=NEED_1.about),
}
SAMPLES.update(
    before_traces(
        {**SAMPLES, "warmline.needs-touch.raised.v1": NEED_1},
        (
            "warmline.needs-touch.met.v1",
            "warmline.needs-touch.raised.v1",
            "warmline.needs-touch.withdrawn.v1",
        ),
    )
)
SAMPLES["warmline.needs-touch.raised.v1#2"] = NEED_1
SAMPLES["warmline.member.edited.v1#1"] = _stored(replace_struct(_IN_MEMBER_EVENTS[2], recovered=False))
SAMPLES["warmline.member.solved.v1#1"] = _stored(Solved(**_WHERE, url=URL))
SAMPLES["warmline.member.posted.v1#1"] = _stored(replace_struct(_IN_MEMBER_EVENTS[1], place=None))

"""A full sample of everything that triage stores: events by stored name, states as ``state.<category>``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from services.triage.alerts import (
    AlertGiven,
    AlertJudged,
    AlertsState,
    Class,
    MessagesCounted,
    ScoreSeen,
)
from services.triage.care import CareState, Counted, EndedTouch, Settled
from services.triage.care_facts import CountedGone, NeedRevised, ReasonClosed, ReasonRests, TouchClosed
from services.triage.channel import AnsweredBeside, ChannelState, Question, Remark, RemarkMade
from services.triage.community import (
    CommunityKnownSince,
    CommunityState,
    ImportClosed,
    ImportOpened,
    OpenedImport,
    PlatformHeard,
    PolicyTaken,
)
from services.triage.conversation_facts import (
    AnswerAccepted,
    ConversationOpened,
    ConversationSolved,
    OpeningDeleted,
    OpeningEdited,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.conversation_state import ConversationState
from services.triage.heat import HeatState
from services.triage.member_facts import (
    MemberActive,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberReturned,
    MemberSeen,
    MemberSurveyed,
    MemberTagged,
    MemberTurnedTo,
    SurveyAnswer,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.member_state import MemberState
from services.triage.member_tone import ToneState
from services.triage.needs import NeedClosed, NeedFound, NeedGone, NeedMet, NeedPassed, NeedRaised, NeedWithdrawn
from services.triage.occasions import Occasion, OccasionArose, OccasionLookedAt, OccasionPostponed, Occasions
from services.triage.tone_facts import FrustrationHeard, HeatFelt, TalkHeard, ToneOptedIn, ToneOptedOut
from services.triage.voices import Post, Voice, Voices
from tests.golden.before_traces import before_traces, untraced
from tests.golden.samples_contracts import (
    ADA,
    EARLIER_POLICIES,
    EVIDENCE,
    MIRA,
    NEED,
    NEED_1,
    NEED_MET,
    NEED_REVISED,
    NEED_WITHDRAWN,
    POLICY,
    REASON,
)

AT = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)
DUE = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
POST = Post(member=ADA, evidence=EVIDENCE, message="m-8812", asks=True, team=False)
REMARK = Remark(post=POST, said_to=("u9",), reply=True)
OPENING_EDITED = OpeningEdited(message="m-8812", asks=True, evidence=EVIDENCE)
ANSWER = SurveyAnswer(survey="nps-4", score=3, evidence=EVIDENCE)
OCCASION = Occasion(evidence=EVIDENCE, due=DUE, values={"action": "silenced"})
COMMUNITY_STATE = CommunityState(
    community="acme",
    organisation="harbour",
    policy=POLICY,
    policy_version="p-1",
    known_since=AT,
    heard={"discord": (20_000, 20_007)},
    importing=(OpenedImport(import_id="zulip-1", at=AT),),
    imported_at=AT,
)

FRUSTRATION_HEARD = FrustrationHeard(evidence=EVIDENCE, score=0.625)
HEAT_FELT = HeatFelt(member=ADA, evidence=EVIDENCE, score=0.875)
MEMBER_2 = MemberState(
    member=ADA,
    first=EVIDENCE,
    joined=True,
    roles=("helpers",),
    described_at=AT,
    tags=("vip",),
    tagged_at=AT,
    bot=True,
    team=True,
    greeted=EVIDENCE,
    left=EVIDENCE,
    welcome_due=DUE,
    welcome="doubtful",
    need=NEED_1,
)
"""As it was when each reason had a touch of its own."""
CONVERSATION_3 = ConversationState(
    conversation="c-51",
    opening=POST,
    due=DUE,
    answered_by="team",
    voices=Voices(
        peers=(Voice(member=ADA, first=EVIDENCE, greeted=True),),
        team=(Voice(member=MIRA, first=EVIDENCE),),
        last_of_team=Voice(member=MIRA, first=EVIDENCE),
    ),
    edits=(OPENING_EDITED,),
    deleted=("m-8812",),
    solved=True,
    looked_at=ADA.key,
    need=NEED_1,
    needs_raised=2,
    withdrawn=True,
)
"""As it was when each reason had a touch of its own."""
MEMBER_3 = replace(MEMBER_2, needs=(REASON,), need=NEED)
"""As it was before a member's days were known."""
MEMBER_4 = replace(
    MEMBER_3,
    contact=EVIDENCE,
    active_days=(20_000, 20_007),
    last_active=EVIDENCE,
    missed_at=DUE,
    check_in_due=DUE,
    missed=20_000,
    surveyed=ANSWER,
    occasions=Occasions(waiting={"moderated": OCCASION}, looked_at={"fading": AT}),
)
"""As it was before joining again counted as a return."""
CONVERSATION_4 = replace(CONVERSATION_3, needs=(REASON,), need=NEED)
"""As it was before it was known whose answers are accepted."""
SOLVED = ConversationSolved(evidence=EVIDENCE, message="m-8813")
ADA_SPOKE, MIRA_SPOKE = (
    Voice(member=ADA, first=EVIDENCE, greeted=True, message="m-8812"),
    Voice(member=MIRA, first=EVIDENCE, message="m-8814"),
)

SAMPLES: Final[dict[str, Any]] = {
    "triage.PolicyTaken": PolicyTaken(community="acme", organisation="harbour", version="p-1", policy=POLICY),
    **{
        f"triage.PolicyTaken{earlier}": PolicyTaken(
            community="acme", organisation="harbour", version="p-1", policy=policy
        )
        for earlier, policy in EARLIER_POLICIES.items()
    },
    "triage.CommunityKnownSince": CommunityKnownSince(at=AT),
    "triage.PlatformHeard": PlatformHeard(platform="discord", day=20_007),
    "triage.ImportOpened": ImportOpened(import_id="zulip-1", at=AT),
    "triage.ImportClosed": ImportClosed(import_id="zulip-1", lapsed=True, at=AT),
    "triage.MemberSeen": MemberSeen(member=ADA, evidence=EVIDENCE, joined=True, welcome_due=DUE),
    "triage.MemberDescribed": MemberDescribed(roles=("helpers",), bot=True, team=True, at=AT),
    "triage.MemberTagged": MemberTagged(tags=("vip",), at=AT),
    "triage.MemberGreeted": MemberGreeted(by=MIRA, evidence=EVIDENCE),
    "triage.MemberLeft": MemberLeft(evidence=EVIDENCE),
    "triage.MemberReturned": MemberReturned(evidence=EVIDENCE),
    "triage.MemberActive": MemberActive(evidence=EVIDENCE, missed_at=DUE, check_in_due=DUE),
    "triage.MemberTurnedTo": MemberTurnedTo(by=MIRA, evidence=EVIDENCE),
    "triage.MemberSurveyed": MemberSurveyed(answer=ANSWER),
    "triage.OccasionArose": OccasionArose(name="moderated", occasion=OCCASION),
    "triage.OccasionPostponed": OccasionPostponed(name="moderated", due=DUE),
    "triage.OccasionLookedAt": OccasionLookedAt(name="moderated", of=AT, against="long past", at=DUE),
    "triage.WelcomePassed": WelcomePassed(why="long past", at=AT),
    "triage.WelcomePostponed": WelcomePostponed(due=DUE),
    "triage.ConversationOpened": ConversationOpened(conversation="c-51", post=POST, due=DUE, answered_by="team"),
    "triage.VoiceHeard": VoiceHeard(post=POST),
    "triage.VoicesGreeted": VoicesGreeted(members=(ADA,), by=MIRA, evidence=EVIDENCE),
    "triage.OpeningEdited": OPENING_EDITED,
    "triage.OpeningDeleted": OpeningDeleted(message="m-8812", evidence=EVIDENCE),
    "triage.ConversationSolved": SOLVED,
    "triage.AnswerAccepted": AnswerAccepted(by=ADA, evidence=EVIDENCE),
    "triage.QuestionPassed": QuestionPassed(why="answered", at=AT),
    "triage.QuestionPostponed": QuestionPostponed(due=DUE),
    "triage.NeedRaised": NeedRaised(need=NEED),
    "triage.NeedWithdrawn": NeedWithdrawn(end=NEED_WITHDRAWN),
    "triage.NeedMet": NeedMet(end=NEED_MET),
    "triage.CountedGone": CountedGone(reason="unanswered", about="conversation:acme:c-52"),
    "triage.NeedClosed": NeedClosed(touch=NEED.touch, outcome="reached", reason="unanswered"),
    "triage.NeedClosed#1": NeedClosed(touch=NEED.touch, outcome="reached"),
    "triage.NeedFound": NeedFound(need=REASON),
    "triage.NeedGone": NeedGone(
        reason="unanswered",
        about=REASON.about,
        member=ADA,
        at=AT,
        cause="answered by the team",
        evidence=(EVIDENCE,),
        by=MIRA,
        earlier=NEED,
    ),
    "triage.NeedPassed": NeedPassed(reason="fading", why="settled 2026-11-20, and rests for 7 days", at=AT),
    "triage.NeedRevised": NeedRevised(revision=NEED_REVISED),
    "triage.ReasonRests": ReasonRests(
        reason="fading", about=REASON.about, why="settled 2026-11-20, and rests for 7 days", at=AT
    ),
    "triage.TouchClosed": TouchClosed(
        touch=NEED.touch,
        outcome="reached",
        at=AT,
        reasons=(ReasonClosed(reason="unanswered", about=REASON.about),),
    ),
    "triage.MessagesCounted": MessagesCounted(messages=32),
    "triage.ScoreSeen": ScoreSeen(kind="distress", step=57),
    "triage.AlertGiven": AlertGiven(kind="distress", threshold=0.812),
    "triage.AlertJudged": AlertJudged(kind="distress", right=False),
    "triage.ToneOptedOut": ToneOptedOut(at=AT),
    "triage.ToneOptedIn": ToneOptedIn(at=AT),
    "triage.FrustrationHeard": FRUSTRATION_HEARD,
    "triage.HeatFelt": HEAT_FELT,
    "triage.RemarkMade": RemarkMade(remark=REMARK, asks=True),
    "triage.AnsweredBeside": AnsweredBeside(question="m-8811", answer=POST),
    "triage.TalkHeard": TalkHeard(at=AT),
    "state.channel": ChannelState(remarks=(REMARK,), questions=(Question(post=POST, answered_by_peer=True),)),
    "state.alerts": AlertsState(messages=3200, classes={"distress": Class(counts=(0, 1) * 48, given=2, stricter=1)}),
    "state.tone": ToneState(opted_out=True, said_at=AT, frustrated=(FRUSTRATION_HEARD,), needs=(REASON,), need=NEED),
    "state.heat": HeatState(felt=(HEAT_FELT,), talk=(AT,), heard=1, needs=(REASON,), need=NEED),
    "state.community": COMMUNITY_STATE,
    **{
        f"state.community{earlier}": replace(COMMUNITY_STATE, policy=policy, heard={})
        for earlier, policy in {**EARLIER_POLICIES, "#9": POLICY}.items()
    },
    "state.member": replace(MEMBER_4, returned_at=AT),
    "state.conversation": replace(
        CONVERSATION_4,
        voices=Voices(peers=(ADA_SPOKE,), team=(MIRA_SPOKE,), last_of_team=MIRA_SPOKE),
        accepted=SOLVED,
    ),
    "state.care": CareState(
        touch=NEED,
        touches=2,
        ended=EndedTouch(touch="t-0", reasons=("welcome",), told=NEED.reasons),
        settled=(Settled(reason="welcome", at=AT),),
        endings=(EndedTouch(touch="t-1", reasons=("welcome",), told=NEED.reasons),),
        counted=(Counted(reason="unanswered", about="conversation:acme:c-52", revision=1),),
    ),
    "state.care#2": CareState(
        touch=NEED,
        touches=2,
        ended=EndedTouch(touch="t-0", reasons=("welcome",), told=NEED.reasons),
        settled=(Settled(reason="welcome", at=AT),),
        endings=(EndedTouch(touch="t-1", reasons=("welcome",), told=NEED.reasons),),
    ),
    "state.care#1": CareState(
        touch=NEED,
        touches=2,
        ended=EndedTouch(touch="t-0", reasons=("welcome",)),
        settled=(Settled(reason="welcome", at=AT),),
    ),
    "state.conversation#1": untraced(
        ConversationState(
            conversation="c-51",
            opening=POST,
            due=DUE,
            answered_by="team",
            voices=Voices(
                peers=(Voice(member=ADA, first=EVIDENCE, greeted=True),),
                team=(Voice(member=MIRA, first=EVIDENCE),),
                last_of_team=Voice(member=MIRA, first=EVIDENCE),
            ),
            edits=(OPENING_EDITED,),
            deleted=("m-8812",),
            solved=True,
            looked_at=ADA.key,
            need=NEED_1,
            needs_raised=2,
        )
    ),
}
SAMPLES.update(
    before_traces(
        {
            **SAMPLES,
            "triage.NeedRaised": NeedRaised(need=NEED_1),
            "triage.ConversationSolved": ConversationSolved(evidence=EVIDENCE),
            "state.member": MEMBER_2,
            "state.conversation": CONVERSATION_3,
        },
        (
            "state.conversation",
            "state.member",
            "triage.ConversationOpened",
            "triage.ConversationSolved",
            "triage.MemberGreeted",
            "triage.MemberLeft",
            "triage.MemberSeen",
            "triage.NeedMet",
            "triage.NeedRaised",
            "triage.NeedWithdrawn",
            "triage.OpeningDeleted",
            "triage.OpeningEdited",
            "triage.VoiceHeard",
            "triage.VoicesGreeted",
        ),
    )
)
SAMPLES |= {
    "triage.NeedRaised#2": NeedRaised(need=NEED_1),
    "triage.ConversationSolved#2": ConversationSolved(evidence=EVIDENCE),
    "state.member#2": MEMBER_2,
    "state.member#3": MEMBER_3,
    "state.member#4": MEMBER_4,
    "state.conversation#3": CONVERSATION_3,
    "state.conversation#4": CONVERSATION_4,
}

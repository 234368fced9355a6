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
from services.triage.care_facts import CountedGone, NeedRevised, ReasonClosed, ReasonRests, ReasonSettled, TouchClosed
from services.triage.care_state import CareState, Counted, EndedTouch, Settled
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
from services.triage.contact import ContactAllowed, ContactDeclined
from services.triage.conversation_facts import (
    AnswerAccepted,
    ConversationOpened,
    ConversationSolved,
    OpeningDeleted,
    OpeningEdited,
    OpeningRecovered,
    QuestionAsked,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.conversation_state import ConversationState, Presence
from services.triage.gathering import (
    GatheringLookedAt,
    GatheringPlanned,
    GatheringState,
    GuestCame,
    GuestRegistered,
)
from services.triage.guest import CameFirst, GuestState
from services.triage.heat import HeatState
from services.triage.member_facts import (
    IdentityLinked,
    IdentityUnlinked,
    MemberActive,
    MemberAddressed,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberNamed,
    MemberReturned,
    MemberSeen,
    MemberSurveyed,
    MemberTagged,
    MemberTurnedTo,
    NewcomerSpoke,
    SurveyAnswer,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.member_state import MemberState
from services.triage.member_tone import ToneState
from services.triage.needs import NeedClosed, NeedFound, NeedGone, NeedMet, NeedPassed, NeedRaised, NeedWithdrawn
from services.triage.newcomer_facts import NewcomerBack, NewcomerKnownBy, NewcomerSeenAgain, NewcomerUnseen
from services.triage.occasions import Occasion, OccasionArose, OccasionLookedAt, OccasionPostponed, Occasions
from services.triage.promises import FollowUpPromised, PromisesLookedAt, PromisesPostponed
from services.triage.reasons.gathering import Plan, Registration
from services.triage.reasons.ritual import Entry
from services.triage.ritual import EntryNoted, RitualArranged, RitualLookedAt, RitualState
from services.triage.shown_signs import ShownState, SignsForgotten, SignShown
from services.triage.tags import TagGiven, TagTaken
from services.triage.told import Told
from services.triage.tone_facts import (
    DayNoted,
    FrustrationHeard,
    HeatFelt,
    SignGone,
    TalkHeard,
    ToneOptedIn,
    ToneOptedOut,
)
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
CHANNEL_STATE = ChannelState(remarks=(REMARK,), questions=(Question(post=POST, answered_by_peer=True),))
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

ENTRY = Entry(member=ADA, evidence=EVIDENCE)
REGISTRATION = Registration(member=ENTRY.member, evidence=EVIDENCE, coming=True)
PLAN = Plan(
    evidence=EVIDENCE, host=ENTRY.member, starts_at=AT, ends_at=DUE, called_off=True, words="5bgwwwmruj6exjlvev44m2lu6u"
)
FRUSTRATION_1 = FrustrationHeard(evidence=EVIDENCE, score=0.625)
FRUSTRATION_HEARD = replace(FRUSTRATION_1, instead_of=(EVIDENCE,))
TONE_1 = ToneState(opted_out=True, said_at=AT, frustrated=(FRUSTRATION_1,), needs=(REASON,), need=NEED)
"""As it was before members were held against themselves."""
DAY_NOTED = DayNoted(evidence=EVIDENCE, words=12, ill=0.25)
TONE_2 = replace(TONE_1, days=(DAY_NOTED,))
HEAT_FELT_1 = HeatFelt(member=ADA, evidence=EVIDENCE, score=0.875)
HEAT_FELT = replace(HEAT_FELT_1, instead_of=(EVIDENCE,))
HEAT_1 = HeatState(felt=(HEAT_FELT_1,), talk=(AT,), heard=1, needs=(REASON,), need=NEED)
"""As it was before it was known of which messages the signs are."""
SIGN_GONE = SignGone(reason="heated", evidence=EVIDENCE)
SIGN_SHOWN = SignShown(message="m-1", reason="heated", evidence=EVIDENCE, noted_in="heat:acme:c-1")
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
MEMBER_5 = replace(MEMBER_4, returned_at=AT)
"""As it was before identities were linked."""
MEMBER_6 = replace(MEMBER_5, links=(MIRA,))
"""As it was before members could ask not to be contacted."""
CONTACT_DECLINED = ContactDeclined(until=DUE, at=AT)
MEMBER_7 = replace(MEMBER_6, told=Told(declined=CONTACT_DECLINED))
"""As it was before anybody promised them anything."""
PROMISED = FollowUpPromised(by="mira", due=DUE, evidence=EVIDENCE)
MEMBER_8 = replace(MEMBER_7, told=Told(declined=CONTACT_DECLINED, promises=(PROMISED,)))
"""As it was before the team gave tags."""
MEMBER_9 = replace(MEMBER_8, told=Told(declined=CONTACT_DECLINED, promises=(PROMISED,), tags=("mentor",)))
"""As it was before a peer's word to a newcomer could count."""
NEWCOMER_SPOKE = NewcomerSpoke(conversation="c-51", at=AT)
MEMBER_10 = replace(MEMBER_9, addressed=EVIDENCE, spoke_in=(NEWCOMER_SPOKE,))
"""As it was before it was known by which message alone a newcomer is known."""
MEMBER_SEEN_2 = MemberSeen(member=ADA, evidence=EVIDENCE, joined=True, welcome_due=DUE)
CONVERSATION_4 = replace(CONVERSATION_3, needs=(REASON,), need=NEED)
"""As it was before it was known whose answers are accepted."""
SOLVED = ConversationSolved(evidence=EVIDENCE, message="m-8813")
QUESTION = QuestionAsked(post=POST, due=DUE)
ADA_SPOKE, MIRA_SPOKE = (
    Voice(member=ADA, first=EVIDENCE, greeted=True, message="m-8812"),
    Voice(member=MIRA, first=EVIDENCE, message="m-8814"),
)
CONVERSATION_5 = replace(
    CONVERSATION_4,
    voices=Voices(peers=(ADA_SPOKE,), team=(MIRA_SPOKE,), last_of_team=MIRA_SPOKE),
    accepted=SOLVED,
)
"""As it was before deletions and recoveries were told apart by their time."""
CONVERSATION_6 = replace(CONVERSATION_5, presences=(Presence(message="m-8812", at=AT, deleted=True),))
"""As it was before a question further down was known."""
CONVERSATION_7 = replace(CONVERSATION_6, further=QUESTION)
"""As it was before it was known when a problem was solved."""
BEFORE_ANYBODY_WAS_HEARD: Final = 9
"""So many of the earlier policies were stored before days were heard of."""
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
    "triage.MemberSeen": replace(MEMBER_SEEN_2, message="m-1", there=False),
    "triage.NewcomerBack": NewcomerBack(evidence=EVIDENCE, message="m-1"),
    "triage.NewcomerKnownBy": NewcomerKnownBy(evidence=EVIDENCE, message="m-1"),
    "triage.NewcomerSeenAgain": NewcomerSeenAgain(evidence=EVIDENCE),
    "triage.NewcomerUnseen": NewcomerUnseen(evidence=EVIDENCE),
    "triage.MemberNamed": MemberNamed(member=ADA),
    "triage.MemberDescribed": MemberDescribed(roles=("helpers",), bot=True, team=True, at=AT),
    "triage.IdentityLinked": IdentityLinked(other=MIRA, evidence=EVIDENCE),
    "triage.IdentityUnlinked": IdentityUnlinked(other=MIRA, evidence=EVIDENCE),
    "triage.MemberTagged": MemberTagged(tags=("vip",), at=AT),
    "triage.MemberGreeted": MemberGreeted(by=MIRA, evidence=EVIDENCE),
    "triage.MemberLeft": MemberLeft(evidence=EVIDENCE),
    "triage.MemberReturned": MemberReturned(evidence=EVIDENCE),
    "triage.MemberActive": MemberActive(evidence=EVIDENCE, missed_at=DUE, check_in_due=DUE),
    "triage.MemberTurnedTo": MemberTurnedTo(by=MIRA, evidence=EVIDENCE),
    "triage.MemberAddressed": MemberAddressed(by=MIRA, evidence=EVIDENCE),
    "triage.NewcomerSpoke": NEWCOMER_SPOKE,
    "triage.MemberSurveyed": MemberSurveyed(answer=ANSWER),
    "triage.ContactDeclined": CONTACT_DECLINED,
    "triage.FollowUpPromised": PROMISED,
    "triage.TagGiven": TagGiven(tag="mentor"),
    "triage.TagTaken": TagTaken(tag="mentor"),
    "triage.PromisesPostponed": PromisesPostponed(of=(EVIDENCE,), due=DUE),
    "triage.PromisesLookedAt": PromisesLookedAt(of=(EVIDENCE,), against="the member left", at=AT),
    "triage.ContactAllowed": ContactAllowed(at=AT),
    "triage.OccasionArose": OccasionArose(name="moderated", occasion=OCCASION),
    "triage.OccasionPostponed": OccasionPostponed(name="moderated", due=DUE),
    "triage.OccasionLookedAt": OccasionLookedAt(name="moderated", of=AT, against="long past", at=DUE),
    "triage.WelcomePassed": WelcomePassed(why="long past", at=AT),
    "triage.WelcomePostponed": WelcomePostponed(due=DUE),
    "triage.ConversationOpened": ConversationOpened(conversation="c-51", post=POST, due=DUE, answered_by="team"),
    "triage.QuestionAsked": QUESTION,
    "triage.VoiceHeard": VoiceHeard(post=POST),
    "triage.VoicesGreeted": VoicesGreeted(members=(ADA,), by=MIRA, evidence=EVIDENCE),
    "triage.OpeningEdited": OPENING_EDITED,
    "triage.OpeningDeleted": OpeningDeleted(message="m-8812", evidence=EVIDENCE),
    "triage.OpeningRecovered": OpeningRecovered(message="m-8812", evidence=EVIDENCE),
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
        reasons=(ReasonClosed(reason="unanswered", about=REASON.about, member=ADA),),
    ),
    "triage.TouchClosed#1": TouchClosed(
        touch=NEED.touch,
        outcome="reached",
        at=AT,
        reasons=(ReasonClosed(reason="unanswered", about=REASON.about),),
    ),
    "triage.ReasonSettled": ReasonSettled(reason="unanswered", at=AT),
    "triage.MessagesCounted": MessagesCounted(messages=32),
    "triage.ScoreSeen": ScoreSeen(kind="distress", step=57),
    "triage.AlertGiven": AlertGiven(kind="distress", threshold=0.812),
    "triage.AlertJudged": AlertJudged(kind="distress", right=False),
    "triage.ToneOptedOut": ToneOptedOut(at=AT),
    "triage.ToneOptedIn": ToneOptedIn(at=AT),
    "triage.FrustrationHeard": FRUSTRATION_HEARD,
    "triage.FrustrationHeard#1": FRUSTRATION_1,
    "triage.HeatFelt": HEAT_FELT,
    "triage.HeatFelt#1": HEAT_FELT_1,
    "triage.SignGone": SIGN_GONE,
    "triage.SignShown": SIGN_SHOWN,
    "triage.SignsForgotten": SignsForgotten(message="m-1", reasons=("heated",)),
    "state.signs": ShownState(shown=(SIGN_SHOWN,)),
    "triage.RemarkMade": RemarkMade(remark=REMARK, asks=True),
    "triage.AnsweredBeside": AnsweredBeside(question="m-8811", answer=POST),
    "triage.TalkHeard": TalkHeard(at=AT),
    "state.channel#1": CHANNEL_STATE,
    "state.channel": CHANNEL_STATE,
    "state.alerts": AlertsState(messages=3200, classes={"distress": Class(counts=(0, 1) * 48, given=2, stricter=1)}),
    "triage.DayNoted": DAY_NOTED,
    "state.tone": replace(TONE_2, frustrated=(FRUSTRATION_HEARD,), gone=(SIGN_GONE,)),
    "triage.EntryNoted": EntryNoted(entry=ENTRY, of_one=8),
    "triage.RitualArranged": RitualArranged(due=DUE),
    "triage.RitualLookedAt": RitualLookedAt(at=AT, members=3, due=DUE),
    "state.ritual": RitualState(entries=(ENTRY,), listed=(ENTRY,), due=DUE, needs=(REASON,), need=NEED),
    "triage.GatheringPlanned": GatheringPlanned(plan=PLAN, due=DUE),
    "triage.GuestRegistered": GuestRegistered(registration=REGISTRATION),
    "triage.GuestCame": GuestCame(entry=ENTRY, due=DUE),
    "triage.GatheringLookedAt": GatheringLookedAt(at=AT, due=DUE, reminded=True, closed=True),
    "state.gathering": GatheringState(
        plan=PLAN,
        registered=(REGISTRATION,),
        came=(ENTRY,),
        due=DUE,
        reminded=AT,
        closed=AT,
        needs=(REASON,),
        need=NEED,
    ),
    "triage.CameFirst": CameFirst(at=AT),
    "state.guest": GuestState(first=AT),
    "state.heat": replace(HEAT_1, felt=(HEAT_FELT,), gone=(SIGN_GONE,)),
    "state.heat#1": HEAT_1,
    "state.community": COMMUNITY_STATE,
    "state.community#10": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#9"]),
    "state.community#11": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#10"]),
    "state.community#12": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#11"]),
    "state.community#13": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#12"]),
    "state.community#14": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#13"]),
    "state.community#15": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#14"]),
    "state.community#16": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#15"]),
    "state.community#17": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#16"]),
    "state.community#18": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#17"]),
    "state.community#19": replace(COMMUNITY_STATE, policy=EARLIER_POLICIES["#18"]),
    **{
        f"state.community{earlier}": replace(COMMUNITY_STATE, policy=policy, heard={})
        for earlier, policy in list(EARLIER_POLICIES.items())[:BEFORE_ANYBODY_WAS_HEARD]
    },
    "state.member": replace(MEMBER_10, first_message="m-1", first_there=False, seen_again=True, back=EVIDENCE),
    "state.conversation": replace(CONVERSATION_7, solution=EVIDENCE),
    "state.care": CareState(
        touch=NEED,
        touches=2,
        ended=EndedTouch(touch="t-0", reasons=("welcome",), told=NEED.reasons),
        settled=(Settled(reason="welcome", at=AT),),
        endings=(EndedTouch(touch="t-1", reasons=("welcome",), told=NEED.reasons),),
        counted=(Counted(reason="unanswered", about="conversation:acme:c-52", revision=1, member=ADA),),
    ),
    "state.care#3": CareState(
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
            "triage.MemberSeen": MEMBER_SEEN_2,
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
    "state.member#5": MEMBER_5,
    "state.member#6": MEMBER_6,
    "state.member#7": MEMBER_7,
    "state.member#8": MEMBER_8,
    "state.member#9": MEMBER_9,
    "state.member#10": MEMBER_10,
    "triage.MemberSeen#2": MEMBER_SEEN_2,
    "state.conversation#3": CONVERSATION_3,
    "state.conversation#4": CONVERSATION_4,
    "state.conversation#5": CONVERSATION_5,
    "state.conversation#6": CONVERSATION_6,
    "state.conversation#7": CONVERSATION_7,
    "state.ritual#1": RitualState(entries=(ENTRY,), due=DUE, needs=(REASON,), need=NEED),
    "state.tone#1": TONE_1,
    "state.tone#2": TONE_2,
}

"""A small community for simulations: its policies, its people, and what they do, without anything drawn by chance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.cloudevents import MemberEvent, encode_member_event, type_name
from shared.contracts.member_events import Member, MemberEventData
from shared.contracts.policy import Hours, Identity, Limits, Policy, Responder, Team
from shared.contracts.policy_rules import Rules, UnansweredRule, WelcomeRule
from shared.contracts.subjects import kind_of, member_event_subject
from shared.contracts.warmline_facts import PolicyAdopted, WarmlineFact
from shared.delivery import member_event_key
from shared.publisher import Outgoing

ORGANISATION, COMMUNITY, PLATFORM = "harbour", "acme", "discord"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS = Hours(timezone="UTC", days=dict.fromkeys(DAYS, ("00:00-24:00",)))
BERLIN = Hours(timezone="Europe/Berlin", days=dict.fromkeys(DAYS, ("09:00-17:00",)))
PEERS = ADA, BEA, CLEO = tuple(Member(id=name) for name in ("ada", "bea", "cleo"))
MIRA, JONAS = Member(id="mira"), Member(id="jonas")
HANNA = Member(id="hanna", roles=("helper",))
ROBOT = Member(id="robot", roles=("helper",), bot=True)
TEAM = (MIRA, JONAS, HANNA)
MEMBERS = {member.id: member for member in (*PEERS, *TEAM, ROBOT)}
WELCOME_HOURS, ANSWER_HOURS = 8.0, 4.0


def responder(name: str, **changes: Any) -> Responder:
    given = {"display_name": name.title(), "identities": (Identity(platform=PLATFORM, id=name),), **changes}
    return Responder(name=name, **given)


def care_policy(*responders: Responder, hours: Hours = ALWAYS, **changes: Any) -> Policy:
    """A welcome within 8 hours and an answer within 4; nothing is ever long past."""
    return Policy(
        organisation=ORGANISATION,
        communities=(COMMUNITY,),
        hours=hours,
        responders=responders,
        team=Team(roles=("helper",), members=tuple(Identity(platform=PLATFORM, id=one.id) for one in (MIRA, JONAS))),
        rules=Rules(
            welcome=WelcomeRule(within_hours=WELCOME_HOURS, settling_in_days=0, forget_after_days=3650),
            unanswered=UnansweredRule(within_hours=ANSWER_HOURS, forget_after_days=3650),
        ),
        **changes,
    )


SMALL = Limits(care_load=4, touches=2, touches_per_day=3)
POLICIES = (
    care_policy(responder("mira"), responder("jonas")),
    care_policy(responder("mira", limits=SMALL), responder("jonas", limits=SMALL)),
    care_policy(responder("mira", hours=BERLIN), limits=SMALL),
    care_policy(),
)


def event(
    number: int | str,
    time: datetime,
    data: MemberEventData | WarmlineFact,
    *,
    community: str = COMMUNITY,
    organisation: str = ORGANISATION,
) -> MemberEvent:
    platform = PLATFORM if isinstance(data, MemberEventData) else "warmline"
    return MemberEvent(
        id=f"e-{number}",
        source=f"/{platform}/x",
        type=type_name(data),
        time=time,
        organisation=organisation,
        community=community,
        platform=platform,
        data=data,
    )


def outgoing(told: MemberEvent, msg_id: str | None = None) -> Outgoing:
    """Return the event as ingest publishes it."""
    return Outgoing(
        subject=member_event_subject(told.community, told.platform, kind_of(told.type), 1),
        headers={},
        body=encode_member_event(told),
        msg_id=msg_id or member_event_key(told),
    )


def adopted(number: int | str, time: datetime, policy: Policy) -> MemberEvent:
    return event(number, time, PolicyAdopted(community=COMMUNITY, version=f"v{number}", policy=policy))

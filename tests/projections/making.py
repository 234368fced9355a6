"""Messages as the streams hold them, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import needs_touch, policy, touch_facts
from shared.contracts.cloudevents import MemberEvent, encode_member_event, publication, type_name
from shared.contracts.member_events import Member, MemberEventData
from shared.contracts.names import member_key, touch_id
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES, member_event_subject
from shared.contracts.warmline_facts import PolicyAdopted, WarmlineFact
from shared.delivery import Delivered, Message, decode

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORGANISATION = "harbour"
COMMUNITY = "harbour"
ADA = Member(id="u1", name="Ada Lindqvist", handle="ada", roles=("helpers",))
BO = Member(id="u2", name="Bo Achterberg", handle="bo")
MIRA = Member(id="u9", name="Mira Okafor", handle="mira")
ADA_KEY = member_key(COMMUNITY, "discord", "u1")
BO_KEY = member_key(COMMUNITY, "discord", "u2")


def care_policy() -> policy.Policy:
    return policy.Policy(
        organisation=ORGANISATION,
        communities=(COMMUNITY,),
        hours=policy.Hours(timezone="UTC", days={"monday": ("09:00-17:00",)}),
        responders=(
            policy.Responder(
                name="mira",
                display_name="Mira Okafor",
                identities=(policy.Identity(platform="discord", id="u9"),),
                email="mira@example.org",
                email_verified=True,
            ),
            policy.Responder(name="jonas", display_name="Jonas Weber"),
        ),
        team=policy.Team(members=(policy.Identity(platform="github", id="T1"),)),
        linking=policy.Linking(same_handle=(("discord", "github"),)),
        playbooks={
            "unanswered": policy.Playbook(
                read=("The whole thread", "What they asked before"),
                steps=("Answer, or say when you will", "Bring in somebody who knows"),
                turn_to="The maintainers' channel",
            ),
            "welcome": policy.Playbook(steps=("Say hello by name", "Ask what brought them here")),
        },
        escalation=policy.Escalation(emergency_contact=policy.EmergencyContact(responder="jonas")),
    )


class Stream:
    """Numbers what happens, as the server does."""

    def __init__(self, name: str, first: int = 1) -> None:
        self.name = name
        self.next = first
        self.messages: list[Delivered] = []

    def append(self, subject: str, headers: dict[str, str] | None, body: bytes) -> Delivered:
        message = Message(
            stream=self.name,
            seq=self.next,
            stored=NOON + timedelta(seconds=self.next),
            subject=subject,
            headers=headers,
            body=body,
        )
        self.next += 1
        self.messages.append(decode(message))
        return self.messages[-1]


class MemberEvents(Stream):
    def __init__(self) -> None:
        super().__init__(MEMBER_EVENTS)

    def add(
        self,
        data: MemberEventData | WarmlineFact,
        *,
        at: datetime = NOON,
        event_id: str | None = None,
        community: str = COMMUNITY,
        platform: str = "discord",
        source: str = "/discord/guild",
    ) -> Delivered:
        event = MemberEvent(
            id=event_id or f"e:{self.next}",
            source=source,
            type=type_name(data),
            time=at,
            organisation=ORGANISATION,
            community=community,
            platform=platform,
            data=data,
        )
        subject = member_event_subject(community, platform, "any", 4)
        return self.append(subject, None, encode_member_event(event))

    def adopt(self, given: policy.Policy, version: str = "v-1", community: str = COMMUNITY) -> Delivered:
        adopted = PolicyAdopted(community=community, version=version, policy=given)
        return self.add(adopted, platform="warmline", source=f"/warmline/{ORGANISATION}", community=community)


class BusStream(Stream):
    def add(self, data: needs_touch.NeedsTouchEvent | touch_facts.TouchFact) -> Delivered:
        sent = publication(
            "any.subject", data, event_id=f"{self.name}:{self.next}", source="/warmline/test", time=NOON, extensions={}
        )
        return self.append(sent.subject, sent.headers, sent.body)


def touches() -> BusStream:
    return BusStream(TOUCHES)


def facts() -> BusStream:
    return BusStream(TOUCH_FACTS)


def need(
    member: Member = ADA,
    reason: str = "unanswered",
    *,
    community: str = COMMUNITY,
    about: str = "conversation-1",
    since: datetime = NOON,
    revision: int = 1,
    evidence: Sequence[str] = (),
    **changes: Any,
) -> needs_touch.NeedsTouch:
    fields: dict[str, Any] = {
        "touch": touch_id(COMMUNITY, about, 1),
        "revision": revision,
        "organisation": ORGANISATION,
        "community": community,
        "segment": "members",
        "reason": reason,
        "urgency": "normal",
        "care_load": 2,
        "member": needs_touch.MemberRef(
            key=member_key(community, "discord", member.id), platform="discord", id=member.id
        ),
        "about": about,
        "conversation": None,
        "since": since,
        "raised_at": since + timedelta(hours=4),
        "evidence": tuple(needs_touch.Evidence(source="/discord/guild", event=event, time=since) for event in evidence),
        "rule": reason,
        "policy_version": "v-1",
        "values": {"working_hours": 4.5},
        "thresholds": {"within_hours": 4.0},
    }
    return needs_touch.NeedsTouch(**{**fields, **changes})


def reason(of: needs_touch.NeedsTouch, **changes: Any) -> needs_touch.TouchReason:
    """Return the reason that ``of`` adds, as one of a touch."""
    fields: dict[str, Any] = {
        "reason": of.reason,
        "about": of.about,
        "member": of.member,
        "segment": of.segment,
        "since": of.since,
        "at": of.raised_at,
        "urgency": of.urgency,
        "care_load": of.care_load,
        "evidence": of.evidence,
        "rule": of.rule,
        "policy_version": of.policy_version,
        "values": of.values,
        "thresholds": of.thresholds,
        "revision": of.revision,
        "importance": 2.0,
        "why": f"{of.urgency}, because of {of.reason}",
    }
    return needs_touch.TouchReason(**{**fields, **changes})


def ended(of: needs_touch.NeedsTouch, cause: str = "answered-by-peer", at: datetime = NOON) -> Any:
    return needs_touch.NeedsTouchWithdrawn(
        touch=of.touch,
        revision=of.revision + 1,
        organisation=of.organisation,
        community=of.community,
        segment=of.segment,
        reason=of.reason,
        about=of.about,
        at=at,
        cause=cause,
    )


def fact(form: type[Any], of: str, revision: int, at: datetime = NOON, **fields: Any) -> Any:
    return form(touch=of, revision=revision, organisation=ORGANISATION, community=COMMUNITY, at=at, **fields)


def verdict(responder: str, why: str, *, chosen: bool) -> touch_facts.Verdict:
    return touch_facts.Verdict(responder=responder, chosen=chosen, why=why)

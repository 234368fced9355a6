"""A small organisation: its people, its policy, and what its members need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.needs_touch import (
    Evidence,
    MemberRef,
    NeedsTouch,
    NeedsTouchMet,
    NeedsTouchRevised,
    NeedsTouchWithdrawn,
    TouchReason,
)
from shared.contracts.policy import Hours, Identity, Limits, Policy, Responder
from shared.contracts.warmline_facts import CareLogged

End = TypeVar("End", NeedsTouchMet, NeedsTouchRevised)
ORGANISATION = "harbour"
COMMUNITY = "acme"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
ALWAYS = Hours(
    timezone="UTC",
    days={**dict.fromkeys(WORKDAYS, ("00:00-24:00",)), "saturday": ("00:00-24:00",), "sunday": ("00:00-24:00",)},
)
OFFICE = Hours(timezone="UTC", days=dict.fromkeys(WORKDAYS, ("09:00-17:00",)))


def at(hours: float) -> datetime:
    """Return so many hours after Monday, nine o'clock."""
    return MONDAY + timedelta(hours=hours)


def who(name: str) -> MemberRef:
    return MemberRef(key=f"m-{name}", platform="discord", id=name)


def responder(name: str, **changes: Any) -> Responder:
    given = {"display_name": name.title(), "identities": (Identity(platform="discord", id=name),), **changes}
    return Responder(name=name, **given)


def policy(*responders: Responder, **changes: Any) -> Policy:
    given = {"organisation": ORGANISATION, "hours": OFFICE, "limits": Limits(), **changes}
    return Policy(responders=responders, **given)


def need(touch: str = "t-1", **changes: Any) -> NeedsTouch:
    given = {
        "revision": 1,
        "organisation": ORGANISATION,
        "community": COMMUNITY,
        "segment": "everyone",
        "reason": "welcome",
        "urgency": "routine",
        "care_load": 2,
        "member": who("ada"),
        "about": f"member:{touch}",
        "since": MONDAY - timedelta(hours=8),
        "raised_at": MONDAY,
        "evidence": (Evidence(source="/discord/guild", event="joined:ada", time=MONDAY - timedelta(hours=8)),),
        "rule": "welcome.v1",
        "policy_version": "v1",
        "values": {},
        "thresholds": {},
        **changes,
    }
    return NeedsTouch(touch=touch, **given)


def reason(name: str, **changes: Any) -> TouchReason:
    given = {
        "about": f"member:{name}",
        "member": who("ada"),
        "segment": "everyone",
        "since": MONDAY - timedelta(hours=8),
        "at": MONDAY,
        "urgency": "routine",
        "care_load": 2,
        "evidence": (Evidence(source="/discord/guild", event="joined:ada", time=MONDAY - timedelta(hours=8)),),
        "rule": f"{name}.v1",
        "policy_version": "v1",
        "values": {},
        "thresholds": {},
        **changes,
    }
    return TouchReason(reason=name, **given)


def revised(raised: NeedsTouch, *gone: str, when: datetime = MONDAY) -> NeedsTouchRevised:
    """Return the touch without the reasons that are ``gone``."""
    remain = tuple(one for one in raised.reasons if one.reason not in gone)
    revision = raised.revision + 1
    end = {**_end(raised, when, "calm again"), "reason": gone[0]}
    return NeedsTouchRevised(**end, remains=replace(raised, revision=revision, reasons=remain, urgency="routine"))


def _end(raised: NeedsTouch, when: datetime, cause: str) -> dict[str, Any]:
    return {
        "touch": raised.touch,
        "revision": raised.revision + 1,
        "organisation": raised.organisation,
        "community": raised.community,
        "segment": raised.segment,
        "reason": raised.reason,
        "about": raised.about,
        "at": when,
        "cause": cause,
    }


def withdrawn(raised: NeedsTouch, when: datetime = MONDAY) -> NeedsTouchWithdrawn:
    return NeedsTouchWithdrawn(**_end(raised, when, "a peer answered"))


def met(raised: NeedsTouch, by: str, when: datetime = MONDAY) -> NeedsTouchMet:
    return NeedsTouchMet(**_end(raised, when, "the team answered"), by=who(by))


def care(giver: str = "mira", member: str = "ada", *, number: int = 1, when: datetime = MONDAY) -> MemberEvent:
    logged = CareLogged(
        community=COMMUNITY, member=Identity(platform="discord", id=member), responder=giver, way="call"
    )
    return MemberEvent(
        id=f"log-care:{number}",
        source="/warmline/ingest",
        type="warmline.community.care-logged.v1",
        time=when,
        organisation=ORGANISATION,
        community=COMMUNITY,
        platform="warmline",
        data=logged,
    )


def by_care(end: End, giver: str = "mira", *, number: int = 1) -> End:
    """Return the end of a need, or of one of several, as ``care`` of ``giver`` met it."""
    by = MemberRef(key=f"m-{giver}", platform="warmline", id=giver)
    return replace(end, by=by, evidence=(Evidence(source="/warmline/ingest", event=f"log-care:{number}", time=MONDAY),))

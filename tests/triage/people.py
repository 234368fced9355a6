"""A small community: its policy, its people, and what they do."""

from __future__ import annotations

from typing import Any

from shared.contracts.member_events import Joined, Member, Posted
from shared.contracts.policy import Hours, Identity, Importance, Policy, Responder, Segment, Team, Tone
from shared.contracts.policy_rules import Rules, UnansweredRule, WelcomeRule

ALWAYS = Hours(
    timezone="UTC",
    days=dict.fromkeys(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), ("00:00-24:00",)
    ),
)
ADA, BEA, CLEO = (Member(id=name) for name in ("ada", "bea", "cleo"))
MIRA = Member(id="mira")
"""A responder."""
JONAS = Member(id="jonas")
"""Of the team by name."""
HELPER = Member(id="hanna", roles=("helper",))
"""Of the team by a role."""
ROBOT = Member(id="robot", roles=("helper",), bot=True)


def care_policy(
    *,
    segments: tuple[Segment, ...] = (),
    importance: dict[str, float] | None = None,
    welcome: dict[str, Any] | None = None,
    unanswered: dict[str, Any] | None = None,
    tone: Tone | None = None,
    **rules: Any,
) -> Policy:
    """Return a policy by which a welcome is due after 8 hours and an answer after 4, at any time of the week.

    ``rules`` are the other rules, as they are to be.
    """
    return Policy(
        organisation="harbour",
        communities=("acme",),
        hours=ALWAYS,
        responders=(
            Responder(name="mira", display_name="Mira Okafor", identities=(Identity(platform="discord", id="mira"),)),
        ),
        team=Team(roles=("helper",), members=(Identity(platform="discord", id="jonas"),)),
        segments=segments,
        importance=Importance(**(importance or {})),
        rules=Rules(
            welcome=WelcomeRule(**{"settling_in_days": 0, **(welcome or {})}),
            unanswered=UnansweredRule(**(unanswered or {})),
            **rules,
        ),
        tone=tone or Tone(),
    )


def joined(member: Member) -> Joined:
    return Joined(member=member)


def posted(member: Member, message: str, *, text: str = "Hello.", conversation: str = "c-1", **more: Any) -> Posted:
    return Posted(member=member, conversation=conversation, message=message, text=text, **more)


def asked(member: Member, message: str, **more: Any) -> Posted:
    return posted(member, message, text="How do I start?", **more)

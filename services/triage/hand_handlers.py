"""What the team tells of a member, each one acting as themselves: handlers beside those of ``handlers``."""

from __future__ import annotations

from datetime import timedelta

from services.triage.member_facts import AskByHand, GreetMember
from services.triage.needs import Circumstances
from services.triage.reasons import by_hand
from services.triage.situation import Situation
from services.triage.stream_ids import identity
from shared.contracts.warmline_facts import PLATFORM, CareLogged, TouchAsked


def ask_for_touch(now: Situation) -> None:
    """Whoever knows of a need that no rule sees says so."""
    asked: TouchAsked = now.data
    member, stream = identity(asked.community, asked.member.platform, asked.member.id)
    seen = Circumstances(
        at=now.stored,
        due=None,
        enabled=True,
        about=stream,
        segment=now.reading.segments.of(now.work.state(stream), now.stored),
        care_load=by_hand.CARE_LOAD,
        policy_version=now.reading.version,
        forget_after=timedelta(0),
        thresholds={},
    )
    command = AskByHand(
        seen=seen, member=member, evidence=now.evidence, urgency=asked.urgency, conversation=asked.conversation
    )
    now.decide(stream, command)


def note_care(now: Situation) -> None:
    """A call is as good as a word on a platform: it meets what that would meet, and counts to whoever gave it."""
    logged: CareLogged = now.data
    _, stream = identity(logged.community, logged.member.platform, logged.member.id)
    giver, _ = identity(logged.community, PLATFORM, logged.responder)
    now.decide(stream, GreetMember(by=giver, evidence=now.evidence))

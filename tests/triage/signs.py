"""Signs in what members wrote, for the specifications of what rests on the reading of tone."""

from __future__ import annotations

from datetime import timedelta

from services.triage.tone.signs import Sign, SignKind
from services.triage.tone_facts import NoteSign
from shared.contracts.needs_touch import Evidence, MemberRef
from tests.triage.making import ADA, at, circumstances

SPAN = (5, 12)
CRISIS = "I want to kill myself."
DISTRESS = "I feel so depressed and lonely these days."
INSULT = "You are a pathetic fucking idiot, shut up."
THANKS = (
    "Thank you so much! Your explanation of how the partitions are owned and handed over saved my week, and I have"
    " already shown it to my whole team, who understood all of it at once."
)


def told(hours: float) -> Evidence:
    return Evidence(source="/discord/guild", event=f"event:{hours}", time=at(hours))


def sign(
    kind: SignKind,
    hours: float,
    *,
    score: float = 0.9,
    crisis: bool = False,
    shown_from: float | None = 0.8,
    member: MemberRef = ADA,
) -> NoteSign:
    """Return a sign in what ``member`` wrote so many hours after Monday, nine o'clock."""
    return NoteSign(
        seen=circumstances(hours, due=None, thresholds={"alerts_per_thousand": 1.0}),
        member=member,
        conversation="c-51",
        evidence=told(hours),
        sign=Sign(kind=kind, score=score, crisis=crisis, spans=(SPAN,)),
        score=score,
        shown_from=shown_from,
        reader="lists-model",
        within=timedelta(hours=2),
    )

"""Warmline's terms in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.projections.resources import ByHandItem, QueueItem, ReasonItem, ResponderName
from services.projections.viewer import Viewer
from shared.contracts.names import Urgency
from shared.contracts.touch_facts import Outcome
from shared.contracts.warmline_facts import CareWay

_REASONS: Final = {
    "welcome": "Welcome",
    "unanswered": "Unanswered question",
    "distress": "Not well",
    "heated": "Heated conversation",
    "frustration": "Out of patience",
    "thanks": "A thanks",
    "fading": "Has gone quiet",
    "returning": "Back again",
    "milestone": "Milestone",
    "low-survey": "Low survey score",
    "moderated": "Moderated",
    "farewell": "Farewell",
    "check-in": "Check-in",
    "follow-up": "Follow-up",
    "by-hand": "Asked for by the team",
}
_SENTENCES: Final = {
    "welcome": "New here, and nobody of the team has said hello yet.",
    "unanswered": "Asked something, and nobody has answered yet.",
    "distress": "Wrote as somebody may write who is not well. Read it yourself: a machine noticed words, no more.",
    "heated": "Insults fell in this conversation. Read it before you write.",
    "frustration": "Seems to be at the end of their patience.",
    "thanks": "Thanked somebody, or was thanked, in more than a word.",
    "fading": "Used to be here more often, and has been silent for long.",
    "returning": "Is here again after a long silence.",
    "milestone": "Has something to be glad of: a word would do.",
    "low-survey": "Gave a low score in a survey, and nobody has asked why.",
    "moderated": "Was moderated, and no person has explained it yet.",
    "farewell": "Came often, and has gone.",
    "check-in": "Is here, and nobody of the team has turned to them for long.",
    "follow-up": "Somebody cared for them some days ago: how did it go on?",
    "by-hand": "Somebody of the team asks that a human turns to them.",
}
_STATES: Final = {
    "raised": "Looking for someone",
    "held": "Held",
    "assigned": "Assigned",
    "claimed": "In good hands",
    "settled": "Settled",
    "withdrawn": "No longer needed",
}
STATE_PAIRS: Final = tuple(_STATES.items())
_HOLDS: Final = {
    "outside-hours": "Everyone is outside their working hours",
    "over-limit": "Everyone who could has enough on their plate",
    "on-leave": "Those who could are on leave",
    "given-back": "Those who could have given it back today",
    "not-taken": "Those who could did not take it today",
    "no-responder": "Nobody serves this segment yet",
}
_ESCALATED: Final = {
    "nobody-claimed": "nobody who was asked has claimed it",
    "held-too-long": "held for too long, as nobody could be asked",
}
OUTCOMES: Final[dict[Outcome, str]] = {
    "reached": "I reached them",
    "no-response": "No response",
    "referred": "Referred to somebody else",
    "not-needed": "It was not needed",
    "replied-on-platform": "I replied on the platform",
}
URGENCIES: Final[dict[Urgency, str]] = {
    "urgent": "Now: it cannot wait",
    "soon": "Soon: today or tomorrow",
    "routine": "When there is time",
}
WAYS: Final[dict[CareWay, str]] = {
    "call": "I called them",
    "message": "I wrote to them",
    "meeting": "I met them",
    "other": "In another way",
}
_WAYS_TOLD: Final = {"call": "called them", "message": "wrote to them", "meeting": "met them"}
_SETTLED: Final = {
    "reached": "they were reached",
    "no-response": "no response",
    "referred": "referred to somebody else",
    "not-needed": "it was not needed",
    "replied-on-platform": "replied on the platform",
}
_UNITS: Final = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=7), "week"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_LIGHT, _MEDIUM = 1, 4


def plain(name: str) -> str:
    """Return an identifier such as ``answered-by-peer`` as words: ``answered by peer``."""
    return name.replace("-", " ").replace("_", " ")


def capital(text: str) -> str:
    """Return ``text`` with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def reason(name: str) -> str:
    """Return a reason as a title."""
    return _REASONS.get(name) or capital(plain(name))


def need(item: QueueItem) -> str:
    """Return why somebody needs a human, as a sentence: for the most important reason."""
    return sentence(item.reason)


def sentence(name: str) -> str:
    """Return a reason as a sentence."""
    return _SENTENCES.get(name) or f"{capital(plain(name))}: a human is needed."


def by_hand(item: ByHandItem, responder: str | None) -> str:
    """Return what somebody of the team told, as a sentence for ``responder``."""
    name = "You" if item.responder.name == responder else item.responder.display_name
    if item.kind == "touch-asked":
        return f"{name} asked for a touch"
    return f"{name} {_WAYS_TOLD.get(str(item.detail.get('way')), 'cared for them')}"


def also(item: QueueItem) -> str | None:
    """Return the other reasons, as a short sentence; None where there is one alone."""
    others = [reason(name).lower() for name in item.reasons if name != item.reason]
    return f"Also: {', '.join(others)}." if others else None


def difference(one: ReasonItem) -> str | None:
    """Return what would have made a reason needless, as a sentence."""
    return f"{capital(one.difference)} would have made the difference." if one.difference else None


def state(item: QueueItem, viewer: Viewer) -> str:
    """Return where a touch stands, in a few words."""
    if item.responder is not None and item.state in ("assigned", "claimed"):
        if is_with(item, viewer):
            return "With you"
        return f"With {item.responder.display_name}"
    return _STATES[item.state]


def is_with(item: QueueItem, viewer: Viewer) -> bool:
    """Whether a touch is with the viewer."""
    return (
        item.responder is not None
        and item.responder.name == viewer.responder
        and item.organisation == viewer.organisation
    )


def standing(item: QueueItem, responder: str | None) -> str:
    """Return where a touch stands, as a sentence for ``responder`` (None: somebody who is just looking)."""
    name = item.responder.display_name if item.responder else None
    mine = item.responder is not None and item.responder.name == responder
    match item.state:
        case "raised":
            return "Somebody is being looked for."
        case "held":
            return f"{hold(item.hold)}. It waits, and goes to the first who is free."
        case "assigned":
            return "This one is for you. Claim it when you take it on." if mine else f"It is for {name} to take on."
        case "claimed":
            return "You have taken this on." if mine else f"{name} has taken this on."
        case "settled":
            return f"Settled by {name}: {outcome(item.outcome)}." if name else f"Settled: {outcome(item.outcome)}."
        case "withdrawn":
            return "The cause is gone: nothing is to be done."


def hold(name: str | None) -> str:
    """Return why a touch is held."""
    return _HOLDS.get(name or "") or capital(plain(name or "held"))


def escalated(cause: str | None) -> str:
    """Return why a touch has escalated, as half a sentence."""
    return _ESCALATED.get(cause or "") or plain(cause or "nobody has claimed it")


def outcome(name: str | None) -> str:
    """Return how a touch ended, as it is told afterwards."""
    return _SETTLED.get(name or "") or plain(name or "")


def care(load: int) -> str:
    """Return how much a touch asks of the one who takes it on."""
    return "light load" if load <= _LIGHT else "medium load" if load <= _MEDIUM else "heavy load"


def span(length: timedelta) -> str:
    """Return a length of time, in its largest unit: ``3 hours``."""
    for unit, name in _UNITS:
        count = int(length / unit)
        if count >= 1:
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return "a moment"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago ``then`` was: ``3 hours ago``."""
    return "just now" if now - then < timedelta(minutes=1) else f"{span(now - then)} ago"


def pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return names with what to call them, for a choice."""
    return [(name, plain(name)) for name in names]


def reason_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return reasons with their titles, for a choice."""
    return [(name, reason(name)) for name in names]


def responder_pairs(names: Sequence[ResponderName], me: str | None) -> list[tuple[str, str]]:
    """Return responders with their names, for a choice, oneself first."""
    others = [(each.name, each.display_name) for each in names if each.name != me]
    return [(me, "Me"), *others] if me else others


def initials(name: str) -> str:
    """Return up to two letters that stand for a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "·"


def hue(key: str) -> int:
    """Return one of six colours for a member, always the same."""
    return sum(key.encode()) % 6


def seat_value(organisation: str, responder: str) -> str:
    """Return how a form names a responder of an organisation."""
    return f"{organisation}/{responder}"

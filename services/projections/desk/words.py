"""Warmline's terms in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.projections.desk.reason_words import REASONS, SENTENCES
from services.projections.resources import (
    LinkItem,
    NoContactItem,
    QueueItem,
    ReasonItem,
    ResponderName,
)
from services.projections.viewer import Viewer
from shared.contracts.names import Urgency
from shared.contracts.touch_facts import Outcome
from shared.contracts.warmline_facts import CareWay

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
    "not-claimed-again": "it became urgent in somebody's hands, who has not acted on it since",
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
    return REASONS.get(name) or capital(plain(name))


def need(item: QueueItem) -> str:
    """Return why somebody needs a human, as a sentence: for the most important reason."""
    return sentence(item.reason)


def sentence(name: str) -> str:
    """Return a reason as a sentence, or one of its lists."""
    return SENTENCES.get(name) or f"{capital(plain(name))}: a human is needed."


def no_contact(told: NoContactItem) -> str:
    """Return that a member is not to be contacted, as a sentence without who that is."""
    return f"asked not to be contacted{f' before {day(told.until)}' if told.until else ''}"


def who_decides(contact: ResponderName | None, responder: str | None) -> str:
    """Return who says whether a member is contacted who asked not to be, as a sentence for ``responder``."""
    if contact is not None and contact.name == responder:
        return "Whether anybody turns to them all the same is for you to decide."
    who = f"{contact.display_name}, the emergency contact" if contact else "the team, not for one of them alone"
    return f"Whether anybody turns to them all the same is for {who}, to decide: ask before you write."


def day(moment: date) -> str:
    """Return a day as people write it: ``1 Dec 2026``."""
    return f"{moment:%-d %b %Y}"


def moment(written: str) -> str:
    """Return a time as it is written in an event as people write it: ``1 Dec 2026, 18:00 UTC``."""
    return f"{datetime.fromisoformat(written).astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def linked_by(link: LinkItem, responder: str | None) -> str:
    """Return who linked two identities, for ``responder``: ``linked by Mira``."""
    if link.responder is None:
        return f"linked by the rule {plain(link.rule or '')}"
    return f"linked by {'you' if link.responder.name == responder else link.responder.display_name}"


def also(item: QueueItem) -> str | None:
    """Return the other reasons, as a short sentence; None where there is one alone."""
    others = [reason(name).lower() for name in item.reasons if name != item.reason]
    return f"Also: {', '.join(others)}." if others else None


def difference(one: ReasonItem) -> str | None:
    """Return what would have made a reason needless, as a sentence."""
    if one.difference is None:
        return None
    what, colon, more = one.difference.partition(": ")
    return f"{capital(what)} would have made the difference{colon}{more}."


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
    return _ESCALATED.get(cause or "") or plain(cause or "nobody acts on it")


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

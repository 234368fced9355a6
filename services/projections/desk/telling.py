"""Events told in sentences: what members did, and what became of touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from services.projections.desk.words import capital, day, escalated, hold, moment, outcome, plain, reason
from services.projections.resources import ByHandItem, HistoryItem, TimelineEntry

_Detail = Mapping[str, Any]


def _announced(extra: _Detail) -> str:
    what = extra.get("title") or "a gathering"
    if extra.get("called_off"):
        return f"called off {what}"
    where = f", at {extra['where']}" if extra.get("where") else ""
    return f"announced {what} for {moment(str(extra['starts_at']))}{where}"


_DEEDS: Final[dict[str, Callable[[_Detail], str]]] = {
    "joined": lambda _: "joined the community",
    "edited": lambda _: "edited a message",
    "deleted": lambda _: "deleted a message",
    "reacted": lambda extra: f"reacted with {extra.get('reaction', '')}",
    "planned": _announced,
    "registered": lambda extra: f"said that they {'do not come' if extra.get('declined') else 'come'} to a gathering",
    "attended": lambda extra: f"came to {extra.get('title') or extra.get('gathering', 'a gathering')}",
    "surveyed": lambda extra: f"answered the survey {extra.get('survey', '')}: {extra.get('score', '?')} of 10",
    "moderated": lambda extra: f"was moderated: {plain(str(extra.get('action', '')))}",
    "renewed": lambda extra: f"renewed {_membership(extra)}",
    "cancelled": lambda extra: f"cancelled {_membership(extra)}",
    "left": lambda _: "left the community",
    "solved": lambda extra: (
        "took over somebody's contribution" if extra.get("contributor") else "marked a conversation as solved"
    ),
    "updated": lambda _: "changed their profile",
}

_STEPS: Final[dict[tuple[str, str], Callable[[_Detail, str], str]]] = {
    ("need", "raised"): lambda detail, _: f"Raised: {_reason(detail)}",
    ("need", "joined"): lambda detail, _: f"Another reason: {_reason(detail)}",
    ("need", "revised"): lambda detail, _: (
        f"No longer: {reason(str(detail.get('reason', ''))).lower()}{_because(detail)}"
    ),
    ("need", "met"): lambda detail, _: f"Somebody of the team met the need{_because(detail)}",
    ("need", "withdrawn"): lambda detail, _: f"The need is gone{_because(detail)}",
    ("fact", "assigned"): lambda _, name: f"Assigned to {name}",
    ("fact", "held"): lambda detail, _: f"Held: {hold(detail.get('hold')).lower()}",
    ("fact", "claimed"): lambda _, name: f"{capital(name)} took it on",
    ("fact", "released"): lambda _, name: f"{capital(name)} gave it back",
    ("fact", "settled"): lambda detail, name: f"Settled by {name}: {outcome(detail.get('outcome'))}",
    ("fact", "withdrawn"): lambda detail, _: f"Withdrawn{_because(detail)}",
    ("fact", "reminded"): lambda _, name: f"{capital(name)} {_was(name)} reminded",
    ("fact", "passed-on"): lambda _, name: f"{capital(name)} did not take it: passed on",
    ("fact", "escalated"): lambda detail, name: f"Escalated: {escalated(detail.get('cause'))}{_told(name)}",
    ("fact", "annotated"): lambda detail, _: f"Note: {plain(str(detail.get('note', '')))}",
}

_WAYS: Final = {"call": "called them", "message": "wrote to them", "meeting": "met them"}

_TOLD: Final[dict[str, Callable[[_Detail], str]]] = {
    "touch-asked": lambda _: "asked for a touch",
    "care-logged": lambda detail: _WAYS.get(str(detail.get("way")), "cared for them"),
    "contact-declined": lambda detail: f"told that they want no contact{_before(detail.get('until'))}",
    "contact-allowed": lambda _: "told that they may be contacted again",
    "tag-given": lambda detail: f"gave them the tag {detail.get('tag', '')}",
    "tag-taken": lambda detail: f"took the tag {detail.get('tag', '')} away",
    "tone-opt-out": lambda detail: f"told that {_read(detail)} read for its tone",
    "note-written": lambda _: "noted",
    "follow-up-promised": lambda detail: f"promised to come back to them on {_promised(detail)}",
}

_NAMELESS: Final = {("fact", "reminded"): "the emergency contact", ("fact", "escalated"): ""}
"""Who a fact is about that names nobody; else it is the team."""


def deed(item: HistoryItem) -> str:
    """Return what a member did, as a phrase that follows their name."""
    if item.kind == "posted":
        where = f" in #{item.channel.removeprefix('#')}" if item.channel else ""
        return f"replied{where}" if item.reply_to else f"wrote{where}"
    told = _DEEDS.get(item.kind)
    return told(item.extra) if told else plain(item.kind)


def step(entry: TimelineEntry, reader: str | None) -> str:
    """Return what happened to a touch, as a sentence for the responder ``reader``."""
    if entry.responder is None:
        name = _NAMELESS.get((entry.origin, entry.kind), "the team")
    else:
        name = "you" if entry.responder.name == reader else entry.responder.display_name
    told = _STEPS.get((entry.origin, entry.kind))
    return told(entry.detail, name) if told else capital(plain(entry.kind))


def by_hand(item: ByHandItem, reader: str | None) -> str:
    """Return what the team told of a member, as a sentence for the responder ``reader``."""
    told = _TOLD.get(item.kind)
    name = "You" if item.responder.name == reader else item.responder.display_name or "The administrator"
    return f"{name} {told(item.detail) if told else plain(item.kind)}"


def _before(until: object) -> str:
    return f" before {day(datetime.fromisoformat(str(until)))}" if until else ""


def _promised(detail: _Detail) -> str:
    return day(date.fromisoformat(str(detail["day"])))


def _read(detail: _Detail) -> str:
    return "nothing that they write is to be" if detail.get("opted_out") else "what they write may be"


def _membership(extra: _Detail) -> str:
    return f"the plan {extra['plan']}" if extra.get("plan") else "their membership"


def _was(name: str) -> str:
    return "were" if name == "you" else "was"


def _told(name: str) -> str:
    return f"; {name} {_was(name)} told" if name else ""


def _reason(detail: _Detail) -> str:
    return reason(str(detail.get("reason", ""))).lower()


def _because(detail: _Detail) -> str:
    return f": {plain(str(detail['cause']))}" if detail.get("cause") else ""

"""Hivebrite: events, and who comes to them, to member events. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.ingest.platforms.facts import Fact, attendance_id, name_of, stamp
from services.ingest.platforms.gatherings import NOBODY, end_of, registered
from services.ingest.platforms.hivebrite_facts import Network, member_of
from services.ingest.platforms.hivebrite_records import Coming, Event
from shared.contracts.member_events import Attended, Planned
from shared.contracts.names import Audience

_COME: Final = frozenset(("attended", "checked_in", "participated", "present", "yes"))
_AWAY: Final = frozenset(("absent", "no", "no_show", "not_attended", "not_participated"))
_COMING: Final = frozenset(("accepted", "attending", "confirmed", "going", "yes"))
_DECLINED: Final = frozenset(("canceled", "cancelled", "declined", "no", "not_going", "refused"))
_UNDECIDED: Final = frozenset(("", "none", "pending", "unknown"))
_NOT_COMING: Final = _UNDECIDED | _DECLINED | frozenset(("interested", "invited", "maybe", "waiting"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who was at an event, and the words for it that are not known."""

    came: frozenset[int]
    unknown: frozenset[str]


def presence(records: Sequence[Coming]) -> Presence:
    """Return who was at one event: who is marked so, and who was to come and is not marked at all."""
    came: set[int] = set()
    away: set[int] = set()
    coming: set[int] = set()
    unknown: set[str] = set()
    for record in records:
        if record.user_id is None:
            continue
        marked, said = _word(record.participation_status), _word(record.status)
        if marked in _COME:
            came.add(record.user_id)
        elif marked in _AWAY:
            away.add(record.user_id)
        elif marked not in _UNDECIDED:
            unknown.add(marked)
        if _is_coming(record):
            coming.add(record.user_id)
        elif said not in _NOT_COMING:
            unknown.add(said)
    return Presence(came=frozenset(came | (coming - away)), unknown=frozenset(unknown))


def _is_coming(record: Coming) -> bool:
    said = _word(record.status)
    return said in _COMING or (said == "" and record.ticket_id is not None)


def _word(status: str | None) -> str:
    return "_".join((status or "").replace("-", " ").lower().split())


def attended(event: Event, user: int, network: Network) -> Fact:
    """Return that a user was at an event."""
    data = Attended(
        member=member_of(user), gathering=str(event.id), title=name_of(event.title), url=_link(event, network)
    )
    return Fact(id=attendance_id(data.gathering, data.member.id), time=event.over_at, data=data)


def planned(event: Event, audience: Audience, network: Network) -> Planned:
    """Return what is planned."""
    return Planned(
        member=NOBODY,
        gathering=str(event.id),
        starts_at=event.start_date,
        ends_at=end_of(event.start_date, event.end_date),
        title=name_of(event.title),
        audience=audience,
        url=_link(event, network),
        called_off=bool(event.cancelled),
    )


def replied(record: Coming, seen: datetime) -> list[Fact]:
    """Return what a user said of coming, ``seen`` then where Hivebrite does not tell when; nothing of who may come."""
    declined = _word(record.status) in _DECLINED
    if record.user_id is None or not (declined or _is_coming(record)):
        return []
    at, says = record.replied_at, "no" if declined else "yes"
    revision = f"{says}-{stamp(at)}" if at is not None else says
    return [registered(str(record.event_id), member_of(record.user_id), at or seen, revision, declined=declined)]


def _link(event: Event, network: Network) -> str | None:
    return network.url(f"/networks/events/{event.id}")

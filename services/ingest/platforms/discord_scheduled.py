"""Discord: the events that are announced in a server: what is planned, who says that they come, and who is there. Pure.

Form: https://docs.discord.com/developers/resources/guild-scheduled-event. Discord does not tell who came, so whoever
is interested in an event that takes place is taken to be there.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Final

from msgspec import Struct

from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_lists import Following
from services.ingest.platforms.discord_objects import MemberObject, ScheduledEventObject, UserObject, member_of
from services.ingest.platforms.facts import Fact, attendance_id, link, name_of
from services.ingest.platforms.gatherings import NOBODY, end_of
from services.ingest.platforms.polled import Answer, Step
from shared.contracts.member_events import Attended, Member, Planned
from shared.contracts.names import Audience

SCHEDULED, ACTIVE, _CANCELED = 1, 2, 4
_EVERYBODY: Final[Audience] = "members"
"""Who reads of an event that takes place in no channel."""


class _Interested(Struct, frozen=True, kw_only=True):
    user: UserObject
    member: MemberObject | None = None


def planned(hearing: Hearing, at: datetime) -> list[Fact]:
    """Return what is planned otherwise than was told, of all events that are known."""
    plans = (_plan(event, hearing) for event in hearing.events.values())
    return hearing.gatherings.news([plan for plan in plans if plan is not None], at, whole=hearing.knows_all_events)


def _plan(event: ScheduledEventObject, hearing: Hearing) -> Planned | None:
    audience, where = _EVERYBODY, event.entity_metadata.location if event.entity_metadata is not None else None
    if event.channel_id is not None:
        place = hearing.server.place(event.channel_id)
        if place is None:
            return None
        audience, where = place.audience, place.name
    host = NOBODY if event.creator_id is None else hearing.member(event.creator_id)
    return Planned(
        member=host if event.creator is None else member_of(event.creator, None, {}),
        gathering=event.gathering,
        starts_at=event.scheduled_start_time,
        ends_at=end_of(event.scheduled_start_time, event.scheduled_end_time),
        title=name_of(event.name),
        where=name_of(where),
        audience=audience,
        url=_link(event, hearing),
        called_off=event.status == _CANCELED,
    )


def coming(event: ScheduledEventObject, hearing: Hearing, at: datetime) -> Generator[Step, Answer, list[Fact]]:
    """Return what everybody who is interested says: that they come to what is ahead, or are at what takes place."""
    if event.status not in {SCHEDULED, ACTIVE} or not _is_open(event, hearing):
        return []
    users = Following(
        path=f"/guilds/{hearing.server.id}/scheduled-events/{event.id}/users",
        form=_Interested,
        id_of=lambda one: one.user.id,
        params={"with_member": "true"},
    )
    facts = []
    while users.more:
        for one in (yield from users.page()):
            facts += interested(event, member_of(one.user, one.member, hearing.server.roles), hearing, at)
    return facts


def interested(event: ScheduledEventObject, member: Member, hearing: Hearing, at: datetime) -> list[Fact]:
    """Return that a member who is interested comes, or is there, if it is where everybody can see it, or listed."""
    if not _is_open(event, hearing):
        return []
    if event.status == SCHEDULED:
        return [hearing.gatherings.comes(event.gathering, member, at)]
    if event.status != ACTIVE:
        return []
    data = Attended(member=member, gathering=event.gathering, title=name_of(event.name), url=_link(event, hearing))
    return [Fact(id=attendance_id(data.gathering, member.id), time=event.scheduled_start_time, data=data)]


def no_longer_interested(event: ScheduledEventObject, member: Member, hearing: Hearing, at: datetime) -> list[Fact]:
    """Return that a member does not come to an event that is ahead."""
    if event.status != SCHEDULED or not _is_open(event, hearing):
        return []
    return [hearing.gatherings.stays_away(event.gathering, member, at)]


def _link(event: ScheduledEventObject, hearing: Hearing) -> str | None:
    return link(f"https://discord.com/events/{hearing.server.id}/{event.id}")


def _is_open(event: ScheduledEventObject, hearing: Hearing) -> bool:
    return event.channel_id is None or hearing.server.place(event.channel_id) is not None

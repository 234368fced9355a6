"""Discord: who is interested in an event of a server when it begins. Pure.

Form: https://docs.discord.com/developers/resources/guild-scheduled-event. Discord does not tell who came, so whoever
is interested in an event that takes place is taken to be there.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from msgspec import Struct

from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_lists import Following
from services.ingest.platforms.discord_objects import MemberObject, ScheduledEventObject, UserObject, member_of
from services.ingest.platforms.facts import Fact, attendance_id, link, name_of, stamp
from services.ingest.platforms.polled import Answer, Step
from shared.contracts.member_events import Attended, Member

ACTIVE: Final = 2


class _Interested(Struct, frozen=True, kw_only=True):
    user: UserObject
    member: MemberObject | None = None


def interested(event: ScheduledEventObject, hearing: Hearing) -> Generator[Step, Answer, list[Fact]]:
    """Return that everybody who is interested in an event is there, asking who that is."""
    if not _is_open(event, hearing):
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
            facts += attended(event, member_of(one.user, one.member, hearing.server.roles), hearing)
    return facts


def attended(event: ScheduledEventObject, member: Member, hearing: Hearing) -> list[Fact]:
    """Return that a member is at an event, if it takes place where everybody can see it, or in a channel listed."""
    if not _is_open(event, hearing):
        return []
    data = Attended(
        member=member,
        gathering=f"{event.id}:{stamp(event.scheduled_start_time)}",  # one that recurs keeps its id
        title=name_of(event.name),
        url=link(f"https://discord.com/events/{hearing.server.id}/{event.id}"),
    )
    return [Fact(id=attendance_id(data.gathering, member.id), time=event.scheduled_start_time, data=data)]


def _is_open(event: ScheduledEventObject, hearing: Hearing) -> bool:
    return event.channel_id is None or hearing.server.place(event.channel_id) is not None

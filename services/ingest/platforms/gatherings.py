"""What platforms plan, where they list what holds now: what changed since it was told last is told anew. Pure.

A change is known by what was told before it, so that it has one id, however often and by whichever way it is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from services.ingest.platforms.facts import Fact, plan_id, registration_id
from services.ingest.platforms.polled import Read
from shared.contracts.member_events import Member, Planned, Registered
from shared.contracts.names import Audience, digest

GATHERINGS: Final = "gatherings"
NOBODY: Final = Member(id="0", bot=True)
"""The host whom a platform does not name."""
_SHORT: Final = 12


class _Told(Struct, kw_only=True, omit_defaults=True):
    """What was told of a gathering last: ``content`` stands for it, ``revision`` for how it came to that.

    ``guests`` is when it was read who comes. ``withdrawn`` counts, for digests of members, how often they took back
    that they come.
    """

    starts_at: datetime
    content: str
    revision: str
    audience: Audience = "public"
    guests: datetime | None = None
    withdrawn: dict[str, int] = field(default_factory=dict)


class Gatherings:
    """What was told of the gatherings that are ahead; a mark, without titles and names, keeps it between rounds."""

    def __init__(self, marks: Mapping[str, str] = MappingProxyType({})) -> None:
        self._kept = marks.get(GATHERINGS, "{}")
        self._told: dict[str, _Told] = {}
        try:
            self._told = msgspec.json.decode(self._kept, type=dict[str, _Told])
        except msgspec.DecodeError:
            return  # what was told is told once more, with the ids that it had

    def kept(self) -> Iterator[Read]:
        """Keep the mark, if it is another than before. What it stands for is to be durable."""
        mark = msgspec.json.encode(self._told).decode()
        if mark != self._kept:
            self._kept = mark
            yield Read(collection=GATHERINGS, mark=mark)

    def news(self, planned: Iterable[Planned], at: datetime, *, whole: bool = True) -> list[Fact]:
        """Return what is planned otherwise than was told; ``at`` is when that is seen.

        Where ``planned`` is the ``whole`` list, what was told and is not on it is called off, unless it has begun. What
        nobody was told of is not.
        """
        listed: set[str] = set()
        facts: list[Fact] = []
        for plan in planned:
            listed.add(plan.gathering)
            before = self._told.get(plan.gathering)
            if (plan.ends_at or plan.starts_at) <= at:
                self._told.pop(plan.gathering, None)
            elif before is not None or not plan.called_off:
                facts += self._told_anew(plan, before, at)
        for gathering, told in list(self._told.items()):
            if gathering in listed or not (whole or told.starts_at <= at):
                continue
            if told.starts_at <= at:
                del self._told[gathering]
                continue
            gone = Planned(
                member=NOBODY,
                gathering=gathering,
                starts_at=told.starts_at,
                audience=told.audience,
                called_off=True,
            )
            facts += self._told_anew(gone, told, at)
        return facts

    def _told_anew(self, plan: Planned, before: _Told | None, at: datetime) -> list[Fact]:
        content = _content(plan)
        if before is not None and before.content == content:
            return []
        revision = digest(before.revision if before is not None else "", content)[:_SHORT]
        if before is None:
            before = _Told(starts_at=plan.starts_at, content=content, revision=revision)
        self._told[plan.gathering] = replace(
            before, starts_at=plan.starts_at, content=content, revision=revision, audience=plan.audience
        )
        return [Fact(id=plan_id(plan.gathering, revision), time=at, data=plan)]

    def guests_until(self, gathering: str) -> datetime | None:
        """Return until when was read who comes to a gathering; None if it never was."""
        told = self._told.get(gathering)
        return told.guests if told is not None else None

    def note_guests(self, gathering: str, until: datetime) -> None:
        """Who comes to a gathering was read."""
        if (told := self._told.get(gathering)) is not None:
            told.guests = until

    def comes(self, gathering: str, member: Member, at: datetime) -> Fact:
        """Return that a member comes: the same fact until it is taken back."""
        return registered(gathering, member, at, str(self._withdrawn(gathering, member)))

    def stays_away(self, gathering: str, member: Member, at: datetime) -> Fact:
        """Return that a member took back that they come."""
        times = self._withdrawn(gathering, member)
        if (told := self._told.get(gathering)) is not None:
            told.withdrawn[_short(member)] = times + 1
        return registered(gathering, member, at, f"{times}-no", declined=True)

    def _withdrawn(self, gathering: str, member: Member) -> int:
        told = self._told.get(gathering)
        return told.withdrawn.get(_short(member), 0) if told is not None else 0


def registered(gathering: str, member: Member, at: datetime, revision: str, *, declined: bool = False) -> Fact:
    """Return what a member said of coming to a gathering; ``revision`` tells it from what they said before."""
    data = Registered(member=member, gathering=gathering, declined=declined)
    return Fact(id=registration_id(gathering, member.id, revision), time=at, data=data)


def end_of(starts_at: datetime, ends_at: datetime | None) -> datetime | None:
    """Return the end that was given, None where it lies before the beginning."""
    return ends_at if ends_at is not None and ends_at >= starts_at else None


def _short(member: Member) -> str:
    return digest(member.id)[:_SHORT]


def _content(plan: Planned) -> str:
    """Return what stands for all that is told. When its host gets another name, nothing of the plan has changed."""
    if plan.called_off:
        return "called off"
    moments = (time.isoformat() if time is not None else "" for time in (plan.starts_at, plan.ends_at))
    words = (plan.member.id, plan.title or "", plan.where or "", plan.url or "", plan.audience)
    return digest(*moments, *words)[:_SHORT]

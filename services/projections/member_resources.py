"""What the API answers of one member and the desk shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.projections.resources import ByHandItem, LinkItem, NoContactItem, QueueItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionItem:
    """A condition that holds, and the values that it was held against, by name; None for what is not known."""

    condition: str
    measured: dict[str, str | int | float | list[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentItem:
    """The segment that a member is in, and its conditions; whom none matches is in ``everyone``, which has none."""

    segment: str
    because: list[ConditionItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDetail:
    """One identity of a member; of the person, the open touches and what the team told, newest first.

    ``links`` say which identities are that person. ``active_days`` are those of the last 90, of UTC, on which any of
    them was there, the newest first. ``segment`` is that of this identity by the policy that holds; None without one.
    """

    key: str
    name: str
    handle: str | None
    organisation: str | None
    community: str
    platform: str
    platform_id: str
    bot: bool
    roles: list[str]
    tags: list[str]
    opted_out_of_tone: bool
    segment: SegmentItem | None
    first_seen: datetime
    last_seen: datetime
    events: int
    active_days: list[date]
    no_contact: NoContactItem | None
    open_touches: list[QueueItem]
    by_hand: list[ByHandItem]
    links: list[LinkItem]

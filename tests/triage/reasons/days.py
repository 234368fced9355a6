"""Members who are there on some days, and what is asked for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.member_events import Member
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Segment
from tests.triage.making import MONDAY
from tests.triage.partition import Partition
from tests.triage.people import HELPER, care_policy, posted

LONG_BEFORE = MONDAY - timedelta(days=900)
VIP = Segment(name="vip", tags=("vip",))
QUIET = {"welcome": {"enabled": False}, "unanswered": {"enabled": False}}


def on(day: float, hour: float = 0) -> datetime:
    """Return a time on a day, counted from the Monday."""
    return MONDAY + timedelta(days=day, hours=hour)


def acme(**rules: Any) -> Partition:
    """Return a community that has long been known, with neither welcomes nor answers in its queue."""
    partition = Partition(care_policy(**QUIET, **rules), stored=LONG_BEFORE)
    partition.tell(posted(Member(id="founder"), "m-founder"), LONG_BEFORE)
    return partition


def there(partition: Partition, member: Member, days: Iterable[float], *, stored: datetime | None = None) -> None:
    """Have the member write on each of those days."""
    for day in days:
        partition.tell(posted(member, f"m-{member.id}-{day}"), on(day), stored=stored)


def others(partition: Partition, days: Iterable[int], *, stored: datetime | None = None) -> None:
    """Have somebody of the team write on each of those days, to nobody of whom anything is asked."""
    for day in days:
        partition.tell(posted(HELPER, f"m-hanna-{day}", conversation="c-team"), on(day), stored=stored)


def asked_for(partition: Partition, member: Member, reason: str) -> TouchReason | None:
    """Return why somebody is asked for that member, if so."""
    return next((one for one in partition.open if (one.reason, one.member.id) == (reason, member.id)), None)


def reasons(partition: Partition, member: Member) -> list[str]:
    return sorted(one.reason for one in partition.open if one.member.id == member.id)

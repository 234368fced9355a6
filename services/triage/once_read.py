"""Whether a text was read for its tone when it was folded: told afterwards, by what was recorded of its member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.triage.member_facts import MemberDescribed
from services.triage.tone_facts import ToneOptedIn, ToneOptedOut
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.policy import Tone
from shared.event_store.codec import RecordedEvent

TELLING: Final = (MemberDescribed, ToneOptedOut, ToneOptedIn)
"""What is recorded in the streams of a member and of their tone by which it can be told."""

_AT_FIRST_SIGHT: Final = 2
"""The version of a description that was recorded together with the member, who is never seen without one before."""


def is_late(time: datetime, stored: datetime, tone: Tone) -> bool:
    """Tell whether a text arrived too long after it was written to be read."""
    return stored - time > timedelta(days=tone.read_within_days)


def was_read(event: MemberEvent, stored: datetime, tone: Tone, told: Sequence[RecordedEvent]) -> bool:
    """Tell it of a text that was ``stored`` then; ``told`` is what was recorded of its member, of TELLING, in order.

    Where that leaves it open, as when the policy named them in between, it was: a replay needs what the fold had, and
    leaves alone what the fold did not read.
    """
    if is_late(event.time, stored, tone) or event.data.member.bot:  # type: ignore[union-attr]
        return False
    choices = [one.event for one in told if isinstance(one.event, ToneOptedOut | ToneOptedIn)]
    chosen = [choice for choice in choices if choice.at <= stored]
    if chosen and isinstance(chosen[-1], ToneOptedOut):
        return False
    return not _was_bot_or_team(event.time, [one for one in told if isinstance(one.event, MemberDescribed)])


def _was_bot_or_team(time: datetime, told: Sequence[RecordedEvent]) -> bool:
    """Tell whether the member surely was; a description that came after another as of the same time leaves it open."""
    known: list[Any] = [one.event for one in told if one.event.at is None or one.event.at <= time]
    if not known:
        return False
    last = [one for one in known if one.at == known[-1].at]
    if last[0].at is None and told[0].originator_version > _AT_FIRST_SIGHT:
        return False
    return all(one.bot for one in last) or all(one.team for one in last)

"""The signs in what members write: whose texts are read where their community turned that on, and what is found."""

from __future__ import annotations

from services.triage.once_read import is_late
from services.triage.readings import text_of
from services.triage.situation import Situation
from services.triage.stream_ids import tone_stream
from services.triage.tone.signs import Sign, signs_in
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy import Tone
from shared.workspace import StateMissing, Workspace


def signs_read(now: Situation) -> tuple[Sign, ...]:
    """Return the signs in what the member wrote; none where it is not read."""
    tone = now.reading.tone_in(now.event.community)
    return signs_of(now, tone) if tone is not None and is_read(now, tone) else ()


def signs_of(now: Situation, tone: Tone) -> tuple[Sign, ...]:
    """Return the signs in what the member wrote, which is read."""
    if (taken := now.taken) is not None:
        return taken.signs
    return signs_in(
        now.readings.of(now.delivered, tone.language, lambda one: _would_be_read(now.of_another(one), tone))
    )


def has_opted_out(work: Workspace, community: str, member: MemberRef) -> bool:
    """Tell whether the member does not want what they write to be read."""
    return bool(work.state(tone_stream(community, member.key)).opted_out)


def is_read(now: Situation, tone: Tone) -> bool:
    """Tell whether something is written that is read: not by the team, bots and who opted out, nor what is late."""
    if not (text_of(now.data) or now.taken) or now.bot or now.team:
        return False
    late = is_late(now.event.time, now.stored, tone)
    return not (late or has_opted_out(now.work, now.event.community, now.member))


def _would_be_read(now: Situation, tone: Tone) -> bool:
    """Tell it of an event that is not folded yet, as far as is known; of whom nothing is in memory, it would not."""
    try:
        return is_read(now, tone)
    except StateMissing:
        return False

"""Discord: what moderators and its own rules do to members, from the audit log of a server. Pure.

Form: https://docs.discord.com/developers/resources/audit-log. The log tells the same by the gateway and when it is
asked, under ids of its own; its reasons, which moderators write for each other, never enter.
"""

from __future__ import annotations

from typing import Final

from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_objects import AuditObject, time_of_id
from services.ingest.platforms.facts import Fact, moderation_id
from shared.contracts.member_events import Moderated

_MEMBER_UPDATE: Final = 24
_TIMED_OUT: Final = "timed out"
_ACTIONS: Final = {
    20: "kicked",
    22: "banned",
    72: "message deleted",
    143: "message blocked",
    145: _TIMED_OUT,
    146: "quarantined",
}


def moderated(entry: AuditObject, hearing: Hearing) -> list[Fact]:
    """Return what an entry of the log tells of a member; nothing for one that is about anything else."""
    action = _TIMED_OUT if _times_out(entry) else _ACTIONS.get(entry.action_type)
    if action is None or not entry.target_id:
        return []
    data = Moderated(member=hearing.member(entry.target_id), action=action)
    fact_id = moderation_id(entry.target_id, action, entry.id)
    return [Fact(id=fact_id, time=time_of_id(entry.id), data=data)]


def _times_out(entry: AuditObject) -> bool:
    return entry.action_type == _MEMBER_UPDATE and any(
        change.key == "communication_disabled_until" and isinstance(change.new_value, str) for change in entry.changes
    )

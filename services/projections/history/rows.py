"""What one member event becomes in the read model: pure, from a decoded event to plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

import msgspec

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import MEMBER_EVENT_TYPES, MemberEventData, Updated
from shared.contracts.names import event_key, member_key
from shared.contracts.subjects import kind_of
from shared.contracts.warmline_facts import PolicyAdopted

_COLUMNS: Final = ("conversation", "message", "reply_to", "channel", "audience", "url")
_ELSEWHERE: Final = frozenset({*_COLUMNS, "text", "comment", "member", "community", "platform"})
_EXTRA: Final = {
    form: tuple(each.name for each in fields(form) if each.name not in _ELSEWHERE)
    for form in MEMBER_EVENT_TYPES.values()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One member event as a row of ``history``; ``extra`` is JSON of what has no column of its own."""

    key: str
    seq: int
    community: str
    platform: str
    source: str
    event: str
    kind: str
    time: datetime
    member_key: str
    conversation: str | None
    message: str | None
    reply_to: str | None
    channel: str | None
    audience: str | None
    text: str | None
    url: str | None
    extra: str

    @property
    def touches_a_text(self) -> bool:
        """Whether an edit or a deletion may bear on this row, or is this row."""
        return self.kind in ("posted", "edited", "deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """A value and the (event time, sequence) of the event that gave it."""

    value: str
    at: datetime
    seq: int


@dataclass(slots=True, kw_only=True)
class MemberRow:
    """What some events say together about one identity of a member. Any order of :meth:`see` gives the same."""

    key: str
    community: str
    platform: str
    member_id: str
    first_seen: datetime
    last_seen: datetime
    bot: bool = False
    events: int = 0
    name: Latest | None = None
    handle: Latest | None = None
    roles: Latest | None = field(default=None)

    def see(self, event: MemberEvent, data: MemberEventData, seq: int) -> None:
        """Take one more event of the member into account."""
        member = data.member
        self.events += 1
        self.bot = self.bot or member.bot
        self.first_seen = min(self.first_seen, event.time)
        self.last_seen = max(self.last_seen, event.time)
        if member.name:
            self.name = _newer(self.name, member.name, event.time, seq)
        if member.handle:
            self.handle = _newer(self.handle, member.handle, event.time, seq)
        # An empty list means "not told" in every event but a change of the profile.
        if member.roles or isinstance(data, Updated):
            self.roles = _newer(self.roles, msgspec.json.encode(member.roles).decode(), event.time, seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityRow:
    """The policy adopted in a community, without what nobody reads here (addresses, hours, limits)."""

    community: str
    organisation: str
    policy_version: str
    policy_seq: int
    adopted_at: datetime
    responders: str
    playbooks: str


def history_row(event: MemberEvent, data: MemberEventData, seq: int) -> HistoryRow:
    """Return the row of one member event at stream sequence ``seq``."""
    text = getattr(data, "text", None)
    return HistoryRow(
        key=event_key(event.community, event.source, event.id),
        seq=seq,
        community=event.community,
        platform=event.platform,
        source=event.source,
        event=event.id,
        kind=kind_of(event.type),
        time=event.time,
        member_key=member_key(event.community, event.platform, data.member.id),
        **{name: getattr(data, name, None) for name in _COLUMNS},
        text=text if text is not None else getattr(data, "comment", None),
        extra=msgspec.json.encode(_extra(event, data)).decode(),
    )


def member_rows(events: Iterable[tuple[MemberEvent, MemberEventData, int]]) -> list[MemberRow]:
    """Return one row per member in ``events``, sorted by key."""
    rows: dict[str, MemberRow] = {}
    for event, data, seq in events:
        key = member_key(event.community, event.platform, data.member.id)
        row = rows.get(key)
        if row is None:
            row = rows[key] = MemberRow(
                key=key,
                community=event.community,
                platform=event.platform,
                member_id=data.member.id,
                first_seen=event.time,
                last_seen=event.time,
            )
        row.see(event, data, seq)
    return sorted(rows.values(), key=lambda row: row.key)


def community_row(event: MemberEvent, adopted: PolicyAdopted, seq: int) -> CommunityRow:
    """Return the row of one adopted policy."""
    policy = adopted.policy
    responders = [
        {
            "name": responder.name,
            "display_name": responder.display_name,
            "communities": responder.communities,
            "identities": responder.identities,
        }
        for responder in policy.responders
    ]
    return CommunityRow(
        community=adopted.community,
        organisation=policy.organisation,
        policy_version=adopted.version,
        policy_seq=seq,
        adopted_at=event.time,
        responders=msgspec.json.encode(responders).decode(),
        playbooks=msgspec.json.encode(policy.playbooks).decode(),
    )


def _newer(known: Latest | None, value: str, at: datetime, seq: int) -> Latest:
    if known is not None and (known.at, known.seq) >= (at, seq):
        return known
    return Latest(value=value, at=at, seq=seq)


def _extra(event: MemberEvent, data: MemberEventData) -> dict[str, Any]:
    extra = {name: value for name in _EXTRA[type(data)] if (value := getattr(data, name)) not in (None, ())}
    if event.timeclamped:
        extra["timeclamped"] = True
    return extra

"""What one member event becomes in the read model: pure, from a decoded event to plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import MEMBER_EVENT_TYPES, MemberEventData, Updated
from shared.contracts.names import member_key
from shared.contracts.subjects import kind_of
from shared.contracts.warmline_facts import CareLogged, PolicyAdopted, TouchAsked

_COLUMNS: Final = ("conversation", "message", "reply_to", "channel", "audience", "url")
_ELSEWHERE: Final = frozenset({*_COLUMNS, "text", "comment", "member", "community", "platform"})
_EXTRA: Final = {
    form: tuple(name for name in form.__struct_fields__ if name not in _ELSEWHERE)
    for form in MEMBER_EVENT_TYPES.values()
}


class HistoryRow(NamedTuple):
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
    def rewrites(self) -> bool:
        """Whether it changes what was said in its message."""
        return self.kind in ("edited", "deleted")


@dataclass(slots=True, kw_only=True)
class RewriteRow:
    """What some edits and deletions say together of one message. Any order of :meth:`see` gives the same."""

    community: str
    source: str
    message: str
    deleted_at: datetime | None = None
    edited_at: datetime | None = None
    edited_seq: int | None = None
    text: str | None = None

    def see(self, row: HistoryRow) -> None:
        """Take one more edit or deletion of the message into account."""
        if row.kind == "deleted":
            self.deleted_at = row.time if self.deleted_at is None else max(self.deleted_at, row.time)
        elif self.edited_at is None or (self.edited_at, self.edited_seq or 0) < (row.time, row.seq):
            self.edited_at, self.edited_seq, self.text = row.time, row.seq, row.text


class Latest(NamedTuple):
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
    roles: Latest | None = None

    def see(self, time: datetime, data: MemberEventData, seq: int) -> None:
        """Take one more event of the member into account."""
        member = data.member
        self.events += 1
        self.bot = self.bot or member.bot
        self.first_seen = min(self.first_seen, time)
        self.last_seen = max(self.last_seen, time)
        if member.name:
            self.name = _newer(self.name, member.name, time, seq)
        if member.handle:
            self.handle = _newer(self.handle, member.handle, time, seq)
        # An empty list means "not told" in every event but a change of the profile.
        if member.roles or isinstance(data, Updated):
            self.roles = _newer(self.roles, _json(member.roles), time, seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityRow:
    """The policy adopted in a community, without what nobody reads here (addresses, hours, limits)."""

    community: str
    organisation: str
    policy_version: str
    policy_seq: int
    adopted_at: datetime
    responders: str
    history_months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybooksRow:
    """The guidance of one policy. A version stands for a policy's content, so it never changes."""

    community: str
    policy_version: str
    by_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHandRow:
    """What somebody of the team told of a member."""

    key: str
    community: str
    member_key: str
    kind: str
    time: datetime
    responder: str
    text: str | None
    detail: str


def by_hand_row(event: MemberEvent, told: TouchAsked | CareLogged, key: str) -> ByHandRow:
    """Return the row of what somebody of the team told; ``key`` is the event's identity."""
    text: str | None
    detail: dict[str, str]
    if isinstance(told, TouchAsked):
        text, detail = told.why, {"urgency": told.urgency}
    else:
        text, detail = told.note, {"way": told.way}
    return ByHandRow(
        key=key,
        community=told.community,
        member_key=member_key(told.community, told.member.platform, told.member.id),
        kind=kind_of(event.type),
        time=event.time,
        responder=told.responder,
        text=text,
        detail=_json(detail),
    )


def history_row(event: MemberEvent, data: MemberEventData, seq: int, key: str) -> HistoryRow:
    """Return the row of one member event at stream sequence ``seq``; ``key`` is the event's identity."""
    conversation, message, reply_to, channel, audience, url = (getattr(data, name, None) for name in _COLUMNS)
    text = getattr(data, "text", None)
    return HistoryRow(
        key,
        seq,
        event.community,
        event.platform,
        event.source,
        event.id,
        kind_of(event.type),
        event.time,
        member_key(event.community, event.platform, data.member.id),
        conversation,
        message,
        reply_to,
        channel,
        audience,
        text if text is not None else getattr(data, "comment", None),
        url,
        _json(_extra(event, data)),
    )


def member_rows(events: Iterable[tuple[HistoryRow, MemberEventData]]) -> list[MemberRow]:
    """Return one row per member in ``events``, sorted by key."""
    rows: dict[str, MemberRow] = {}
    for told, data in events:
        row = rows.get(told.member_key)
        if row is None:
            row = rows[told.member_key] = MemberRow(
                key=told.member_key,
                community=told.community,
                platform=told.platform,
                member_id=data.member.id,
                first_seen=told.time,
                last_seen=told.time,
            )
        row.see(told.time, data, told.seq)
    return sorted(rows.values(), key=lambda row: row.key)


def rewrite_rows(events: Iterable[HistoryRow]) -> list[RewriteRow]:
    """Return one row per message that ``events`` edit or delete, sorted."""
    rows: dict[tuple[str, str, str], RewriteRow] = {}
    for told in events:
        if told.rewrites and told.message is not None:
            place = (told.message, told.source, told.community)
            row = rows.get(place)
            if row is None:
                row = rows[place] = RewriteRow(community=told.community, source=told.source, message=told.message)
            row.see(told)
    return [rows[place] for place in sorted(rows)]


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
        responders=_json(responders),
        history_months=policy.retention.months_of(adopted.community),
    )


def playbooks_row(adopted: PolicyAdopted) -> PlaybooksRow:
    """Return the row of one adopted policy's guidance."""
    return PlaybooksRow(
        community=adopted.community, policy_version=adopted.version, by_reason=_json(adopted.policy.playbooks)
    )


def _newer(known: Latest | None, value: str, at: datetime, seq: int) -> Latest:
    if known is not None and (known.at, known.seq) >= (at, seq):
        return known
    return Latest(value, at, seq)


def _extra(event: MemberEvent, data: MemberEventData) -> dict[str, Any]:
    extra = {name: value for name in _EXTRA[type(data)] if (value := getattr(data, name)) not in (None, ())}
    if event.timeclamped:
        extra["timeclamped"] = True
    return extra


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

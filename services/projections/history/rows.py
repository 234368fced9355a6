"""What one member event becomes in the read model: pure, from a decoded event to plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import MEMBER_EVENT_TYPES, Edited, MemberEventData, Updated
from shared.contracts.names import member_key
from shared.contracts.subjects import kind_of
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactDeclined,
    FollowUpPromised,
    NoteWritten,
    TagGiven,
    TagTaken,
    TeamTold,
    ToneOptOut,
    TouchAsked,
)

_COLUMNS: Final = ("conversation", "message", "reply_to", "channel", "audience", "text", "url")
_ELSEWHERE: Final = frozenset({*_COLUMNS, "comment", "member", "community", "platform", "address", "accounts"})
_EXTRA: Final = {
    form: tuple(name for name in form.__struct_fields__ if name not in _ELSEWHERE)
    for form in MEMBER_EVENT_TYPES.values()
}


def _told_in(form: type[MemberEventData]) -> tuple[str | None, ...]:
    """Return the fields that go into ``_COLUMNS``, None where there is none: what somebody comments is a text, too."""
    fields = form.__struct_fields__
    other = {"text": "comment"} if "comment" in fields else {}
    return tuple(found if (found := other.get(name, name)) in fields else None for name in _COLUMNS)


_TOLD: Final = {form: _told_in(form) for form in MEMBER_EVENT_TYPES.values()}
HOLDS_ON: Final = "t.kind IN ('contact-declined', 'contact-allowed', 'tag-given', 'tag-taken', 'tone-opt-out')"
"""The rows ``t`` of ``by_hand`` that hold no note and say what counts until the team says otherwise: they are kept."""


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
    recovered_at: datetime | None = None
    edited_at: datetime | None = None
    edited_seq: int | None = None
    text: str | None = None

    def see(self, row: HistoryRow, data: MemberEventData) -> None:
        """Take one more edit or deletion of the message into account."""
        if not isinstance(data, Edited):
            self.deleted_at = _later(self.deleted_at, row.time)
            return
        if data.recovered:
            self.recovered_at = _later(self.recovered_at, row.time)
        if self.edited_at is None or (self.edited_at, self.edited_seq or 0) < (row.time, row.seq):
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
        if time < self.first_seen:
            self.first_seen = time
        elif time > self.last_seen:
            self.last_seen = time
        if member.name:
            self.name = _newer(self.name, member.name, time, seq)
        if member.handle:
            self.handle = _newer(self.handle, member.handle, time, seq)
        # An empty list means "not told" in every event but a change of the profile.
        if member.roles or isinstance(data, Updated):
            self.roles = _newer(self.roles, as_json(member.roles), time, seq)


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


def by_hand_row(event: MemberEvent, told: TeamTold | ToneOptOut, key: str) -> ByHandRow:
    """Return the row of what the team, or the administrator, told; ``key`` is the event's identity."""
    text: str | None = None
    detail: dict[str, Any] = {}
    match told:
        case TouchAsked():
            text, detail = told.why, {"urgency": told.urgency}
        case CareLogged():
            text, detail = told.note, {"way": told.way}
        case ContactDeclined():
            detail = {"until": told.until}
        case TagGiven() | TagTaken():
            detail = {"tag": told.tag}
        case ToneOptOut():
            detail = {"opted_out": told.opted_out}
        case NoteWritten():
            text = told.text
        case FollowUpPromised():
            text, detail = told.note, {"day": told.day}
    return ByHandRow(
        key=key,
        community=told.community,
        member_key=member_key(told.community, told.member.platform, told.member.id),
        kind=kind_of(event.type),
        time=event.time,
        responder=told.responder or "",
        text=text,
        detail=as_json(detail),
    )


def history_row(event: MemberEvent, data: MemberEventData, seq: int, key: str) -> HistoryRow:
    """Return the row of one member event at stream sequence ``seq``; ``key`` is the event's identity."""
    told = [None if name is None else getattr(data, name) for name in _TOLD[type(data)]]
    return HistoryRow._make(
        (
            key,
            seq,
            event.community,
            event.platform,
            event.source,
            event.id,
            kind_of(event.type),
            event.time,
            member_key(event.community, event.platform, data.member.id),
            *told,
            _extra(event, data),
        )
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


def rewrite_rows(events: Iterable[tuple[HistoryRow, MemberEventData]]) -> list[RewriteRow]:
    """Return one row per message that ``events`` edit or delete, sorted."""
    rows: dict[tuple[str, str, str], RewriteRow] = {}
    for told, data in events:
        if told.rewrites and told.message is not None:
            place = (told.message, told.source, told.community)
            row = rows.get(place)
            if row is None:
                row = rows[place] = RewriteRow(community=told.community, source=told.source, message=told.message)
            row.see(told, data)
    return [rows[place] for place in sorted(rows)]


def _later(known: datetime | None, time: datetime) -> datetime:
    return time if known is None else max(known, time)


def _newer(known: Latest | None, value: str, at: datetime, seq: int) -> Latest:
    if known is not None and (known.at > at or (known.at == at and known.seq >= seq)):
        return known
    return Latest(value, at, seq)


def _extra(event: MemberEvent, data: MemberEventData) -> str:
    extra = {}
    for name in _EXTRA[type(data)]:
        value = getattr(data, name)
        # That there are no tags any more is news; of other lists it means "not told".
        if (value not in (None, ()) and value is not False) or (name == "tags" and value == ()):
            extra[name] = value
    if event.timeclamped:
        extra["timeclamped"] = True
    return as_json(extra) if extra else "{}"


def as_json(value: Any) -> str:
    """Return ``value`` as a document that is only ever read as a whole."""
    return msgspec.json.encode(value).decode()


def columns(of: Sequence[Any], form: type[Any]) -> dict[str, list[Any]]:
    """Return the rows ``of`` that form as its columns, by name."""
    return {name: [getattr(row, name) for row in of] for name in form.__slots__}

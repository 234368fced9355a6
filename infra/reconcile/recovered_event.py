"""A member event as the history still tells it, where the log of record has lost it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from shared.contracts.cloudevents import MemberEvent, type_name
from shared.contracts.member_events import MEMBER_EVENT_TYPES

_TYPES: Final = {name.split(".")[-2]: form for name, form in MEMBER_EVENT_TYPES.items()}
_COLUMNS: Final = ("conversation", "message", "reply_to", "channel", "audience", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row of the history, with what is known of its member and of the organisation."""

    event: str
    source: str
    kind: str
    time: datetime
    organisation: str
    community: str
    platform: str
    conversation: str | None
    message: str | None
    reply_to: str | None
    channel: str | None
    audience: str | None
    url: str | None
    text: str | None
    extra: dict[str, Any]
    member_id: str
    member_name: str | None
    member_handle: str | None
    member_roles: list[str]
    member_bot: bool


def recovered_event(told: Told) -> MemberEvent | None:
    """Return the event under its own identity; None where the row does not suffice.

    The member's name, handle and roles are the latest known, not those of then; a text that was edited is the edited
    one, and one that was deleted is empty.
    """
    form = _TYPES.get(told.kind)
    if form is None:
        return None
    names = set(form.__struct_fields__)
    data: dict[str, Any] = {name: value for name, value in told.extra.items() if name in names}
    data |= {name: value for name in _COLUMNS if name in names and (value := getattr(told, name)) is not None}
    if "text" in names:
        data["text"] = told.text or ""
    elif "comment" in names and told.text is not None:
        data["comment"] = told.text
    data["member"] = {
        "id": told.member_id,
        "name": told.member_name,
        "handle": told.member_handle,
        "roles": told.member_roles,
        "bot": told.member_bot,
    }
    data |= {"community": told.community, "platform": told.platform}
    try:
        made = msgspec.convert(data, form)
    except msgspec.ValidationError:
        return None
    return MemberEvent(
        id=told.event,
        source=told.source,
        type=type_name(made),
        time=told.time,
        organisation=told.organisation,
        community=told.community,
        platform=told.platform,
        timeclamped=told.extra.get("timeclamped") is True,
        data=made,
    )

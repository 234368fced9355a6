"""Mattermost: outgoing webhooks, which bring messages of public channels, to member events. Pure.

Forms: model.OutgoingWebhookPayload of mattermost/mattermost, server/public/model/outgoing_webhook.go. Which thread a
message is in is not told, so each is a conversation of its own, answered by what follows in its channel.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from services.ingest.platforms.facts import Fact, link, name_of, post_id, text_of
from services.ingest.platforms.reading import Delivery, HookSettings, NotUnderstoodError, Reading, decoded, time_of
from services.ingest.refusal import field_problem
from shared.contracts.member_events import Member, Posted
from shared.contracts.names import Label

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"channel_id":"jwoe95","channel_name":"help","team_domain":"acme","timestamp":1795335300000,"user_id":"rnina9",'
        b'"user_name":"ada","post_id":"8xqqnu","text":"Does this arrive?"}'
    ),
)
_MILLISECONDS: Final = 100_000_000_000
"""From here on a time is in milliseconds, as JSON has it; the form has seconds."""


class _Message(Struct, frozen=True, kw_only=True):
    channel_id: Label
    post_id: Label
    user_id: Label
    text: str
    timestamp: Annotated[int, Meta(ge=0)]
    user_name: str | None = None
    channel_name: str | None = None
    team_domain: str | None = None


class _Token(Struct, frozen=True, kw_only=True):
    token: str


def token(body: bytes) -> str:
    """Return the token of a request; raises NotUnderstoodError."""
    found: str = _as(body, _Token).token
    return found


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    message = _as(delivery.body, _Message)
    seconds = message.timestamp / 1000 if message.timestamp >= _MILLISECONDS else message.timestamp
    data = Posted(
        member=Member(id=message.user_id, handle=name_of(message.user_name)),
        conversation=message.post_id,
        message=message.post_id,
        place=message.channel_id,
        text=text_of(message.text),
        channel=name_of(message.channel_name),
        audience="members",
        url=link(f"{settings.site.rstrip('/')}/{message.team_domain}/pl/{message.post_id}")
        if settings.site and message.team_domain
        else None,
    )
    return (Fact(id=post_id(message.post_id), time=time_of(seconds), data=data),)


def _as(body: bytes, form: type[Any]) -> Any:
    """Return JSON, or a form, which is Mattermost's default."""
    if body[:1] == b"{":
        return decoded(body, form)
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
        return msgspec.convert(fields, form, strict=False)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise NotUnderstoodError(f"{problem.field}: {problem.reason}") from None
    except ValueError:
        raise NotUnderstoodError("the body is neither JSON nor a form") from None

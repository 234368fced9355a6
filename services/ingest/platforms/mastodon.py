"""Mastodon: administrative webhooks of a server to member events. Pure.

Forms: https://docs.joinmastodon.org/admin/webhooks. Of an account they hold addresses, which are never read. A post
that answers one goes on with that one's conversation, as far as one step tells: which thread it is in is not told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from services.ingest.platforms.facts import (
    Fact,
    edit_id,
    edit_of,
    link,
    member_fact_id,
    moderation_id,
    name_of,
    post_id,
    stamp,
    text_of,
)
from services.ingest.platforms.html_text import text_of_html
from services.ingest.platforms.reading import (
    NO_CONCERN,
    Delivery,
    HookSettings,
    NotUnderstoodError,
    Passed,
    Reading,
    Time,
    decoded,
)
from shared.contracts.member_events import Joined, Member, Moderated, Posted, Updated
from shared.contracts.names import Audience, Label

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"event":"status.created","created_at":"2026-11-22T08:15:00.000Z","object":{"id":"1",'
        b'"created_at":"2026-11-22T08:15:00.000Z","visibility":"public","content":"<p>Does this arrive?</p>",'
        b'"account":{"id":"1","acct":"ada","display_name":"Ada","bot":false}}}'
    ),
)
FOLLOWERS: Final = "followers"
"""Stands in the list of private places for posts that only an author's followers can read."""
_MAX_MENTIONS: Final = 100


class _Named(Struct, frozen=True, kw_only=True):
    name: str | None = None


class Account(Struct, frozen=True, kw_only=True):
    """An account as everybody sees it."""

    id: Label
    acct: str
    display_name: str | None = None
    bot: bool | None = False
    created_at: Time | None = None


class _AdminAccount(Struct, frozen=True, kw_only=True):
    account: Account
    created_at: Time
    approved: bool | None = None
    suspended: bool | None = None
    silenced: bool | None = None
    disabled: bool | None = None
    role: _Named | None = None
    email: str | None = None


class _Mention(Struct, frozen=True, kw_only=True):
    id: Label


class _Status(Struct, frozen=True, kw_only=True):
    id: Label
    created_at: Time
    visibility: str
    content: str
    account: Account
    spoiler_text: str | None = None
    in_reply_to_id: Label | None = None
    edited_at: Time | None = None
    url: str | None = None
    mentions: tuple[_Mention, ...] = ()
    reblog: object = None
    """The post that this one boosts, if it does: then it says nothing itself."""


class _Report(Struct, frozen=True, kw_only=True):
    id: Label
    target_account: _AdminAccount
    action_taken: bool = False
    action_taken_at: Time | None = None


class _Event(Struct, frozen=True, kw_only=True):
    event: str
    created_at: Time


class _OfStatus(Struct, frozen=True, kw_only=True):
    object: _Status


class _OfAccount(Struct, frozen=True, kw_only=True):
    created_at: Time
    object: _AdminAccount


class _OfReport(Struct, frozen=True, kw_only=True):
    object: _Report


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    reader = _READERS.get(decoded(delivery.body, _Event).event)
    return NO_CONCERN if reader is None else reader(delivery, settings)


def _status(delivery: Delivery, settings: HookSettings) -> Reading:
    status = decoded(delivery.body, _OfStatus).object
    if status.reblog is not None:
        return NO_CONCERN
    audience = _audience(status, settings)
    if isinstance(audience, Passed):
        return audience
    written = "\n\n".join(part for part in (status.spoiler_text, text_of_html(status.content)) if part)
    posted = Posted(
        member=_member(status.account),
        conversation=status.in_reply_to_id or status.id,
        message=status.id,
        text=text_of(written),
        reply_to=status.in_reply_to_id,
        audience=audience,
        mentions=tuple(dict.fromkeys(mention.id for mention in status.mentions))[:_MAX_MENTIONS],
        url=link(status.url),
    )
    if (edited := status.edited_at) is not None:
        return (Fact(id=edit_id(status.id, stamp(edited)), time=edited, data=edit_of(posted)),)
    return (Fact(id=post_id(status.id), time=status.created_at, data=posted),)


def _audience(status: _Status, settings: HookSettings) -> Audience | Passed:
    if status.visibility == "direct":
        return Passed(why="direct-message")
    if status.visibility in {"public", "unlisted"}:
        return "public"
    return "private" if FOLLOWERS in settings.private else Passed(why="private-place")


def _joined(delivery: Delivery, _settings: HookSettings) -> Reading:
    """Whoever has still to be approved has not joined."""
    event = decoded(delivery.body, _OfAccount)
    if event.object.approved is False:
        return NO_CONCERN
    data = Joined(member=_of_admin(event.object))
    fact_id = member_fact_id("joined", data.member.id, "1")
    return (Fact(id=fact_id, time=event.created_at, data=data, address=event.object.email),)


def _updated(delivery: Delivery, _settings: HookSettings) -> Reading:
    """Each change of an account shows what moderators did with it before, though not when: that is told once."""
    event = decoded(delivery.body, _OfAccount)
    found, member, at = event.object, _of_admin(event.object), event.created_at
    done = {"suspended": found.suspended, "disabled": found.disabled, "silenced": found.silenced}
    return (
        Fact(
            id=member_fact_id("updated", member.id, stamp(at)),
            time=at,
            data=Updated(member=member),
            address=found.email,
        ),
        *(
            Fact(id=moderation_id(member.id, action, "1"), time=at, data=Moderated(member=member, action=action))
            for action, holds in done.items()
            if holds
        ),
    )


def _report(delivery: Delivery, _settings: HookSettings) -> Reading:
    report = decoded(delivery.body, _OfReport).object
    if not report.action_taken:
        return NO_CONCERN
    if report.action_taken_at is None:
        raise NotUnderstoodError("object.action_taken_at is missing")
    data = Moderated(member=_of_admin(report.target_account), action="report acted on")
    fact_id = moderation_id(f"report/{report.id}", data.action, "1")
    return (Fact(id=fact_id, time=report.action_taken_at, data=data),)


def _of_admin(found: _AdminAccount) -> Member:
    role = name_of(found.role.name) if found.role is not None else None
    return _member(found.account, *([role] if role else []))


def _member(account: Account, *roles: str) -> Member:
    return Member(
        id=account.id,
        name=name_of(account.display_name),
        handle=name_of(account.acct),
        roles=roles,
        bot=account.bot is True,
    )


_READERS: Final[dict[str, Callable[[Delivery, HookSettings], Reading]]] = {
    "account.approved": _joined,
    "account.created": _joined,
    "account.updated": _updated,
    "report.updated": _report,
    "status.created": _status,
    "status.updated": _status,
}

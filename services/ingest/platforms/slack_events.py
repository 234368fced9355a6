"""Slack's Events API to member events. Pure.

Forms: https://docs.slack.dev/apis/events-api and the pages of its events. An event names its user by id alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import Struct

from services.ingest.platforms.facts import Fact, NotAFactError, member_fact_id, reaction_id
from services.ingest.platforms.reading import (
    NO_CONCERN,
    Delivery,
    HookSettings,
    NotUnderstoodError,
    Passed,
    Reading,
    Reply,
    decoded,
)
from services.ingest.platforms.slack import (
    SAID,
    Channel,
    Workspace,
    address_of,
    deletion_of,
    facts_of,
    member_of,
    time_of,
    updated_fact,
)
from shared.contracts.member_events import Edited, Joined, Left, Member, Reacted

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"type":"event_callback","event_id":"Ev1","event_time":1795335300,"event":{"type":"message","user":"U1",'
        b'"channel":"C1","channel_type":"channel","ts":"1795335300.000100","text":"Does this arrive?"}}'
    ),
)


class _Envelope(Struct, frozen=True, kw_only=True):
    type: str
    challenge: str = ""
    event: dict[str, Any] = {}


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    envelope = decoded(delivery.body, _Envelope)
    if envelope.type == "url_verification":
        return Reply(status=200, body=envelope.challenge.encode())
    if envelope.type == "app_rate_limited":
        raise NotUnderstoodError("Slack sends more than 30,000 events an hour and left some out")
    reader = _READERS.get(str(envelope.event.get("type")))
    if reader is None:
        return NO_CONCERN
    try:
        return reader(envelope.event, settings)
    except NotAFactError as error:
        raise NotUnderstoodError(str(error)) from None


def _message(event: dict[str, Any], settings: HookSettings) -> Reading:
    channel = _channel(event, settings)
    if isinstance(channel, Passed):
        return channel
    workspace = Workspace(members={}, url=settings.site)
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return (deletion_of(_inner(event, "previous_message"), channel, workspace, time_of(_stamp(event))),)
    if subtype == "message_changed":
        message = _inner(event, "message")
        if message.get("subtype") == "tombstone":
            return (deletion_of(_inner(event, "previous_message"), channel, workspace, time_of(_stamp(event))),)
        return _facts(fact for fact in facts_of(message, channel, workspace) if isinstance(fact.data, Edited))
    if subtype not in SAID:
        return NO_CONCERN
    return _facts(facts_of(event, channel, workspace))


def _reaction(event: dict[str, Any], settings: HookSettings) -> Reading:
    """A reaction does not tell what kind of channel it stands in, so that only those listed by id are taken."""
    item = _inner(event, "item")
    if item.get("type") != "message":
        return NO_CONCERN
    channel, stamp, user, name = (str(item.get("channel")), str(item.get("ts")), event.get("user"), event["reaction"])
    if channel.startswith("D"):
        return Passed(why="direct-message")
    if channel not in {*settings.public, *settings.private}:
        return Passed(why="private-place")
    if not isinstance(user, str):
        return Passed(why="no-member")
    message = f"{channel}:{stamp}"
    data = Reacted(member=Member(id=user), conversation=message, message=message, reaction=str(name))
    return (Fact(id=reaction_id(message, user, str(name)), time=time_of(_stamp(event)), data=data),)


def _team_join(event: dict[str, Any], _settings: HookSettings) -> Reading:
    user = _inner(event, "user")
    member = member_of(user)
    return (
        Fact(
            id=member_fact_id("joined", member.id, "1"),
            time=time_of(_stamp(event)),
            data=Joined(member=member),
            address=address_of(user),
        ),
    )


def _user_change(event: dict[str, Any], _settings: HookSettings) -> Reading:
    user = _inner(event, "user")
    if user.get("deleted") is not True:
        return (updated_fact(user),)
    member, changed = member_of(user), str(user.get("updated"))
    return (Fact(id=member_fact_id("left", member.id, changed), time=time_of(changed), data=Left(member=member)),)


def _channel(event: dict[str, Any], settings: HookSettings) -> Channel | Passed:
    channel, kind = str(event.get("channel")), event.get("channel_type")
    if kind in {"im", "mpim"} or channel.startswith("D"):
        return Passed(why="direct-message")
    if channel in settings.private:
        return Channel(id=channel, audience="private")
    return Channel(id=channel) if kind == "channel" else Passed(why="private-place")


def _facts(facts: Iterable[Fact]) -> Reading:
    return tuple(facts) or NO_CONCERN


def _stamp(event: dict[str, Any]) -> str:
    return str(event.get("event_ts") or event.get("ts"))


def _inner(event: dict[str, Any], name: str) -> dict[str, Any]:
    inner = event.get(name)
    if not isinstance(inner, dict):
        raise NotUnderstoodError(f"event.{name} is missing")
    return inner


_READERS: Final[dict[str, Callable[[dict[str, Any], HookSettings], Reading]]] = {
    "message": _message,
    "reaction_added": _reaction,
    "team_join": _team_join,
    "user_change": _user_change,
}

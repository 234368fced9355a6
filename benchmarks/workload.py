"""The events of the measurements: a community as it talks, the same at every run."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from nats.aio.client import Client

from services.ingest.message import fact_message, message_of
from shared.contracts.cloudevents import MemberEvent, encode_member_event, type_name
from shared.contracts.member_events import Joined, Member, MemberEventData, Posted, Reacted
from shared.contracts.policy import Policy
from shared.contracts.subjects import MEMBER_EVENTS, partition_of
from shared.contracts.warmline_facts import PolicyAdopted
from shared.policy.load import load_policy
from shared.publisher import DurablePublisher, Outgoing

ORGANISATION: Final = "bench"
PARTITIONS: Final = 4
COMMUNITIES: Final = 8
MEMBERS: Final = 500
"""Of each community."""
SOURCE: Final = "/discord/bench"
_CONVERSATIONS: Final = 200
_PART: Final = 5_000
_TALK: Final = (
    "We moved the build to the new runner last night, and it has been green ever since. ",
    "The notes of yesterday's call are in the wiki, with the list of what is still open. ",
    "I tried the release candidate on a fresh machine: it starts, and the old data is there. ",
)
_ASKS: Final = "How can I get the agent to start after an upgrade? It stops with exit code 3."
_ANSWERS: Final = 7
ANSWERED_AFTER: Final = 40_000
"""Where questions are answered, so many events lie between: each became a touch before. A multiple of what makes an
event a question again (ten times the communities)."""
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def communities() -> list[str]:
    """Return the names of communities that are spread evenly over the partitions."""
    found: dict[int, list[str]] = {partition: [] for partition in range(PARTITIONS)}
    each, number = COMMUNITIES // PARTITIONS, 0
    while any(len(names) < each for names in found.values()):
        name, number = f"community-{number}", number + 1
        names = found[partition_of(name, PARTITIONS)]
        if len(names) < each:
            names.append(name)
    return sorted(name for names in found.values() for name in names)


def policy_text(*, tone: bool = False, touches_per_day: int = 1000) -> str:
    """Return a policy with eight people there round the clock, each with room for so many touches in a day.

    With ``tone`` the tone of each text is read.
    """
    hours = ", ".join(f'{day}: ["00:00-24:00"]' for day in _DAYS)
    people = "\n".join(f"  - {{name: helper-{n}, display_name: Helper {n}}}" for n in range(8))
    return f"""
organisation: {ORGANISATION}
communities: [{", ".join(communities())}]
hours: {{timezone: UTC, days: {{{hours}}}}}
responders:
{people}
segments:
  - {{name: newcomers, member_for_less_than_days: 30}}
rules:
  welcome: {{within_hours: 24, settling_in_days: 0}}
  unanswered: {{within_hours: 1}}
limits: {{care_load: 100, touches: 1000, touches_per_day: {touches_per_day}}}
tone: {{enabled: {str(tone).lower()}, language: en}}
"""


def policy() -> Policy:
    """Return that policy as triage gets it."""
    loaded = load_policy(policy_text())
    if loaded.policy is None:
        raise ValueError(str(loaded.errors))
    return loaded.policy


def member_events(count: int, *, first: int = 0, answered: bool = False) -> Iterator[MemberEvent]:
    """Yield ``count`` events, from number ``first`` on: posts, reactions and a few who join.

    Each tenth is a question that nobody answered for hours, which becomes a touch. Where they are ``answered``, another
    tenth answers the question of ``ANSWERED_AFTER`` events before, so that what is open does not grow with history.
    """
    names = communities()
    chance = random.Random(first)  # noqa: S311 -- the same at every run
    now = datetime.now(UTC)
    for number in range(first, first + count):
        yield _event(number, names[number % len(names)], chance, now, answered=answered)


def _event(number: int, community: str, chance: random.Random, now: datetime, *, answered: bool) -> MemberEvent:
    who = chance.randrange(MEMBERS)
    member = Member(id=f"u{who}", name=f"Member {who}")
    kind, time = number // COMMUNITIES % 10, now - timedelta(seconds=chance.randrange(60))
    talk = f"c-{chance.randrange(_CONVERSATIONS)}"
    asked = number - kind * COMMUNITIES - ANSWERED_AFTER
    data: MemberEventData
    if answered and kind == _ANSWERS and asked >= 0:
        data = Posted(member=member, conversation=f"q-{asked}", message=f"m-{number}", text=_TALK[number % len(_TALK)])
    elif kind == 0:
        time -= timedelta(hours=3)
        data = Posted(member=member, conversation=f"q-{number}", message=f"m-{number}", text=_ASKS)
    elif kind <= 6:
        text = _TALK[number % len(_TALK)] * 2
        data = Posted(member=member, conversation=talk, message=f"m-{number}", text=text, channel="general")
    elif kind <= 8:
        data = Reacted(member=member, conversation=talk, message=f"m-{max(0, number - 80)}", reaction="+1")
    else:
        data = Joined(member=member)
    return MemberEvent(
        id=f"event:{number}:1",
        source=SOURCE,
        type=type_name(data),
        time=time,
        organisation=ORGANISATION,
        community=community,
        platform="discord",
        data=data,
    )


def posted_bodies(count: int, *, first: int = 0, answered: bool = False) -> list[dict[str, Any]]:
    """Return the same events as a source posts them."""
    bodies = []
    for event in member_events(count, first=first, answered=answered):
        if not isinstance(event.data, MemberEventData):
            continue
        # With all that could be told, as some senders write it: what is stored is shorter.
        data = {name: getattr(event.data, name) for name in event.data.__struct_fields__}
        member = {name: getattr(event.data.member, name) for name in Member.__struct_fields__}
        told = {"member": member, "community": event.community, "platform": event.platform}
        body = msgspec.to_builtins(event) | {"data": data | told}
        bodies.append({key: body[key] for key in ("specversion", "id", "source", "type", "time", "data")})
    return bodies


def messages(events: Iterator[MemberEvent]) -> list[Outgoing]:
    """Return the events as messages of MEMBER_EVENTS."""
    return [message_of(event, encode_member_event(event), PARTITIONS) for event in events]


def adoptions() -> list[Outgoing]:
    """Return the facts by which each community gets its policy."""
    given = policy()
    return [
        fact_message(
            PolicyAdopted(community=name, version="bench-1", policy=given),
            organisation=ORGANISATION,
            event_id=f"policy:{name}",
            time=datetime.now(UTC),
            partitions=PARTITIONS,
        )
        for name in communities()
    ]


async def fill_stream(client: Client, count: int, *, first: int = 0, adopt: bool = True, over: float = 0) -> None:
    """Publish ``count`` events to MEMBER_EVENTS, with ``adopt`` after the communities' policies.

    It takes at least ``over`` seconds: a deadline that is past when it is set fires seconds later, by the stored times.
    """
    publisher = DurablePublisher(client, MEMBER_EVENTS)
    if adopt:
        await publisher.publish(adoptions())
    begin = time.monotonic()
    for start in range(first, first + count, _PART):
        part: Sequence[Outgoing] = messages(member_events(min(_PART, first + count - start), first=start))
        await publisher.publish(part)
        done = (start + len(part) - first) / count
        await asyncio.sleep(max(0.0, begin + over * done - time.monotonic()))

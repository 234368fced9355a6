"""The names of triage's streams."""

from __future__ import annotations

from functools import lru_cache

from shared.contracts.names import digest, member_key
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy_rules import WeeklyList
from shared.decider import stream_id


@lru_cache(maxsize=4_096)
def community_stream(community: str) -> str:
    """Return the stream of a community."""
    return stream_id("community", community)


def member_stream(community: str, key: str) -> str:
    """Return the stream of one identity of a member, by its opaque key."""
    return stream_id("member", community, key)


@lru_cache(maxsize=16_384)
def identity(community: str, platform: str, member_id: str) -> tuple[MemberRef, str]:
    """Return one identity of a member, and its stream."""
    key = member_key(community, platform, member_id)
    return MemberRef(key=key, platform=platform, id=member_id), member_stream(community, key)


@lru_cache(maxsize=16_384)
def conversation_stream(community: str, platform: str, conversation: str) -> str:
    """Return the stream of a conversation; the platform's own id for it is hashed, as it may be long or a name."""
    return stream_id("conversation", community, digest(platform, conversation))


@lru_cache(maxsize=4_096)
def channel_stream(community: str, platform: str, place: str) -> str:
    """Return the stream of a channel in which people answer beside threads, by the platform's own id."""
    return stream_id("channel", community, digest(platform, place))


def care_stream(community: str, member: MemberRef) -> str:
    """Return the stream of the touch about a member, whatever the reasons and the streams that find them."""
    return stream_id("care", community, member.key)


def alerts_stream(community: str) -> str:
    """Return the stream of a community's alert budget."""
    return stream_id("alerts", community)


def tone_stream(community: str, key: str) -> str:
    """Return the stream of what the reading of tone leaves of one identity of a member, by its opaque key."""
    return stream_id("tone", community, key)


def heat_stream(conversation: str) -> str:
    """Return the stream of how heated a conversation is, by the conversation's own."""
    return f"heat:{conversation.partition(':')[2]}"


def signs_stream(conversation: str) -> str:
    """Return the stream of which messages of a conversation showed a sign, by the conversation's own."""
    return f"signs:{conversation.partition(':')[2]}"


def ritual_stream(community: str, name: WeeklyList) -> str:
    """Return the stream of one of a community's weekly lists."""
    return stream_id("ritual", community, name)


@lru_cache(maxsize=4_096)
def gathering_stream(community: str, platform: str, gathering: str) -> str:
    """Return the stream of a gathering, by the platform's own id."""
    return stream_id("gathering", community, digest(platform, gathering))


def guest_stream(community: str, key: str) -> str:
    """Return the stream of one identity of a member as a guest of gatherings, by its opaque key."""
    return stream_id("guest", community, key)


def community_of(stream: str) -> str:
    """Return the community whose imports suspend the stream's deadlines; nothing suspends a community's own."""
    category, _, rest = stream.partition(":")
    return "" if category == "community" else rest.partition(":")[0]

"""The streams of notifier's store."""

from __future__ import annotations

from shared.decider import stream_id


def touch_stream(touch: str) -> str:
    """Return the stream of a touch."""
    return stream_id("touch", touch)


def roster_stream(organisation: str) -> str:
    """Return the stream of an organisation's roster."""
    return stream_id("roster", organisation)


def policy_stream(organisation: str) -> str:
    """Return the stream of an organisation's care policy."""
    return stream_id("policy", organisation)


def organisation_of(stream: str) -> str:
    """Return the organisation whose roster or policy ``stream`` is."""
    return stream.partition(":")[2]

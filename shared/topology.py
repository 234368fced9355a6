"""The streams, as data. They are created by the provisioner and never changed by a service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES

MIB: Final = 1024**2
GIB: Final = 1024**3
LEAST_BYTES: Final = 16 * MIB
_SIZE: Final = re.compile(r"([0-9]{1,15})(|MiB|GiB|TiB)")
_UNITS: Final = {"": 1, "MiB": MIB, "GiB": GIB, "TiB": 1024**4}
DERIVED: Final = frozenset({TOUCHES, TOUCH_FACTS})
"""Streams that hold nothing but copies of what logs hold: one that was deleted may be made anew and filled again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream: nothing old is ever dropped to make room, a full stream refuses."""

    name: str
    subjects: tuple[str, ...]
    description: str
    max_bytes: int
    replicas: int

    def config(self) -> dict[str, Any]:
        """Return the configuration as the JetStream API takes it (times in nanoseconds)."""
        return {
            "name": self.name,
            "description": self.description,
            "subjects": list(self.subjects),
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "max_bytes": self.max_bytes,
            "max_msgs": -1,
            "max_msgs_per_subject": -1,
            "max_msg_size": -1,
            "max_consumers": -1,
            "max_age": 0,
            "duplicate_window": 600_000_000_000,
            "num_replicas": self.replicas,
            "allow_direct": True,
            "allow_atomic": True,
            "allow_rollup_hdrs": False,
            "allow_msg_ttl": False,
            "no_ack": False,
            "sealed": False,
            "deny_delete": False,
            "deny_purge": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """What an operator decides about the streams.

    ``max_bytes`` bounds MEMBER_EVENTS, the others get a quarter of it each; ``replicas`` is on how many servers of a
    cluster each stream stands, 1 or 3.
    """

    max_bytes: int = 10 * GIB
    replicas: int = 1


def read_bytes(text: str) -> int:
    """Return the size in ``text``: a whole number of bytes, or with MiB, GiB or TiB. Raises ValueError in words."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError("give a size such as 10GiB: a whole number, with MiB, GiB, TiB or nothing for bytes")
    size = int(found[1]) * _UNITS[found[2]]
    if size < LEAST_BYTES:
        raise ValueError("give at least 16MiB: a smaller stream is full at once")
    return size


def size_in_words(size: int) -> str:
    """Return ``size`` in bytes as ``read_bytes`` takes it, in the largest unit that leaves it whole."""
    if size < 0:
        return "unbounded"
    unit, factor = next(pair for pair in reversed(_UNITS.items()) if size % pair[1] == 0)
    return f"{size // factor}{unit}"


def store_bytes(settings: StreamSettings) -> int:
    """Return what a server must be allowed to store, so that every stream has its bound."""
    return sum(stream.max_bytes for stream in streams(settings)) + GIB


def streams(settings: StreamSettings | None = None) -> tuple[Stream, ...]:
    """Return Warmline's streams, by default with the settings of one server."""
    settings = settings or StreamSettings()
    max_bytes, replicas = settings.max_bytes, settings.replicas
    return (
        Stream(
            name=MEMBER_EVENTS,
            subjects=("p.*.member.>",),
            description="What sources reported, and Warmline's own facts: the log of record",
            max_bytes=max_bytes,
            replicas=replicas,
        ),
        Stream(
            name=TOUCHES,
            subjects=("needs-touch.*.*.*",),
            description="needs-touch: who needs a human, and why",
            max_bytes=max_bytes // 4,
            replicas=replicas,
        ),
        Stream(
            name=TOUCH_FACTS,
            subjects=("touch.*.*",),
            description="What became of each touch",
            max_bytes=max_bytes // 4,
            replicas=replicas,
        ),
    )

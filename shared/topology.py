"""The streams, as data. They are created by the provisioner and never changed by a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES

GIB: Final = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream: nothing old is ever dropped to make room, a full stream refuses."""

    name: str
    subjects: tuple[str, ...]
    description: str
    max_bytes: int

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
            "max_age": 0,
            "duplicate_window": 600_000_000_000,
            "num_replicas": 1,
            "allow_direct": True,
            "allow_atomic": True,
            "deny_delete": False,
            "deny_purge": False,
        }


def streams(max_bytes: int = 10 * GIB) -> tuple[Stream, ...]:
    """Return Warmline's streams; ``max_bytes`` bounds MEMBER_EVENTS, the others get a quarter each."""
    return (
        Stream(
            name=MEMBER_EVENTS,
            subjects=("p.*.member.>",),
            description="What sources reported, and Warmline's own facts: the log of record",
            max_bytes=max_bytes,
        ),
        Stream(
            name=TOUCHES,
            subjects=("needs-touch.*.*.*",),
            description="needs-touch: who needs a human, and why",
            max_bytes=max_bytes // 4,
        ),
        Stream(
            name=TOUCH_FACTS,
            subjects=("touch.*.*",),
            description="What became of each touch",
            max_bytes=max_bytes // 4,
        ),
    )

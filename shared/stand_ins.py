"""Copies without text, read in the place of the messages that they stand for.

So whoever reads MEMBER_EVENTS once more, or for the first time, comes to what others came to before the messages were
redacted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from shared.contracts.redaction import KIND, STANDS_FOR
from shared.contracts.subjects import MEMBER_EVENTS
from shared.delivery import Message

_TOKENS = 6
"""In a subject of MEMBER_EVENTS, the last of which is the kind."""


def stand_in(copy: Message) -> Message | None:
    """Return the message that ``copy`` stands for, as it is read now; None if it stands for none."""
    seq, _, stored = (copy.headers or {}).get(STANDS_FOR, "").partition(" ")
    try:
        return msgspec.structs.replace(copy, seq=int(seq), stored=datetime.fromisoformat(stored))
    except ValueError:
        return None


def redacted_among(stream: str, subjects: Sequence[str]) -> list[str]:
    """Return the subjects of the copies among what ``subjects`` take in; none where they name one kind."""
    if stream != MEMBER_EVENTS:
        return []
    tokens = [subject.split(".")[:-1] for subject in subjects if subject.split(".")[-1] == ">"]
    return [".".join([*named, *["*"] * (_TOKENS - 1 - len(named)), KIND]) for named in tokens]


class StandIns:
    """What stands for the redacted messages after a place in the stream, until it is their turn."""

    def __init__(self, copies: Iterable[Message] = (), *, after: int = 0) -> None:
        by_seq = {one.seq: one for one in map(stand_in, copies) if one is not None and one.seq > after}
        self._waiting = deque(by_seq[seq] for seq in sorted(by_seq))

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def before(self, seq: int) -> Iterable[Message]:
        """Yield, once, those whose turn it is before the message at ``seq``."""
        while self._waiting and self._waiting[0].seq < seq:
            yield self._waiting.popleft()

"""The decider: a stream's rules as three pure functions.

After Jérémie Chassaing's "Functional Event Sourcing Decider" (https://thinkbeforecoding.com/post/2021/12/17).
A decider reads no clock, draws no random number and does no I/O; what it needs to know is in the command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

S = TypeVar("S")


class Deadline(Struct, frozen=True, kw_only=True, gc=False):
    """A moment at which a stream wants to be looked at again."""

    name: str
    due: datetime


class Standing(Struct, frozen=True, kw_only=True, gc=False):
    """A place in one of the partition's waiting lines, highest ``rank`` first."""

    line: str
    rank: float


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Where a stream stands in its line."""

    rank: float
    stream: str

    @property
    def order(self) -> tuple[float, str]:
        """What places of one line are sorted by, first comes first."""
        return (-self.rank, self.stream)


def _no_deadlines(_state: Any) -> tuple[Deadline, ...]:
    return ()


def _no_standing(_state: Any) -> Standing | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider(Generic[S]):
    """The rules of one category of streams.

    ``decide`` returns the events that a command leads to and raises ``Refused`` when it must not happen; ``evolve``
    never raises. ``deadlines`` and ``standing`` are read off the state after every change, so that they can be neither
    forgotten nor left behind.

    ``lags`` where states outweigh their events by far: what is stored of one may be of an earlier version, on which the
    events of the log follow (see ``Workspace.to_commit``). Such streams stand in no line.
    """

    category: str
    initial: S
    decide: Callable[[Any, S], tuple[Any, ...]]
    evolve: Callable[[S, Any], S]
    events: tuple[type[Any], ...]
    deadlines: Callable[[S], tuple[Deadline, ...]] = _no_deadlines
    standing: Callable[[S], Standing | None] = _no_standing
    lags: bool = False

    def __post_init__(self) -> None:
        """Refuse what would let the stored lines be old."""
        if self.lags and self.standing is not _no_standing:
            raise ValueError(f"{self.category} stands in lines, which are read off stored states: these must not lag")

    def fold(self, events: Iterable[Any], state: S | None = None) -> S:
        """Return the state after ``events``, starting from ``state`` or from the beginning."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event)
        return current


class Refused(Exception):  # noqa: N818 -- a refusal is an answer to a person, not an error
    """A command that must not happen; ``code`` is for programs, ``detail`` says what would be possible instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def stream_id(category: str, *parts: str) -> str:
    """Return the id of a stream: its category and what names it, joined by ``:``."""
    return ":".join((category, *parts))


def category_of(stream: str) -> str:
    """Return the category of a stream id."""
    return stream.partition(":")[0]

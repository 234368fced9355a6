"""What a service gives to the loop that runs its partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from shared.delivery import Delivered, Message
from shared.event_store.interface import Store
from shared.event_store.recorder import DeadlineRow
from shared.workspace import Workspace


class Service(Protocol):
    """What a service does with what reaches a partition. Handlers are synchronous, read and decide, and do no I/O."""

    def concerns(self, message: Message) -> bool:
        """Tell whether the message is this partition's to fold; others are passed over, and not even decoded."""
        ...

    def streams_of(self, delivered: Delivered) -> Sequence[str]:
        """Return the streams that handling is likely to need, to load them for a whole batch at once."""
        ...

    def streams_beside(self, coming: Sequence[Delivered], work: Workspace) -> Sequence[str]:
        """Return what else handling ``coming`` is likely to need, by what their ``streams_of`` say, now in memory."""
        ...

    def streams_of_due(self, deadlines: Sequence[DeadlineRow], work: Workspace) -> Sequence[str]:
        """Return the streams that firing ``deadlines`` is likely to need beside their own, which are in memory."""
        ...

    def prepare(self, coming: Sequence[Delivered]) -> None:
        """Make ready what is better done for a whole batch, which is folded next; nothing may depend on it."""
        ...

    def on_message(self, delivered: Delivered, work: Workspace) -> None:
        """Fold one message."""
        ...

    def on_deadline(self, deadline: DeadlineRow, work: Workspace) -> None:
        """Fire one deadline: afterwards its stream must no longer have it as it was."""
        ...

    def community_of(self, stream: str) -> str:
        """Return the community whose imports suspend the stream's deadlines."""
        ...

    def suspended(self, store: Store) -> Sequence[str]:
        """Return the communities that are being imported, as the store has it. Blocking."""
        ...


@runtime_checkable
class CommandService(Service, Protocol):
    """A service that people can command."""

    def on_command(self, command: Any, work: Workspace) -> tuple[str, int]:
        """Carry out a command; return the touch and its new revision. Raises Refused."""
        ...

    def as_done(self, command: Any, work: Workspace) -> tuple[str, int]:
        """Return the answer to a command that was carried out before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A stream that a partition reads, and which of its subjects."""

    stream: str
    subjects: tuple[str, ...]

"""What long work says of how far it has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where long work tells its steps."""

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a step; ``total`` is what ``reach`` will come to, where that is known."""
        ...

    def reach(self, done: int) -> None:
        """Say how much of the step is done."""
        ...

    def tell(self, line: str) -> None:
        """Say something that stays to be read."""
        ...

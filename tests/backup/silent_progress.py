"""Progress that nobody looks at."""

from __future__ import annotations


class Silent:
    """Takes what is told, and shows none of it."""

    def step(self, what: str, total: int | None = None) -> None: ...

    def reach(self, done: int) -> None: ...

    def tell(self, line: str) -> None: ...

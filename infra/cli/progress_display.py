"""Progress of long commands on stderr: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

_LINE_SECONDS: Final = 5.0


class ProgressDisplay:
    """Shows one step at a time; use it as a context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._what = ""
        self._total: int | None = None
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a step."""
        self._what, self._total = what, total
        self._bar.reset(self._task, description=what, total=total)

    def reach(self, done: int) -> None:
        """Say how much of the step is done."""
        self._bar.update(self._task, completed=done)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._said >= _LINE_SECONDS:
            self._said = now
            of = f" of {self._total:,}" if self._total else ""
            self._console.print(f"{self._what}: {done:,}{of}", markup=False)

    def tell(self, line: str) -> None:
        """Say something that stays to be read."""
        self._bar.console.print(line, markup=False)

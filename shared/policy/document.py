"""A policy as read from its file: plain values, the line of each, and what was found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to mend in a policy; ``line`` counts from 1, and is 1 where the policy came without lines."""

    line: int
    path: Path
    problem: str
    fix: str

    @property
    def field(self) -> str:
        """The field as people read it, ``responders[2].email``: items count from 1."""
        return field_name(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyError(Finding):
    """The policy cannot be adopted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWarning(Finding):
    """The policy holds, but probably does not do what its author means."""


def field_name(path: Path, *, first: int = 1) -> str:
    """Return ``path`` as people read it; ``first`` is the number of a list's first item."""
    name = ""
    for step in path:
        name += f"[{step + first}]" if isinstance(step, int) else f".{step}" if name else step
    return name or "the whole file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Values by path. A value that was wrong in itself is absent, or None where it was an item of a list."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of the nearest field around it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        """Return in words where ``path`` stands."""
        return f"in line {self.line(path)}" if self.lines else f"at {field_name(path, first=0)}"

    def get(self, *path: str | int) -> Any:
        """Return the value at ``path``, or None where there is none."""
        value: Any = self.values
        for step in path:
            value = value[step] if isinstance(step, int) else (value or {}).get(step)
        return value

    def items(self, *path: str | int) -> Iterator[tuple[Path, Any]]:
        """Yield the path and the value of each sound item in the list at ``path``."""
        for index, value in enumerate(self.get(*path) or ()):
            if value is not None:
                yield (*path, index), value

    def error(self, path: Path, problem: str, fix: str) -> PolicyError:
        """Return an error at ``path``."""
        return PolicyError(line=self.line(path), path=path, problem=problem, fix=fix)

    def warning(self, path: Path, problem: str, fix: str) -> PolicyWarning:
        """Return a warning at ``path``."""
        return PolicyWarning(line=self.line(path), path=path, problem=problem, fix=fix)

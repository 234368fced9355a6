"""What was heard of last, as far as it is kept. Pure."""

from __future__ import annotations

from typing import TypeVar

Name = TypeVar("Name")
Value = TypeVar("Value")


def keep(known: dict[Name, Value], name: Name, value: Value, most: int) -> None:
    """Keep ``value`` as the newest, and of all that is ``known`` the newest ``most``."""
    known.pop(name, None)
    while len(known) >= most:
        del known[next(iter(known))]
    known[name] = value

"""Which of a set's parts nothing was chosen by: half of them, by their names, the same on every machine."""

from __future__ import annotations

from hashlib import md5


def is_held_out(name: str) -> bool:
    """Tell whether the part of that name is of the half that is only measured."""
    return md5(name.encode(), usedforsecurity=False).digest()[-1] % 2 == 1

"""What a signature is checked against, and what a scheme can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

TOLERANCE: Final = timedelta(minutes=5)
"""How far a signed time may lie from now, to either side."""


class Signed(Struct, frozen=True, kw_only=True):
    """A request as it came: the raw body, and the headers by their lower-case names."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime


Verify = Callable[[Signed, str], bool]
"""Tells whether a request was signed with a secret; whatever it raises means no."""

Sign = Callable[[bytes, str, datetime], dict[str, str]]
"""Returns the headers with which the holder of a secret would send a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a platform proves who it is. ``sign`` is None where only the platform can: it has a key that we have not.

    ``with_secret`` returns a body as one is sent that holds the secret itself. ``check`` raises ValueError, with what a
    secret of the platform looks like, for one with which nothing could be verified.
    """

    verify: Verify
    sign: Sign | None
    with_secret: Callable[[bytes, str], bytes] = lambda body, _secret: body
    check: Callable[[str], object] = lambda _secret: None


def is_recent(seconds: str, now: datetime) -> bool:
    """Tell whether a signed time, in seconds since 1970, is close enough to ``now``; raises ValueError for none."""
    if not (seconds.isascii() and seconds.isdigit()):
        raise ValueError("no time")
    return abs(now.timestamp() - int(seconds)) <= TOLERANCE.total_seconds()

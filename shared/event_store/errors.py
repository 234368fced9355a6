"""Why an owner must not go on."""

from __future__ import annotations

from typing import Final

MEND: Final = "Bring database and streams together with: warmline reconcile"
"""How an operator mends a skew."""


class FencedError(Exception):
    """The shard has another owner now: drop every cache and let go."""


class SkewError(Exception):
    """Database and streams are of different moments: a shard stands still until they are brought together."""


class StreamReplacedError(SkewError):
    """The stream that was read before is gone or cut back, or another stands under its name: positions are void."""

"""Names, identifiers and the keys derived from them."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta

NAME_PATTERN: Final = r"^[a-z0-9-]{1,40}$(?!\n)"

Name = Annotated[str, Meta(pattern=NAME_PATTERN, description="1 to 40 of a-z, 0-9 and '-'")]
"""The name of an organisation, a community, a source, a platform, a segment or a responder."""

ADDRESS_HASH: Final = r"^e-[0-9a-f]{32}$(?!\n)"
"""What stands for an e-mail address, wherever it came from: as an id of its owner, or in a profile."""

Text = Annotated[str, Meta(max_length=100_000)]
"""What a person wrote."""

Label = Annotated[str, Meta(min_length=1, max_length=300)]
"""A short foreign identifier or title as the platform gives it."""

MOST_OF_NOTE: Final = 2_000
MOST_OF_TAG: Final = 60

Note = Annotated[str, Meta(min_length=1, max_length=MOST_OF_NOTE)]
"""What one of the team wrote for the others."""

Tag = Annotated[str, Meta(min_length=1, max_length=MOST_OF_TAG)]
"""What the team calls a group of members."""

Url = Annotated[str, Meta(max_length=2_000, pattern=r"^https?://")]
"""A link that a person may follow back to the platform."""

Audience = Literal["public", "members", "private"]
"""Who could read it where it was said. Direct messages have no audience here: they are never ingested."""

Reason = Literal[
    "welcome",
    "unanswered",
    "fading",
    "returning",
    "milestone",
    "low-survey",
    "moderated",
    "farewell",
    "check-in",
    "follow-up",
    "distress",
    "heated",
    "frustration",
    "thanks",
    "by-hand",
    "ritual",
    "out-of-character",
]
"""Why a touch is needed. The list grows; a reader passes a reason that it does not know."""

OF_TONE: Final[tuple[Reason, ...]] = ("distress", "heated", "frustration", "thanks", "out-of-character")
"""Those that rest on how a text sounds, and are measured by a score."""

Urgency = Literal["urgent", "soon", "routine"]
"""How soon a human should show up."""

_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
# Every event is digested several times, and the standard library's base32 takes three times as long. Tables of three
# characters do not fit into the processor's nearest cache, and a copy is made in half the time of a new digest.
_PAIRS: Final = tuple(first + second for first in _BASE32 for second in _BASE32)
_lanes: Final = struct.Struct(">BIBIBIB").unpack
_blake: Final = hashlib.blake2b(digest_size=16)


def digest(*parts: str) -> str:
    """Return 26 characters of base32 that stand for ``parts``: BLAKE2b (RFC 7693) with a 16-byte digest.

    The parts are separated so that moving a character between them changes the result.
    """
    blake = _blake.copy()
    blake.update("\x1f".join(parts).encode())
    p = _PAIRS
    a, b, c, d, e, f, g = _lanes(blake.digest())  # thrice 40 bits for eight characters each, and eight bits
    return (
        f"{p[a << 2 | b >> 30]}{p[b >> 20 & 1023]}{p[b >> 10 & 1023]}{p[b & 1023]}"
        f"{p[c << 2 | d >> 30]}{p[d >> 20 & 1023]}{p[d >> 10 & 1023]}{p[d & 1023]}"
        f"{p[e << 2 | f >> 30]}{p[f >> 20 & 1023]}{p[f >> 10 & 1023]}{p[f & 1023]}{p[g << 2]}"
    )


@lru_cache(maxsize=16_384)
def member_key(community: str, platform: str, member_id: str) -> str:
    """Return the opaque id under which one identity of a member stands in paths, logs and stream names."""
    return f"m-{digest(community, platform, member_id)}"


def touch_id(community: str, about: str, episode: int) -> str:
    """Return the id of the ``episode``-th touch about one stream; the same facts give the same id.

    No reason is in it: there are so few that whoever sees the id would find it by trying them.
    """
    return f"t-{digest(community, about, str(episode))}"


def event_key(community: str, source: str, event_id: str) -> str:
    """Return the identity of a member event (community, source, id), of a bounded length, as a de-duplication key."""
    return digest(community, source, event_id)

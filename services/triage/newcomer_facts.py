"""Whether a newcomer is known by one message alone: where that is deleted, nobody is there to be welcomed."""

from __future__ import annotations

from msgspec import Struct

from shared.contracts.needs_touch import Evidence

# What happened


class NewcomerKnownBy(Struct, frozen=True, kw_only=True, gc=False):
    """The newcomer wrote ``message``; what was known of them before was done to them, or told of them."""

    message: str
    evidence: Evidence


class NewcomerSeenAgain(Struct, frozen=True, kw_only=True, gc=False):
    """The newcomer did something else, too: their being there rests on more than one message."""

    evidence: Evidence


class NewcomerUnseen(Struct, frozen=True, kw_only=True, gc=False):
    """The one message by which the newcomer was known was deleted, as ``evidence`` says."""

    evidence: Evidence


class NewcomerBack(Struct, frozen=True, kw_only=True, gc=False):
    """The newcomer is there again, with ``message`` if they wrote: a welcome is awaited as before."""

    evidence: Evidence
    message: str | None


# What is asked


class LoseMessage(Struct, frozen=True, kw_only=True, gc=False):
    """A message of the newcomer was deleted."""

    message: str
    evidence: Evidence

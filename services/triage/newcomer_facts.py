"""Whether a newcomer is known by one message alone: where that is deleted, nobody is there to be welcomed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.contracts.needs_touch import Evidence

# What happened


class NewcomerSeenAgain(Struct, frozen=True, kw_only=True, gc=False):
    """The newcomer, who was known by one message, did something else: their being there rests on more than that."""

    evidence: Evidence


class NewcomerUnseen(Struct, frozen=True, kw_only=True, gc=False):
    """The one message by which the newcomer was known was deleted, as ``evidence`` says."""

    evidence: Evidence


class NewcomerBack(Struct, frozen=True, kw_only=True, gc=False):
    """The newcomer is there again, with ``message`` if they wrote: a welcome is awaited anew, from then on."""

    evidence: Evidence
    message: str | None
    welcome_due: datetime | None


# What is asked


class LoseMessage(Struct, frozen=True, kw_only=True, gc=False):
    """A message of the newcomer was deleted."""

    message: str
    evidence: Evidence

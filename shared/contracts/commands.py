"""Commands to the owner of a touch, sent by request and reply, and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.contracts.names import Label, Name
from shared.contracts.touch_facts import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchCommand:
    """What every command on a touch holds.

    ``command_id`` makes acting twice do nothing twice; ``revision`` is the touch's revision that the person saw.
    """

    command_id: Label
    organisation: Name
    touch: Label
    responder: Name
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTouch(TouchCommand):
    """Take the touch into one's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTouch(TouchCommand):
    """Give a touch back that is assigned to or claimed by the responder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleTouch(TouchCommand):
    """Say how the touch ended."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """The answer to a command: the touch's revision that a page awaits, or why it was refused.

    ``position`` is the owner's log position after the command. ``refused`` is one of ``unknown-touch``,
    ``unknown-responder``, ``stale-revision``, ``not-allowed``, ``already-ended`` and ``bad-command``.
    """

    touch: Label
    revision: int
    position: int
    refused: str | None = None
    detail: str = ""


COMMAND_TYPES: Final[dict[str, type[TouchCommand]]] = {
    "claim": ClaimTouch,
    "release": ReleaseTouch,
    "settle": SettleTouch,
}
"""The last token of the command's subject to the form of the body."""

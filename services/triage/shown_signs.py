"""Which messages of a conversation showed a sign, and where that was noted: they may be deleted or edited later.

It goes by the conversation, since not every platform tells who had written what is deleted.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.names import Reason
from shared.contracts.needs_touch import Evidence
from shared.decider import Decider

_KEPT: Final = 64


class SignShown(Struct, frozen=True, kw_only=True, gc=False):
    """``message`` showed what may be a need of that reason; the stream ``noted_in`` noted it."""

    message: str
    reason: Reason
    evidence: Evidence
    noted_in: str


class SignsForgotten(Struct, frozen=True, kw_only=True, gc=False):
    """``message`` shows nothing any more that may be a need of these reasons."""

    message: str
    reasons: tuple[Reason, ...]


class NoteShown(Struct, frozen=True, kw_only=True, gc=False):
    """A sign in a message was noted."""

    shown: SignShown


class ForgetSigns(Struct, frozen=True, kw_only=True, gc=False):
    """The message shows nothing any more that may be a need of these reasons."""

    message: str
    reasons: tuple[Reason, ...]


class ShownState(Struct, frozen=True, kw_only=True, gc=False):
    """The newest signs in the conversation, of those that are still to be read there."""

    shown: tuple[SignShown, ...] = ()

    def of(self, message: str) -> tuple[SignShown, ...]:
        """Return the signs that the message showed."""
        return tuple(one for one in self.shown if one.message == message)


def decide(command: Any, state: ShownState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteShown() if command.shown not in state.shown:
            return (command.shown,)
        case ForgetSigns() if any(one.reason in command.reasons for one in state.of(command.message)):
            return (SignsForgotten(message=command.message, reasons=command.reasons),)
        case _:
            return ()


def evolve(state: ShownState, event: Any) -> ShownState:
    """Return the state after ``event``."""
    match event:
        case SignShown():
            return replace(state, shown=(*state.shown, event)[-_KEPT:])
        case SignsForgotten():
            kept = (one for one in state.shown if one.message != event.message or one.reason not in event.reasons)
            return replace(state, shown=tuple(kept))
        case _:
            return state


SIGNS: Final[Decider[ShownState]] = Decider(
    category="signs",
    initial=ShownState(),
    decide=decide,
    evolve=evolve,
    events=(SignShown, SignsForgotten),
)

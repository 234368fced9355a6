"""The care policy of one organisation, as notifier holds it: who its people are, and what may be asked of them."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.policy import Policy
from shared.decider import Decider


class PolicyTaken(Struct, frozen=True, kw_only=True, gc=False):
    """From here on this policy says who may be asked."""

    version: str
    policy: Policy


class TakePolicy(Struct, frozen=True, kw_only=True, gc=False):
    """A policy was adopted."""

    version: str
    policy: Policy


class PolicyState(Struct, frozen=True, kw_only=True, gc=False):
    """The policy that holds; none before the first."""

    policy: Policy | None = None
    version: str = ""


def decide(command: Any, state: PolicyState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to: none for the version that holds already."""
    match command:
        case TakePolicy() if command.version != state.version:
            return (PolicyTaken(version=command.version, policy=command.policy),)
        case _:
            return ()


def evolve(state: PolicyState, event: Any) -> PolicyState:
    """Return the state after ``event``."""
    match event:
        case PolicyTaken():
            return replace(state, policy=event.policy, version=event.version)
        case _:
            return state


POLICY: Final[Decider[PolicyState]] = Decider(
    category="policy", initial=PolicyState(), decide=decide, evolve=evolve, events=(PolicyTaken,)
)

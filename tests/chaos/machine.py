"""What this machine allows."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.network import why_no_cable
from tests.chaos.power import why_no_power_cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Why a fault that needs root cannot be done here; None where it can."""

    why_no_power_cut: str | None
    why_no_cable: str | None


def this_machine() -> Machine:
    """Find out by trying."""
    return Machine(why_no_power_cut=why_no_power_cut(), why_no_cable=why_no_cable())

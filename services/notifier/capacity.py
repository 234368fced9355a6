"""What one person may be asked to carry: who could take a touch, what they carry, and where their limit is."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.contracts.policy import Limits
from shared.contracts.touch_facts import Hold


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """A responder as seen for one touch now. ``hold`` is what stands against them; ``day`` is their date."""

    responder: str
    display_name: str
    limits: Limits
    day: str
    hold: Hold | None = None
    why: str = ""


class Load(Struct, frozen=True, kw_only=True, gc=False):
    """What a responder carries, and how many touches they had on ``day``.

    ``cared`` are the newest facts of care elsewhere that count as one of the day's touches, and ``of_touches`` those
    that do not, as the touch for which that care was counts already.
    """

    responder: str
    care_load: int = 0
    touches: int = 0
    day: str = ""
    granted: int = 0
    cared: tuple[str, ...] = ()
    of_touches: tuple[str, ...] = ()


def on_day(load: Load, day: str) -> Load:
    """Return the load as ``day`` begins, unless it is of that day."""
    return load if load.day == day else replace(load, day=day, granted=0, cared=())


def granted_on(load: Load, day: str) -> int:
    """Return how many touches there were on ``day``."""
    return load.granted if load.day == day else 0


def over_limit(load: Load, candidate: Candidate, care_load: int) -> str | None:
    """Return in words which limit another touch of ``care_load`` would exceed, None where it exceeds none.

    A touch of several reasons may weigh more than anybody's limit: who carries nothing may be given that one.
    """
    limits = candidate.limits
    if load.care_load and load.care_load + care_load > limits.care_load:
        return f"at the limit: carries {load.care_load} of {limits.care_load} care load, and this weighs {care_load}"
    if load.touches >= limits.touches:
        return f"at the limit: has {load.touches} of {limits.touches} touches"
    granted = granted_on(load, candidate.day)
    if granted >= limits.touches_per_day:
        return f"at the limit: has had {granted} of {limits.touches_per_day} touches today"
    return None

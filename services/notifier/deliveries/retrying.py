"""When a delivery is tried again, when it is given up, and when its integrator is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=15)
LONGEST_ASKED_WAIT: Final = timedelta(hours=1)
"""An integrator may ask for a pause (Retry-After), but for no longer than this at a time."""
PATIENCE: Final = timedelta(days=3)
REFUSALS: Final = 5
"""So often an event is sent to an integrator that refuses it (4xx), before the next one is."""
_PASSING: Final = frozenset({408, 425, 429})
_GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an attempt went: the HTTP status, None when none came, and in words what was wrong; ``pause`` was asked."""

    status: int | None
    says: str = ""
    pause: timedelta | None = None

    @property
    def taken(self) -> bool:
        """Whether the integrator has the event now."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the integrator wants none of this event: another attempt is not likely to change that."""
        return self.status is not None and 300 <= self.status < 500 and self.status not in _PASSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What is done after an attempt that failed; ``wait`` only for ``again``."""

    step: Literal["again", "give-up-event", "pause-integrator"]
    wait: timedelta = timedelta(0)


def after(answer: Answer, *, tries: int, failing_for: timedelta, chance: float) -> Next:
    """Return what follows the ``tries``-th attempt in a row that failed; ``chance`` from 0 to 1 spreads the waits.

    Nothing is tried for ever: who says that it is gone, or has not answered for ``PATIENCE``, is left alone until a
    person says otherwise; the events wait in the stream.
    """
    if answer.status == _GONE or failing_for >= PATIENCE:
        return Next(step="pause-integrator")
    if answer.refused and tries >= REFUSALS:
        return Next(step="give-up-event")
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT) * (0.5 + chance / 2)
    if answer.pause is not None:
        wait = max(wait, min(answer.pause, LONGEST_ASKED_WAIT))
    return Next(step="again", wait=wait)

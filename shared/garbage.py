"""How seldom a service looks for garbage that reference counts do not find."""

from __future__ import annotations

import gc
from typing import Final

_COLLECT_AFTER: Final = (50_000, 20, 50)


def collect_seldom() -> None:
    """Have the collector run seldom: events, states and messages hold no cycles.

    Looking for some in all that is cached, and in every list of a batch, takes a tenth of the time and more.
    """
    gc.freeze()  # modules and classes stay
    gc.set_threshold(*_COLLECT_AFTER)

"""Named places at which a process can be told to die: how it is shown that nothing hangs on living through them."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final, Literal

CrashPoint = Literal[
    "store.before-commit",
    "store.after-commit",
    "view.before-commit",
    "view.after-commit",
    "publisher.before-request",
    "publisher.after-puback",
    "ingest.before-answer",
    "relay.before-noting",
    "feedback.before-position",
    "redaction.before-erasure",
    "notices.before-recording",
    "lease.before-renewal",
]
"""Around COMMIT, around PubAck, and between what leaves the process and the note that it has left."""

FOLDER: Final = "WARMLINE_CRASH_POINTS"
"""The environment variable that names the folder of orders; without it no process ever dies here."""


def _order() -> Path | None:
    folder, instance = os.environ.get(FOLDER), os.environ.get("WARMLINE_INSTANCE")
    return Path(folder, instance) if folder and instance else None


_ORDER: Final = _order()


def crash_point(name: CrashPoint) -> None:
    """Kill this process as ``kill -9`` does, if the file FOLDER/<instance> holds ``name``; the file is removed first.

    A file serves one death, so that the process that is started next goes on.
    """
    if _ORDER is None:
        return
    try:
        if _ORDER.read_text(encoding="utf-8") != name:
            return
        _ORDER.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

"""Bugs in a running system, which a test plants and takes away: as a build that cannot process some messages.

Every process of the system imports the module ``sitecustomize`` at its start. It makes a service fail, while a file of
the bug's name is in the folder, at whatever speaks of poison.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SITE = """
import os, sys
from pathlib import Path

def planted(name):
    return (Path(os.environ["PLANTED_BUGS"]) / name).exists()

program = " ".join(sys.orig_argv)
if "services.triage.main" in program:
    from services.triage.service import TriageService
    fold, look = TriageService.on_message, TriageService.on_deadline
    def on_message(self, delivered, work):
        fold(self, delivered, work)
        if "poison" in (getattr(delivered.event.data, "text", None) or "") and planted("triage"):
            raise ValueError("planted in triage")
    def on_deadline(self, deadline, work):
        look(self, deadline, work)
        if planted("looks"):
            raise ValueError("planted in a look")
    TriageService.on_message, TriageService.on_deadline = on_message, on_deadline
if "services.notifier.main" in program:
    from services.notifier.service import NotifierService
    take = NotifierService.on_message
    def on_message(self, delivered, work):
        take(self, delivered, work)
        member = getattr(delivered.event, "member", None)
        if member is not None and member.id.startswith("poison") and planted("notifier"):
            raise ValueError("planted in notifier")
    NotifierService.on_message = on_message
if "services.projections.main" in program:
    from services.projections.queue.view import QueueView
    show = QueueView.fold
    async def fold(self, connection, messages):
        await show(self, connection, messages)
        if any(type(one.event).__name__ == "TouchClaimed" for one in messages) and planted("queue"):
            raise ValueError("planted in queue")
    QueueView.fold = fold
"""


class PlantedBugs:
    """The bugs that a system has now: ``triage``, ``looks``, ``notifier``, ``queue``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def plant(self, *names: str) -> None:
        for name in names:
            (self._folder / name).touch()

    def mend(self, *names: str) -> None:
        for name in names:
            (self._folder / name).unlink()


@contextmanager
def bugs_to_plant(folder: Path) -> Iterator[PlantedBugs]:
    """Let what is started within have bugs; none is there yet."""
    (folder / "sitecustomize.py").write_text(_SITE)
    added = {"PLANTED_BUGS": str(folder), "PYTHONPATH": str(folder)}
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield PlantedBugs(folder)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value

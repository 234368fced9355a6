"""Where the event-sourced services publish."""

from __future__ import annotations

from typing import Final

from services.notifier.publications import PUBLIC as TOUCH_FACTS_PUBLIC
from services.triage.publications import PUBLIC as TOUCHES_PUBLIC
from shared.contracts.subjects import TOUCH_FACTS, TOUCHES
from shared.decider_process import Outlet

OUTLETS: Final = {
    "triage": Outlet(stream=TOUCHES, subject="needs-touch.>", public=TOUCHES_PUBLIC),
    "notifier": Outlet(stream=TOUCH_FACTS, subject="touch.>", public=TOUCH_FACTS_PUBLIC),
}

"""The read models."""

from __future__ import annotations

from typing import Final

from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from shared.view import View

VIEWS: Final[tuple[View, ...]] = (HistoryView(), QueueView())

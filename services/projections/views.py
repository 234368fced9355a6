"""The read models."""

from __future__ import annotations

from typing import Final

from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from shared.view import View

# In this order their schemas are searched: ``horizons``, which both have, is the history's there.
VIEWS: Final[tuple[View, ...]] = (HistoryView(), QueueView())

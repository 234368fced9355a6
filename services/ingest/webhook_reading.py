"""What a verified webhook comes to, and how that is told to who tries it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from services.ingest.envelope import MAX_EVENTS
from services.ingest.hook_formats import Format
from services.ingest.hooks import Hook
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.reading import Delivery, NotUnderstoodError, Partly, Passed, Reading, Reply
from services.ingest.source_forms import Tried

_LONG: Final = 64 * 1024
"""Bytes. A longer body may take a second to read, in which others would not be answered."""
_log = structlog.get_logger()


async def reading_of(hook: Hook, form: Format, delivery: Delivery) -> Reading | NotUnderstoodError:
    """Return what ``delivery`` means; whatever its reader raises is that it was not understood."""
    try:
        if len(delivery.body) > _LONG:
            reading = await asyncio.to_thread(form.read, delivery, hook.settings)
        else:
            reading = form.read(delivery, hook.settings)
        if isinstance(reading, tuple) and len(reading) > MAX_EVENTS:
            return NotUnderstoodError(f"it holds {len(reading)} events: {MAX_EVENTS} are taken at a time")
    except NotUnderstoodError as error:
        return error
    except Exception as error:  # noqa: BLE001 -- the next event may be understood
        _log.exception("webhook_reader_failed", source=hook.principal.source)
        return NotUnderstoodError(f"the reader of {hook.format} failed: {type(error).__name__}")
    return reading


def tried(reading: Reading | NotUnderstoodError) -> Tried:
    """Return what would have been kept, or why nothing."""
    match reading:
        case Passed(why=why):
            return Tried(passed=why)
        case NotUnderstoodError():
            return Tried(not_understood=str(reading))
        case Reply():
            return Tried(passed="the platform's own question, which is answered")
        case Partly(facts=facts, problems=problems):
            return Tried(facts=_named(facts), not_understood=problems[0])
        case _:
            return Tried(facts=_named(reading))


def _named(facts: Sequence[Fact]) -> list[str]:
    return [f"{type(fact.data).__name__.lower()} {fact.id}" for fact in facts]

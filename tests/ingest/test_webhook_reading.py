"""Reading what a platform sent holds up nobody else, and whatever a reader raises is not understood."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.ingest.hook_formats import FORMATS
from services.ingest.hooks import Hook
from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, NotUnderstoodError, Reading
from services.ingest.principal import SourcePrincipal
from services.ingest.webhook_reading import reading_of

HOOK = Hook(
    principal=SourcePrincipal(community="acme", platform="mastodon", name="one"),
    format="mastodon",
    settings=HookSettings(),
    secrets=(),
)
FORM = FORMATS["mastodon"]


def of_size(size: int) -> Delivery:
    return Delivery(headers={}, body=b"x" * size, arrived=datetime.now(UTC))


@pytest.mark.asyncio
async def test_while_a_long_body_is_read_others_are_answered() -> None:
    others_answered = threading.Event()

    def read(_delivery: Delivery, _settings: HookSettings) -> Reading:
        if not others_answered.wait(2):
            raise NotUnderstoodError("nobody else was answered")
        return NO_CONCERN

    reading = asyncio.create_task(reading_of(HOOK, replace(FORM, read=read), of_size(100_000)))
    await asyncio.sleep(0)
    others_answered.set()
    assert await reading == NO_CONCERN


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [10, 100_000])
async def test_a_reader_that_fails_has_not_understood(size: int) -> None:
    def read(_delivery: Delivery, _settings: HookSettings) -> Reading:
        raise ZeroDivisionError

    reading = await reading_of(HOOK, replace(FORM, read=read), of_size(size))
    assert str(reading) == "the reader of mastodon failed: ZeroDivisionError"

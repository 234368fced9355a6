"""Keeps the streams as they are while a program reads them as a whole."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from services.projections.history.redaction import STREAM_IS_READ


@asynccontextmanager
async def nothing_redacted(connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
    """Have no text redacted until the end: one that is redacted meanwhile is met in two places, or in none."""
    await connection.execute("SELECT pg_advisory_lock_shared(%s)", (STREAM_IS_READ,))
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            await connection.execute("SELECT pg_advisory_unlock_shared(%s)", (STREAM_IS_READ,))

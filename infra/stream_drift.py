"""Drift: how a stream's live configuration differs from the wanted one."""

from __future__ import annotations

from typing import Any

from shared.topology import Stream


def differences(stream: Stream, live: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return each setting that differs, as it is and as it should be; the bound may be chosen freely."""
    return {
        key: (live.get(key), value)
        for key, value in stream.config().items()
        if live.get(key, _absent(value)) != value and key != "max_bytes"
    }


def _absent(value: Any) -> Any:
    """Return what a setting that the server leaves out means, as it leaves out false and 0."""
    return type(value)() if isinstance(value, bool | int) else None

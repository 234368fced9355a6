"""The streams as Warmline needs them: created where they are missing, changed only when the operator asks for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from nats.aio.client import Client

from infra.operator_error import OperatorError
from shared.stream_check import Difference, StreamDriftError, differences
from shared.topology import Stream, StreamSettings, size_in_words, streams

_ANSWER_SECONDS: Final = 10
_NOT_FOUND: Final = 404
_GATHERING: Final = frozenset({10004, 10005, 10008})
"""Cluster incomplete, no suitable peers, temporarily unavailable: so it is while servers are just starting."""
_GATHER_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 0.25
_NO_ROOM: Final = frozenset({10023, 10028, 10047})
"""Insufficient resources, as nats-server numbers them."""
_CHANGEABLE: Final = frozenset(
    (
        *("description", "max_bytes", "num_replicas", "duplicate_window", "discard", "no_ack"),
        *("max_age", "max_msgs", "max_msgs_per_subject", "max_msg_size", "max_consumers"),
        *("allow_direct", "allow_atomic", "allow_rollup_hdrs"),
    )
)
"""To what Warmline needs, these may be changed on a stream in use: nothing stored is lost by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    config: dict[str, Any]
    stored_bytes: int


async def provision_streams(
    client: Client, settings: StreamSettings, *, apply: bool, report: Callable[[str], None]
) -> None:
    """Create the streams that are missing, and with ``apply`` change those that differ; ``report`` is told of each.

    Raises OperatorError when a stream differs, or cannot be made or changed. What differs is found before anything is
    changed.
    """
    wanted = streams(settings)
    live = {stream.name: await _live(client, stream) for stream in wanted}
    drift: list[Difference] = []
    for stream in wanted:
        found = live[stream.name]
        drift += differences(stream, found.config) if found else ()
    if drift and not apply:
        raise OperatorError(str(StreamDriftError(drift)))
    _refuse_what_may_not_be_changed(drift, live)
    for stream in wanted:
        found = live[stream.name]
        own = [difference for difference in drift if difference.stream == stream.name]
        if found is None:
            await _create(client, stream, settings)
        elif own:
            await _change(client, found, own)
            for difference in own:
                report(f"Changed: {difference}")


def _refuse_what_may_not_be_changed(drift: Sequence[Difference], live: dict[str, _Live | None]) -> None:
    for difference in drift:
        if difference.setting not in _CHANGEABLE:
            raise OperatorError(
                f"{difference}, and this cannot be changed on a stream in use without loss. Nothing was changed. Find "
                "out who made the stream so. To go on with its messages, restore a backup into a stream that Warmline "
                "made."
            )
        found = live[difference.stream]
        if difference.setting == "max_bytes" and found and found.stored_bytes > difference.wanted:
            raise OperatorError(
                f"{difference}, but it holds {size_in_words(found.stored_bytes)} bytes already and would refuse every "
                "event from now on. Nothing was changed. Give WARMLINE_STREAM_BYTES a larger size."
            )


async def _live(client: Client, stream: Stream) -> _Live | None:
    answer = await _api(client, f"STREAM.INFO.{stream.name}", {})
    error = answer.get("error")
    if error is None:
        return _Live(config=answer["config"], stored_bytes=answer["state"]["bytes"])
    if error["code"] == _NOT_FOUND:
        return None
    raise OperatorError(f"The stream {stream.name} could not be read: {error['description']}")


async def _create(client: Client, stream: Stream, settings: StreamSettings) -> None:
    deadline = asyncio.get_running_loop().time() + _GATHER_SECONDS
    while True:
        answer = await _api(client, f"STREAM.CREATE.{stream.name}", stream.config())
        error = answer.get("error")
        if error is None or error.get("err_code") not in _GATHERING or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(_RETRY_SECONDS)
    if error is not None:
        raise OperatorError(f"The stream {stream.name} could not be created: {_why(error, settings)}")


async def _change(client: Client, live: _Live, drift: Sequence[Difference]) -> None:
    config = live.config | {difference.setting: difference.wanted for difference in drift}
    answer = await _api(client, f"STREAM.UPDATE.{config['name']}", config)
    if error := answer.get("error"):
        raise OperatorError(f"The stream {config['name']} could not be changed: {_why(error, None)}")


def _why(error: dict[str, Any], settings: StreamSettings | None) -> str:
    why = str(error["description"])
    if error.get("err_code") not in _NO_ROOM:
        return why
    asked = f" of {size_in_words(settings.max_bytes)}" if settings else ""
    return (
        f"{why}. The streams with their bounds do not fit into what the servers may store: make max_file_store "
        f"(WARMLINE_NATS_STORE_BYTES) larger than one and a half times WARMLINE_STREAM_BYTES{asked}, or that smaller."
    )


async def _api(client: Client, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    message = await client.request(f"$JS.API.{verb}", json.dumps(request).encode(), timeout=_ANSWER_SECONDS)
    return cast("dict[str, Any]", json.loads(message.data))

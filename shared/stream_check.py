"""Whether a live stream is configured as Warmline needs it. What differs is told, and never overwritten in silence."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from nats.aio.client import Client
from nats.errors import Error

from shared.topology import Stream, StreamSettings, size_in_words, streams

_RETRY_SECONDS: Final = 0.5
_REMIND_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 5.0
_NOT_FOUND: Final = 404
_MUST_BE_ABSENT: Final = ("mirror", "sources", "republish", "subject_transform")
_BYTES: Final = frozenset({"max_bytes"})
MEND: Final = (
    "Nothing was changed. If the live settings are right, tell Warmline: WARMLINE_STREAM_BYTES and "
    "WARMLINE_STREAM_REPLICAS. If the wanted ones are, change the stream with: warmline provision --apply "
    "(an embedded Warmline: warmline up --apply)"
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting of a stream that is not what Warmline needs."""

    stream: str
    setting: str
    live: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.stream}: {self.setting} is {self._word(self.live)}, wanted is {self._word(self.wanted)}"

    def _word(self, value: Any) -> str:
        if value is None:
            return "not set"
        return size_in_words(value) if self.setting in _BYTES else json.dumps(value)


class StreamDriftError(Exception):
    """A stream is not configured as Warmline needs it; the text holds every difference and the mend."""

    def __init__(self, differences: Iterable[Difference]) -> None:
        lines = "\n".join(f"  {difference}" for difference in differences)
        super().__init__(f"The streams are not configured as Warmline needs them:\n{lines}\n{MEND}")


def differences(stream: Stream, live: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between ``live``, a configuration as the JetStream API gives it, and what Warmline needs."""
    wanted = {**stream.config(), **dict.fromkeys(_MUST_BE_ABSENT)}
    return tuple(
        Difference(stream=stream.name, setting=setting, live=live.get(setting), wanted=value)
        for setting, value in wanted.items()
        # The server leaves out what is false, 0 or empty.
        if (live.get(setting) or _empty(value)) != value
    )


def _empty(value: Any) -> Any:
    return type(value)() if isinstance(value, bool | int) else None


async def wait_for_streams(nc: Client, names: Iterable[str], settings: StreamSettings) -> None:
    """Return once the streams of these names exist; says in the log, now and then, what is waited for.

    Raises StreamDriftError when one is not configured as Warmline needs it.
    """
    wanted = {stream.name: stream for stream in streams(settings)}
    found = [await _differences_once_there(nc, wanted[name]) for name in sorted(names)]
    if drift := [difference for each in found for difference in each]:
        raise StreamDriftError(drift)


async def _differences_once_there(nc: Client, stream: Stream) -> tuple[Difference, ...]:
    clock = asyncio.get_running_loop()
    reminded = -_REMIND_SECONDS
    while True:
        try:
            answer = json.loads(
                (await nc.request(f"$JS.API.STREAM.INFO.{stream.name}", b"", timeout=_ANSWER_SECONDS)).data
            )
        except (Error, TimeoutError) as error:
            detail = f"JetStream does not answer: {str(error) or type(error).__name__}"
        else:
            refusal = answer.get("error")
            if refusal is None:
                return differences(stream, answer["config"])
            detail = f"JetStream answers: {refusal['description']}"
            if refusal["code"] == _NOT_FOUND:
                detail = f"the stream {stream.name} does not exist yet: provisioning creates it"
        if clock.time() - reminded >= _REMIND_SECONDS:
            _log.info("waiting_for_stream", stream=stream.name, detail=detail)
            reminded = clock.time()
        await asyncio.sleep(_RETRY_SECONDS)


@contextmanager
def drift_ends_the_process(service: str) -> Iterator[None]:
    """End the process with exit code 1 and the differences in words, should a stream's configuration differ."""
    said: list[str] = []
    try:
        yield
    except* StreamDriftError as group:
        said += [str(error) for error in _each(group)]
    if said:
        sys.exit(f"warmline {service} does not start. {' '.join(said)}")


def _each(group: BaseExceptionGroup[StreamDriftError]) -> Iterator[StreamDriftError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error

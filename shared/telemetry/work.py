"""What every service measures of its work: batches, publications and transactions, by OpenTelemetry's conventions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from opentelemetry.metrics import Histogram

from shared.telemetry.metrics import METER, Tally
from shared.telemetry.traces import batch_span, spans_in

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_MESSAGES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def _duration(name: str, what: str) -> Histogram:
    return METER.create_histogram(name, "s", what, explicit_bucket_boundaries_advisory=_SECONDS)


_processing: Final = _duration("messaging.process.duration", "How long the processing of a batch took")
_publishing: Final = _duration("messaging.client.operation.duration", "How long until a batch was confirmed")
_storing: Final = _duration("db.client.operation.duration", "How long a transaction of a service's log took")
_sizes: Final = METER.create_histogram(
    "warmline.batch.messages",
    "{message}",
    "How many messages a batch held",
    explicit_bucket_boundaries_advisory=_MESSAGES,
)
_consumed: Final = Tally(
    "messaging.client.consumed.messages",
    "{message}",
    "Messages taken from a stream",
    ("messaging.destination.name", "messaging.consumer.group.name", "messaging.system", "messaging.operation.name"),
)
_sent: Final = Tally(
    "messaging.client.sent.messages",
    "{message}",
    "Messages confirmed by a stream",
    ("messaging.destination.name", "messaging.system", "messaging.operation.name"),
)


@contextmanager
def processing(stream: str, reader: str, headers: Sequence[Mapping[str, str] | None]) -> Iterator[None]:
    """Measure and trace the processing of a batch of ``stream`` by ``reader``, which is a service or a view.

    ``headers`` are those of its messages.
    """
    began = time.perf_counter()
    labels = {
        "messaging.system": "nats",
        "messaging.operation.name": "process",
        "messaging.destination.name": stream,
        "messaging.consumer.group.name": reader,
    }
    try:
        with batch_span(
            f"process {stream}",
            headers,
            {**labels, "messaging.operation.type": "process", "messaging.batch.message_count": len(headers)},
        ):
            yield
    except BaseException as error:
        _processing.record(time.perf_counter() - began, {**labels, "error.type": type(error).__name__})
        raise
    _processing.record(time.perf_counter() - began, labels)
    _sizes.record(len(headers), labels)
    _consumed.add((stream, reader, "nats", "process"), len(headers))


def published(stream: str, messages: int, seconds: float, error: BaseException | None) -> None:
    """Take note of an attempt to publish ``messages`` together, which failed by ``error`` where that is given."""
    labels = {
        "messaging.system": "nats",
        "messaging.operation.name": "publish",
        "messaging.destination.name": stream,
    }
    if error is not None:
        _publishing.record(seconds, {**labels, "error.type": type(error).__name__})
        return
    _publishing.record(seconds, labels)
    _sent.add((stream, "nats", "publish"), messages)


def publishing(stream: str, headers: Sequence[Mapping[str, str] | None]) -> AbstractContextManager[None]:
    """Trace the publication of a batch to ``stream``, in each of the recorded traces that ``headers`` name."""
    return spans_in(
        f"publish {stream}",
        headers,
        {
            "messaging.system": "nats",
            "messaging.operation.name": "publish",
            "messaging.operation.type": "send",
            "messaging.destination.name": stream,
        },
    )


@contextmanager
def storing(schema: str) -> Iterator[None]:
    """Measure a transaction that appends to the log of the service whose schema is named."""
    began = time.perf_counter()
    labels = {"db.system.name": "postgresql", "db.namespace": schema, "db.operation.name": "commit"}
    try:
        yield
    except Exception as error:
        _storing.record(time.perf_counter() - began, {**labels, "error.type": type(error).__name__})
        raise
    _storing.record(time.perf_counter() - began, labels)

"""Traces: W3C trace contexts of requests, and spans of batches that are linked to the traces of what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT: Final = "traceparent"
MOST_LINKS: Final = 32
"""So many traces a batch is linked to: the first of those that are recorded."""

_SAMPLED: Final = "-01"
_SAMPLED_FLAG: Final = trace.TraceFlags(trace.TraceFlags.SAMPLED)
_RECORDED: Final = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-01")
_SHARE: Final = 0.1
_tracer: Final = trace.get_tracer("warmline")
_propagator: Final = TraceContextTextMapPropagator()
_ids: Final = RandomIdGenerator()
_recording: Final[list[bool]] = []
"""Holds something once spans are recorded."""
_unrecorded: Final[ContextVar[str | None]] = ContextVar("unrecorded", default=None)
"""The traceparent of the request that is worked on, where no spans are recorded."""


def tracing(resource: Resource) -> TracerProvider:
    """Return what records spans: of senders that trace as they say, else one in ten, unless OTEL_TRACES_SAMPLER is set.

    Whether a trace is recorded is decided where it begins, and holds for all of it.
    """
    told = os.environ.get("OTEL_TRACES_SAMPLER")
    return TracerProvider(resource=resource, sampler=None if told else ParentBased(TraceIdRatioBased(_SHARE)))


def begin_recording(provider: TracerProvider) -> None:
    """Let ``provider`` have every span from now on. Until then none is made that nobody would ever see."""
    trace.set_tracer_provider(provider)
    _recording.append(True)


class _Unrecorded:
    """A request of which no span is made: a span costs more than all else that a small request needs."""

    __slots__ = ("_token", "_written")

    def __init__(self, traceparent: str | None) -> None:
        sent = _written(_sent(traceparent)) if traceparent else None
        self._written = sent or f"00-{_ids.generate_trace_id():032x}-{_ids.generate_span_id():016x}-00"

    def __enter__(self) -> str:
        self._token: Token[str | None] = _unrecorded.set(self._written)
        return self._written

    def __exit__(self, *_error: object) -> None:
        _unrecorded.reset(self._token)


def request_trace(route: str, scope: Mapping[str, Any], traceparent: str | None) -> AbstractContextManager[str | None]:
    """Trace a request and give the W3C ``traceparent`` to store with its effects: of the sender's trace if it has one.

    ``scope`` is the request's, of ASGI. Where spans are recorded, the request is one. Elsewhere it only gets a trace to
    be found by.
    """
    return _span_of(route, scope, traceparent) if _recording else _Unrecorded(traceparent)


def current_trace_id() -> str | None:
    """Return the id of the trace that this is done in, in hexadecimal; None where there is none."""
    current = trace.get_current_span().get_span_context()
    if current.is_valid:
        return trace.format_trace_id(current.trace_id)
    unrecorded = _unrecorded.get()
    return None if unrecorded is None else unrecorded.split("-")[1]


def answered(status: int) -> None:
    """Note in the span of the request how it was answered."""
    if not _recording:
        return
    span = trace.get_current_span()
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_attribute("error.type", str(status))
        span.set_status(trace.StatusCode.ERROR)


def batch_span(
    name: str, headers: Iterable[Mapping[str, str] | None], attributes: Mapping[str, str | int]
) -> AbstractContextManager[object]:
    """Return a span of the work on a batch of messages, linked to the recorded traces that their ``headers`` name.

    Where there is none of them, there is no span.
    """
    links = links_to(headers) if _recording else []
    if not links:
        return nullcontext()
    own = context.Context()
    return _tracer.start_as_current_span(
        name, context=own, kind=trace.SpanKind.CONSUMER, links=links, attributes=dict(attributes)
    )


@contextmanager
def spans_in(
    name: str,
    headers: Iterable[Mapping[str, str] | None],
    attributes: Mapping[str, str],
    kind: trace.SpanKind = trace.SpanKind.PRODUCER,
) -> Iterator[None]:
    """Make what is done here a span of each of the recorded traces that ``headers`` name, of the first ``MOST_LINKS``.

    For what is done seldom, so that it stands in the trace itself and not only beside it.
    """
    if not _recording:
        yield
        return
    parents = (trace.NonRecordingSpan(link.context) for link in links_to(headers))
    spans = [
        _tracer.start_span(name, trace.set_span_in_context(parent), kind=kind, attributes=dict(attributes))
        for parent in parents
    ]
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.record_exception(error)
            span.set_status(trace.StatusCode.ERROR)
        raise
    finally:
        for span in spans:
            span.end()


def links_to(headers: Iterable[Mapping[str, str] | None]) -> list[trace.Link]:
    """Return a link to each of the recorded traces that ``headers`` name, of the first ``MOST_LINKS``."""
    links: dict[str, trace.Link] = {}
    for one in headers:
        parent = None if one is None else one.get(TRACEPARENT)
        if parent is None or parent in links or (form := _RECORDED.fullmatch(parent)) is None:
            continue
        named = trace.SpanContext(int(form[1], 16), int(form[2], 16), is_remote=True, trace_flags=_SAMPLED_FLAG)
        if named.is_valid:
            links[parent] = trace.Link(named)
            if len(links) == MOST_LINKS:
                break
    return list(links.values())


def recorded(traceparent: str | None) -> str | None:
    """Return ``traceparent`` if its trace is recorded, by whoever began it."""
    return traceparent if traceparent is not None and traceparent.endswith(_SAMPLED) else None


@contextmanager
def _span_of(route: str, scope: Mapping[str, Any], traceparent: str | None) -> Iterator[str | None]:
    attributes = {
        "http.request.method": scope["method"],
        "http.route": route,
        "url.path": scope["path"],
        "url.scheme": scope["scheme"],
    }
    sender = _propagator.extract({TRACEPARENT: traceparent or ""})
    with _tracer.start_as_current_span(
        f"{scope['method']} {route}", context=sender, kind=trace.SpanKind.SERVER, attributes=attributes
    ) as span:
        yield _written(span.get_span_context())


def _sent(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_propagator.extract({TRACEPARENT: traceparent})).get_span_context()


def _written(named: trace.SpanContext) -> str | None:
    if not named.is_valid:
        return None
    # Of the sender's flags, those that this version of the format does not know are not passed on.
    recorded_flag = _SAMPLED if named.trace_flags.sampled else "-00"
    return f"00-{named.trace_id:032x}-{named.span_id:016x}{recorded_flag}"

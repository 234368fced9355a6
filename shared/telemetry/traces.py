"""Traces: W3C trace contexts of requests, and spans of batches that are linked to the traces of what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
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


@contextmanager
def request_trace(route: str, scope: Mapping[str, Any], traceparent: str | None) -> Iterator[str | None]:
    """Trace a request and give the W3C ``traceparent`` to store with its effects: of the sender's trace if it has one.

    ``scope`` is the request's, of ASGI. Where spans are recorded, the request is one. Elsewhere it only gets a trace to
    be found by: a span costs more than all else that a small request needs.
    """
    if not _recording:
        named = _named_trace(traceparent)
        token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(named)))
        try:
            yield _written(named)
        finally:
            context.detach(token)
        return
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


def _named_trace(traceparent: str | None) -> trace.SpanContext:
    if traceparent:
        sent = trace.get_current_span(_propagator.extract({TRACEPARENT: traceparent})).get_span_context()
        if sent.is_valid:
            return sent
    return trace.SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), is_remote=False)


def _written(named: trace.SpanContext) -> str:
    # Of the sender's flags, those that this version of the format does not know are not passed on.
    recorded_flag = _SAMPLED if named.trace_flags.sampled else "-00"
    return f"00-{named.trace_id:032x}-{named.span_id:016x}{recorded_flag}"

"""Traces: W3C trace contexts of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import context, trace
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_tracer: Final = trace.get_tracer("warmline")
_propagator: Final = TraceContextTextMapPropagator()
_ids: Final = RandomIdGenerator()


@contextmanager
def request_trace(name: str, traceparent: str | None) -> Iterator[str | None]:
    """Trace a request and give the W3C ``traceparent`` to store with its effects: the sender's own when it is valid.

    For a sender that traces, the request is a span called ``name``. For any other it is given a trace to be found by,
    without a span, which costs more than all else that a small request needs.
    """
    if not traceparent:
        with _named_trace() as own:
            yield own
        return
    sender = _propagator.extract({"traceparent": traceparent})
    with _tracer.start_as_current_span(name, context=sender):
        carrier: dict[str, str] = {}
        sent = trace.get_current_span(sender).get_span_context()
        _propagator.inject(carrier, sender if sent.is_valid else None)
        yield carrier.get("traceparent")


@contextmanager
def _named_trace() -> Iterator[str]:
    trace_id, span_id = _ids.generate_trace_id(), _ids.generate_span_id()
    named = trace.SpanContext(
        trace_id, span_id, is_remote=False, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(named)))
    try:
        yield f"00-{trace_id:032x}-{span_id:016x}-01"
    finally:
        context.detach(token)

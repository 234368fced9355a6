"""Logs and traces: structured lines on stderr and W3C trace contexts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, Processor, WrappedLogger

_tracer: Final = trace.get_tracer("warmline")
_propagator: Final = TraceContextTextMapPropagator()
_ids: Final = RandomIdGenerator()
_QUIET_LIBRARIES: Final = ("httpx", "httpcore", "nats", "litestar", "uvicorn.access")


def configure(service: str, instance: str) -> None:
    """Send this process's logs to stderr as JSON lines that name ``service``, ``instance`` and the trace.

    What libraries log through the standard library comes out in the same form. Call it once, at the start.
    """

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        event["instance"] = instance
        return event

    chain: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
        _add_trace,
    ]
    structlog.configure(
        processors=[*chain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for library in _QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    resource = Resource({"service.name": f"warmline-{service}", "service.instance.id": instance})
    trace.set_tracer_provider(TracerProvider(resource=resource))


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


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    current = trace.get_current_span().get_span_context()
    if current.is_valid:
        event["trace_id"] = trace.format_trace_id(current.trace_id)
    return event

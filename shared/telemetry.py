"""Logs and traces: structured lines on stderr and W3C trace contexts."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, Processor, WrappedLogger

_tracer: Final = trace.get_tracer("warmline")
_propagator: Final = TraceContextTextMapPropagator()
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
    """Trace a request in a span called ``name`` and give the W3C ``traceparent`` to store with its effects.

    That is the sender's own when it is valid, else that of the new span; None when no tracer is configured.
    """
    sender = _propagator.extract({"traceparent": traceparent} if traceparent else {})
    with _tracer.start_as_current_span(name, context=sender):
        carrier: dict[str, str] = {}
        sent = trace.get_current_span(sender).get_span_context()
        _propagator.inject(carrier, sender if sent.is_valid else None)
        yield carrier.get("traceparent")


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event

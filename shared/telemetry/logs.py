"""Logs: structured lines on stderr that name the process and the trace."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.telemetry.traces import current_trace_id

_QUIET_LIBRARIES: Final = ("httpx", "httpcore", "nats", "litestar", "uvicorn.access")


def send_logs(service: str, instance: str) -> None:
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


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (trace_id := current_trace_id()) is not None:
        event["trace_id"] = trace_id
    return event

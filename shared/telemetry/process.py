"""A process's telemetry, put together: logs on stderr, metrics at a port, and all by OTLP where it is asked for."""

from __future__ import annotations

import os
from typing import Final

import structlog
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import start_http_server

from shared.telemetry.logs import send_logs
from shared.telemetry.traces import begin_recording, tracing

_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_log = structlog.get_logger()


def configure(service: str, instance: str, metrics_at: tuple[str, int] | None = None) -> None:
    """Begin to tell of this process, one of ``service``. Call it once, at the start.

    ``metrics_at`` is the address and port of ``/metrics``; a port of 0 is any free one, which the log names. What
    cannot be told is logged: nothing else waits for it or ends by it.
    """
    send_logs(service, instance)
    resource = Resource.create({"service.name": f"warmline-{service}", "service.instance.id": instance})
    readers: list[MetricReader] = []
    if _sends("TRACES"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 -- slow, and seldom needed
            OTLPSpanExporter,
        )

        provider = tracing(resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        begin_recording(provider)
    if _sends("METRICS"):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415 -- slow, and seldom needed
            OTLPMetricExporter,
        )

        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    if metrics_at is not None and _serve(*metrics_at):
        readers.append(PrometheusMetricReader(scope_info_enabled=False))
    if readers:
        metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def _sends(signal: str) -> bool:
    """Tell whether ``signal`` is sent by OTLP, as OpenTelemetry's own variables say."""
    return bool(os.environ.get(_ENDPOINT) or os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))


def _serve(host: str, port: int) -> bool:
    """Serve the metrics in a thread of their own, so that they are told whatever the loop is busy with."""
    try:
        server, _ = start_http_server(port, host)
    except OSError as error:
        _log.error("metrics_unavailable", host=host, port=port, error=error.strerror)
        return False
    _log.info("metrics_served", host=host, port=server.server_port)
    return True

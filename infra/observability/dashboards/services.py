"""How the services do: rates, errors and durations of each, how far behind they are, and what their processes take."""

from __future__ import annotations

from typing import Final

from infra.observability.dashboards.board import Board, Query, Row, lines, number, stacked

_WHOLE: Final = Row(
    title="Now",
    panels=(
        number("Processes", "Processes that tell their metrics.", 'count(up{job=~"warmline-.+"} == 1)'),
        number(
            "Shards without an owner",
            "Shares of the work that nobody does.",
            "sum(1 - warmline_shard_owned)",
            warns=1,
        ),
        number("Shards that stand still", "By a message that cannot be passed.", "sum(warmline_shard_halted)", warns=1),
        number(
            "Furthest behind", "Messages of the reader that is.", "max(warmline_reader_behind_messages)", warns=10_000
        ),
        number("Dead letters", "Messages that could not be processed.", "sum(warmline_dead_letters_open)", warns=1),
        number(
            "Requests that fail",
            "The share that was answered with 500 or more, of the job with the most.",
            "max(job:warmline_requests_failed:ratio_rate5m)",
            unit="percentunit",
            warns=0.05,
        ),
    ),
)

_HTTP: Final = Row(
    title="HTTP: ingest and the desk",
    panels=(
        lines(
            "Requests",
            "By job and route, a second.",
            Query(
                expr="sum by (job, http_route) (rate(http_server_request_duration_seconds_count[$__rate_interval]))",
                legend="{{job}} {{http_route}}",
            ),
            unit="reqps",
        ),
        lines(
            "Requests that fail, by job",
            "The share that was answered with 500 or more.",
            Query(expr="job:warmline_requests_failed:ratio_rate5m", legend="{{job}}"),
            unit="percentunit",
        ),
        lines(
            "How long requests take",
            "99 of 100, by job.",
            Query(
                expr="histogram_quantile(0.99, sum by (le, job) "
                "(rate(http_server_request_duration_seconds_bucket[$__rate_interval])))",
                legend="{{job}}",
            ),
            unit="s",
        ),
    ),
)

_PLATFORMS: Final = Row(
    title="Platforms: webhooks and polls",
    panels=(
        stacked(
            "Webhooks",
            "Requests of platforms by source, a second. Of sources, the first hundred of each process are told apart.",
            Query(
                expr="sum by (source) (rate(warmline_webhooks_total[$__rate_interval]))",
                legend="{{source}}",
            ),
            unit="reqps",
        ),
        stacked(
            "What came of them",
            "In the last hour, of all sources: taken, answered, passed over for a reason, unverified, not understood.",
            Query(expr="sum by (fate) (source_fate:warmline_webhooks:increase1h)", legend="{{fate}}"),
        ),
        lines(
            "Nothing came of it",
            "In the last hour, by source: requests that its secret did not sign, and what was not understood of "
            "webhooks and of polls.",
            Query(
                expr='source_fate:warmline_webhooks:increase1h{fate=~"unverified|not-understood"}',
                legend="{{source}} {{fate}}",
            ),
            Query(expr="source:warmline_polls_not_understood:increase1h", legend="{{source}} polled, not-understood"),
        ),
        lines(
            "Requests to polled platforms",
            "By format and what the platform answered, a second.",
            Query(
                expr="sum by (format, fate) (rate(warmline_polls_total[$__rate_interval]))",
                legend="{{format}} {{fate}}",
            ),
            unit="reqps",
            width=12,
        ),
        lines(
            "Age of the last complete round",
            "How long ago the reading of a polled source began that came to its end; what is newer may be unknown yet.",
            Query(expr="max by (source) (warmline_polls_lag_seconds)", legend="{{source}}"),
            unit="s",
            width=12,
        ),
    ),
)

_READING: Final = Row(
    title="Reading",
    panels=(
        lines(
            "Messages processed",
            "By service or view and stream, a second.",
            Query(
                expr="sum by (messaging_consumer_group_name, messaging_destination_name) "
                "(rate(messaging_client_consumed_messages_total[$__rate_interval]))",
                legend="{{messaging_consumer_group_name}} {{messaging_destination_name}}",
            ),
            unit="cps",
        ),
        lines(
            "How long a batch takes",
            "95 of 100, by service or view.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, messaging_consumer_group_name) "
                "(rate(messaging_process_duration_seconds_bucket[$__rate_interval])))",
                legend="{{messaging_consumer_group_name}}",
            ),
            unit="s",
        ),
        lines(
            "Messages in a batch",
            "On average: batches grow with the load.",
            Query(
                expr="sum by (messaging_consumer_group_name) (rate(warmline_batch_messages_sum[$__rate_interval])) / "
                "sum by (messaging_consumer_group_name) (rate(warmline_batch_messages_count[$__rate_interval]))",
                legend="{{messaging_consumer_group_name}}",
            ),
        ),
        lines(
            "Behind the end of the stream",
            "Messages, by service, shard and stream.",
            Query(
                expr="sum by (service, shard, stream) (warmline_reader_behind_messages)",
                legend="{{service}} {{shard}} {{stream}}",
            ),
            width=12,
        ),
        lines(
            "Batches that fail",
            "Batches whose processing failed, a second; each is tried again.",
            Query(
                expr="sum by (messaging_consumer_group_name) "
                '(rate(messaging_process_duration_seconds_count{error_type!=""}[$__rate_interval])) '
                "or 0 * sum by (messaging_consumer_group_name) "
                "(rate(messaging_process_duration_seconds_count[$__rate_interval]))",
                legend="{{messaging_consumer_group_name}}",
            ),
            unit="cps",
            width=12,
        ),
    ),
)

_WRITING: Final = Row(
    title="Storing and publishing",
    panels=(
        lines(
            "Transactions of the logs",
            "A second, by service.",
            Query(
                expr="sum by (db_namespace) (rate(db_client_operation_duration_seconds_count[$__rate_interval]))",
                legend="{{db_namespace}}",
            ),
            unit="cps",
        ),
        lines(
            "How long a transaction takes",
            "95 of 100, its sync to disk included.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, db_namespace) "
                "(rate(db_client_operation_duration_seconds_bucket[$__rate_interval])))",
                legend="{{db_namespace}}",
            ),
            unit="s",
        ),
        lines(
            "Waits for the relay",
            "For how long, at least, the oldest entry of a log has waited to be published.",
            Query(expr="max by (service) (warmline_relay_waiting_seconds)", legend="{{service}}"),
            unit="s",
        ),
        lines(
            "Messages published",
            "By job and stream, a second.",
            Query(
                expr="sum by (job, messaging_destination_name) "
                "(rate(messaging_client_sent_messages_total[$__rate_interval]))",
                legend="{{job}} {{messaging_destination_name}}",
            ),
            unit="cps",
        ),
        lines(
            "How long until they are confirmed",
            "95 of 100: confirmed is on disk.",
            Query(
                expr="histogram_quantile(0.95, sum by (le, messaging_destination_name) "
                "(rate(messaging_client_operation_duration_seconds_bucket[$__rate_interval])))",
                legend="{{messaging_destination_name}}",
            ),
            unit="s",
        ),
        lines(
            "Deliveries to integrators",
            "Attempts by what came of them, a second.",
            Query(
                expr="sum by (integrator, outcome) (rate(warmline_deliveries_total[$__rate_interval]))",
                legend="{{integrator}} {{outcome}}",
            ),
            unit="cps",
        ),
    ),
)

_PROCESSES: Final = Row(
    title="Processes",
    panels=(
        lines(
            "Processor time",
            "Seconds of a processor, a second.",
            Query(
                expr='sum by (instance) (rate(process_cpu_seconds_total{job=~"warmline-.+"}[$__rate_interval]))',
                legend="{{instance}}",
            ),
        ),
        lines(
            "Memory",
            "What of a process is in memory.",
            Query(expr='process_resident_memory_bytes{job=~"warmline-.+"}', legend="{{instance}}"),
            unit="bytes",
        ),
        lines(
            "Open files",
            "Connections included.",
            Query(expr='process_open_fds{job=~"warmline-.+"}', legend="{{instance}}"),
        ),
    ),
)

SERVICES: Final = Board(
    name="services",
    title="Warmline: Services",
    meaning="Rates, errors and durations of each service, how far behind it is, and what its processes take.",
    rows=(_WHOLE, _HTTP, _PLATFORMS, _READING, _WRITING, _PROCESSES),
)

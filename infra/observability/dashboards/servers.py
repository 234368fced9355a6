"""How NATS and PostgreSQL do, as the auditor asks them."""

from __future__ import annotations

from typing import Final

from infra.observability.dashboards.board import Board, Query, Row, lines, number, stacked

_STREAMS: Final = Row(
    title="NATS: what is stored",
    panels=(
        number(
            "Fullest stream",
            "The share of its bound that it holds. A full stream refuses, it drops nothing.",
            "max(warmline_stream_full_ratio)",
            unit="percentunit",
            warns=0.8,
        ),
        number("Stored", "Bytes that JetStream stores.", "max(warmline_nats_stored_bytes)", unit="bytes"),
        number("Consumers", "Consumers that JetStream has.", "max(warmline_nats_consumers)"),
        number(
            "Answers within",
            "How long JetStream took to answer the auditor.",
            "max(warmline_nats_answer_seconds)",
            unit="s",
            warns=1,
        ),
        number(
            "Cut connections",
            "Connections that a server cut in the last hour since they did not keep up.",
            "sum(increase(warmline_nats_slow_consumers_total[1h]))",
            warns=1,
        ),
        number(
            "Fullest disk",
            "Of those that NATS and PostgreSQL write to, the share that is used.",
            "max(warmline_disk_used_ratio)",
            unit="percentunit",
            warns=0.8,
        ),
    ),
)

_NATS: Final = Row(
    title="NATS: what passes",
    panels=(
        lines(
            "Messages",
            "Received from clients and sent to them, a second.",
            Query(
                expr="sum by (server, direction) (rate(warmline_nats_messages_total[$__rate_interval]))",
                legend="{{server}} {{direction}}",
            ),
            unit="cps",
        ),
        lines(
            "Bytes",
            "Received from clients and sent to them, a second.",
            Query(
                expr="sum by (server, direction) (rate(warmline_nats_bytes_total[$__rate_interval]))",
                legend="{{server}} {{direction}}",
            ),
            unit="Bps",
        ),
        lines(
            "Growth of the streams",
            "Bytes a second; below zero where retention deletes more than comes.",
            Query(expr="deriv(warmline_stream_bytes[5m])", legend="{{stream}}"),
            unit="Bps",
        ),
        lines(
            "Messages in the streams",
            "What each holds.",
            Query(expr="max by (stream) (warmline_stream_messages)", legend="{{stream}}"),
        ),
        lines(
            "Connections and subscriptions",
            "By server.",
            Query(expr="sum by (server) (warmline_nats_connections)", legend="{{server}} connections"),
            Query(expr="sum by (server) (warmline_nats_subscriptions)", legend="{{server}} subscriptions"),
        ),
        lines(
            "Requests to JetStream",
            "Asked and refused, a second.",
            Query(expr="sum(rate(warmline_nats_requests_total[$__rate_interval]))", legend="asked"),
            Query(expr="sum(rate(warmline_nats_request_errors_total[$__rate_interval]))", legend="refused"),
            unit="reqps",
        ),
    ),
)

_WORK: Final = Row(
    title="PostgreSQL: work",
    panels=(
        lines(
            "Transactions",
            "A second.",
            Query(
                expr="sum by (outcome) (rate(warmline_postgresql_transactions_total[$__rate_interval]))",
                legend="{{outcome}}",
            ),
            unit="cps",
        ),
        stacked(
            "Rows written",
            "A second.",
            Query(
                expr="sum by (operation) (rate(warmline_postgresql_rows_total[$__rate_interval]))",
                legend="{{operation}}",
            ),
            unit="cps",
        ),
        lines(
            "Found in memory",
            "The share of the blocks read that PostgreSQL had in its own memory.",
            Query(
                expr='sum(rate(warmline_postgresql_blocks_total{found="in-memory"}[$__rate_interval])) / '
                "sum(rate(warmline_postgresql_blocks_total[$__rate_interval]))",
                legend="in memory",
            ),
            unit="percentunit",
        ),
        lines(
            "Write-ahead log",
            "Bytes a second.",
            Query(expr="sum(rate(warmline_postgresql_wal_bytes_total[$__rate_interval]))", legend="written"),
            unit="Bps",
        ),
        lines(
            "Syncs and records",
            "Of the write-ahead log, a second.",
            Query(expr="sum(rate(warmline_postgresql_wal_syncs_total[$__rate_interval]))", legend="syncs"),
            Query(expr="sum(rate(warmline_postgresql_wal_records_total[$__rate_interval]))", legend="records"),
            unit="cps",
        ),
        lines(
            "Checkpoints",
            "In an hour, by why. Many that were requested: max_wal_size is small for what is written.",
            Query(expr="sum by (cause) (increase(warmline_postgresql_checkpoints_total[1h]))", legend="{{cause}}"),
        ),
    ),
)

_ROOM: Final = Row(
    title="PostgreSQL: connections and room",
    panels=(
        number(
            "Connections in use",
            "The share of those that the server allows.",
            "sum(warmline_postgresql_connections) / max(warmline_postgresql_connections_most)",
            unit="percentunit",
            width=6,
            warns=0.8,
        ),
        number(
            "Oldest transaction",
            "For how long it has been open: nothing is vacuumed that it may still see.",
            "max(warmline_postgresql_oldest_transaction_seconds)",
            unit="s",
            width=6,
            warns=600,
        ),
        number("Waits for locks", "Connections that wait.", "max(warmline_postgresql_lock_waits)", width=6, warns=10),
        number(
            "Deadlocks",
            "In the last hour.",
            "sum(increase(warmline_postgresql_deadlocks_total[1h]))",
            width=6,
            warns=1,
        ),
        stacked(
            "Connections",
            "By what they do.",
            Query(expr="sum by (state) (warmline_postgresql_connections)", legend="{{state}}"),
            width=12,
        ),
        lines(
            "What the tables take",
            "With their indexes, by service and view; the whole database besides.",
            Query(expr="max by (schema) (warmline_postgresql_schema_bytes)", legend="{{schema}}"),
            Query(expr="max(warmline_postgresql_size_bytes)", legend="the whole"),
            unit="bytes",
            width=12,
        ),
        lines(
            "Rows to be vacuumed",
            "By service and view.",
            Query(expr="max by (schema) (warmline_postgresql_dead_rows)", legend="{{schema}}"),
            width=12,
        ),
        lines(
            "Beyond working memory",
            "Bytes of temporary files, a second.",
            Query(expr="sum(rate(warmline_postgresql_temporary_bytes_total[$__rate_interval]))", legend="written"),
            unit="Bps",
            width=12,
        ),
    ),
)

SERVERS: Final = Board(
    name="servers",
    title="Warmline: NATS and PostgreSQL",
    meaning="How the two servers do that all else stands on, as the auditor asks them every ten seconds.",
    rows=(_STREAMS, _NATS, _WORK, _ROOM),
)

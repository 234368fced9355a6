"""The auditor's metrics of NATS and PostgreSQL: what the servers count themselves, told as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.audit.nats_figures import NatsFigures
from infra.audit.postgresql_figures import PostgresqlFigures

Values = Mapping[tuple[str, ...], float]
"""Values of the labels, each with its figure."""

_WAYS: Final = ("received", "sent")


class ServerMeasures(Collector):
    """Tells the latest figures of each server, and nothing of one that does not answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.nats: NatsFigures | None = None
        self.postgresql: PostgresqlFigures | None = None
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Yield the figures, as Prometheus's client asks for them."""
        if self.nats is not None:
            yield from _of_nats(self.nats)
        if self.postgresql is not None:
            yield from _of_postgresql(self.postgresql)


def _of_nats(told: NatsFigures) -> Iterator[Metric]:
    servers = told.servers
    by_server, by_direction = ("server",), ("server", "direction")
    yield _gauge(
        "nats_connections", "Connections to a server", by_server, {(one.name,): one.connections for one in servers}
    )
    yield _gauge(
        "nats_subscriptions",
        "Subscriptions at a server",
        by_server,
        {(one.name,): one.subscriptions for one in servers},
    )
    yield _counter(
        "nats_slow_consumers",
        "Connections that a server cut since they did not keep up",
        by_server,
        {(one.name,): one.slow_consumers for one in servers},
    )
    yield _counter(
        "nats_messages",
        "Messages that a server received from clients, or sent to them",
        by_direction,
        {(one.name, way): getattr(one, f"{way}_messages") for one in servers for way in _WAYS},
    )
    yield _counter(
        "nats_bytes",
        "Bytes that a server received from clients, or sent to them",
        by_direction,
        {(one.name, way): getattr(one, f"{way}_bytes") for one in servers for way in _WAYS},
    )
    yield _gauge("nats_stored_bytes", "Bytes that JetStream stores", (), {(): told.stored_bytes})
    yield _gauge("nats_consumers", "Consumers that JetStream has", (), {(): told.consumers})
    yield _counter("nats_requests", "Requests that JetStream was asked", (), {(): told.requests})
    yield _counter("nats_request_errors", "Requests that JetStream refused", (), {(): told.errors})
    yield _gauge("nats_answer_seconds", "How long JetStream took to answer the auditor", (), {(): told.answer_seconds})


def _of_postgresql(told: PostgresqlFigures) -> Iterator[Metric]:
    yield _counter(
        "postgresql_transactions",
        "Transactions that ended",
        ("outcome",),
        {("committed",): told.commits, ("rolled-back",): told.rollbacks},
    )
    yield _counter(
        "postgresql_rows",
        "Rows written",
        ("operation",),
        {("inserted",): told.inserted, ("updated",): told.updated, ("deleted",): told.deleted},
    )
    yield _counter(
        "postgresql_blocks",
        "Blocks of 8 kB read, by where they were found",
        ("found",),
        {("in-memory",): told.from_memory, ("on-disk",): told.from_disk},
    )
    yield _counter("postgresql_deadlocks", "Deadlocks", (), {(): told.deadlocks})
    yield _counter(
        "postgresql_temporary_bytes", "Bytes that did not fit in working memory", (), {(): told.temporary_bytes}
    )
    yield _counter("postgresql_wal_bytes", "Bytes of the write-ahead log", (), {(): told.wal_bytes})
    yield _counter("postgresql_wal_records", "Records of the write-ahead log", (), {(): told.wal_records})
    yield _counter("postgresql_wal_syncs", "Syncs of the write-ahead log to disk", (), {(): told.wal_syncs})
    yield _counter(
        "postgresql_checkpoints",
        "Checkpoints, by why they began",
        ("cause",),
        {("time",): told.checkpoints_by_time, ("requested",): told.checkpoints_requested},
    )
    yield _gauge(
        "postgresql_connections",
        "Connections to the database, by what they do",
        ("state",),
        {(state,): count for state, count in told.connections.items()},
    )
    yield _gauge("postgresql_connections_most", "Connections that the server allows", (), {(): told.most_connections})
    yield _gauge("postgresql_lock_waits", "Connections that wait for a lock", (), {(): told.waiting_for_locks})
    yield _gauge(
        "postgresql_oldest_transaction_seconds",
        "For how long the oldest open transaction has been open",
        (),
        {(): told.oldest_transaction_seconds},
    )
    yield _gauge("postgresql_size_bytes", "What the database takes", (), {(): told.bytes})
    by_schema = ("schema",)
    yield _gauge(
        "postgresql_schema_bytes",
        "What the tables and indexes of a service or a view take",
        by_schema,
        {(one.name,): one.bytes for one in told.schemas},
    )
    yield _gauge(
        "postgresql_dead_rows",
        "Rows that wait to be vacuumed",
        by_schema,
        {(one.name,): one.dead_rows for one in told.schemas},
    )


def _gauge(name: str, meaning: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = GaugeMetricFamily(f"warmline_{name}", meaning, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def _counter(name: str, meaning: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = CounterMetricFamily(f"warmline_{name}", meaning, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family

"""The auditor's metrics for Prometheus. Labels are bounded: alarms, services, shards, streams and integrators."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.exposition import choose_encoder

from infra.audit.alarm_board import AlarmBoard
from infra.audit.alarm_kinds import ALARM_KINDS
from infra.audit.care_measures import CareMeasures
from infra.audit.disk import Disk
from infra.audit.findings import Memory
from infra.audit.server_measures import ServerMeasures
from infra.looking.database import RELAYING
from infra.looking.look import Away, Look

_STREAM: Final = ("stream",)
_SHARD: Final = ("service", "shard")


class Measures:
    """One gauge for each thing measured, and one for each alarm: 1 while it stands."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.care = CareMeasures(self._registry)
        self.servers = ServerMeasures(self._registry)
        self._alarm = self._gauge("alarm", "Whether the alarm stands", ("alarm",))
        self._look_ended = self._gauge("audit_look_timestamp_seconds", "When the last look ended")
        self._look_took = self._gauge("audit_look_seconds", "How long the last look took")
        self._look_complete = self._gauge("audit_look_complete", "Whether the last look could ask every part")
        self._behind = self._gauge("reader_behind_messages", "How far behind a reader is", (*_SHARD, *_STREAM))
        self._relay = self._gauge("relay_waiting_entries", "Log entries not passed on yet", _SHARD)
        self._relay_age = self._gauge("relay_waiting_seconds", "For how long, at least, the oldest waits", _SHARD)
        self._owned = self._gauge("shard_owned", "Whether the shard has a living owner", _SHARD)
        self._halted = self._gauge("shard_halted", "Whether the shard has halted", _SHARD)
        self._workers = self._gauge("service_processes", "Processes that are alive", ("service",))
        self._letters = self._gauge("dead_letters_open", "Dead letters that nobody has ended", ("service",))
        self._messages = self._gauge("stream_messages", "Messages that the stream holds", _STREAM)
        self._bytes = self._gauge("stream_bytes", "Bytes that the stream holds", _STREAM)
        self._full = self._gauge("stream_full_ratio", "Share of its bound that the stream holds", _STREAM)
        self._notices = self._gauge("notices_waiting", "Notices that are not sent yet")
        self._notices_failing = self._gauge("notices_failing", "Notices that could not be sent in several attempts")
        self._disk = self._gauge("disk_used_ratio", "Share of the disk that is used", ("folder",))
        self._overdue = self._gauge("deadlines_missed", "Shards with a deadline that did not fire")
        self._stuck = self._gauge("touches_stuck", "Touches to which nothing will happen any more")
        self._sources = self._gauge("sources_known", "Sources whose rhythm is known or being learned")
        self._quiet = self._gauge("sources_quiet", "Sources that are quiet beyond their rhythm")
        self._pulses = self._gauge("deadman_pulses", "Pulses that the dead man's switch has taken since the start")

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return all of them and their content type: OpenMetrics for who accepts it, else Prometheus's text format."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def take_look(self, look: Look, disks: tuple[Disk, ...], memory: Memory) -> None:
        """Set what a look measured; what it could not see stays as it was."""
        if not isinstance(look.database, Away):
            for row in look.database.shards:
                self._owned.labels(row.service, row.shard).set(row.owned)
                self._halted.labels(row.service, row.shard).set(row.halted is not None)
                if row.service in RELAYING:
                    self._relay.labels(row.service, row.shard).set(row.head - row.relayed)
                    self._relay_age.labels(row.service, row.shard).set(memory.relays.age((row.service, row.shard)))
            for service, count in look.database.workers.items():
                self._workers.labels(service).set(count)
            for letters in look.database.letters:
                self._letters.labels(letters.service).set(letters.count)
            self._notices.set(look.database.notices.waiting)
            self._notices_failing.set(look.database.notices.failing)
        if not isinstance(look.bus, Away):
            for lag in look.bus.lags:
                self._behind.labels(lag.reader.service, lag.reader.shard, lag.reader.stream).set(lag.behind)
            for stream in look.bus.streams:
                self._messages.labels(stream.name).set(stream.messages)
                self._bytes.labels(stream.name).set(stream.bytes)
                self._full.labels(stream.name).set(stream.full)
        for disk in disks:
            self._disk.labels(str(disk.folder)).set(disk.used_share)

    def take_rounds(self, *, overdue: int, stuck: int, sources: int, quiet: int) -> None:
        """Set what the rounds over deadlines, touches and sources found."""
        self._overdue.set(overdue)
        self._stuck.set(stuck)
        self._sources.set(sources)
        self._quiet.set(quiet)

    def take_verdict(self, board: AlarmBoard, *, complete: bool, ended: float, seconds: float, pulses: int) -> None:
        """Set which alarms stand, and how the look itself went."""
        for kind in ALARM_KINDS:
            self._alarm.labels(kind.name).set(board.stands(kind))
        self._look_complete.set(complete)
        self._look_ended.set(ended)
        self._look_took.set(seconds)
        self._pulses.set(pulses)

    def _gauge(self, name: str, meaning: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"warmline_{name}", meaning, labels, registry=self._registry)

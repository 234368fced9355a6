"""Every alarm there is, as data: what it means, how long it must last, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmKind:
    """One alarm: raised when what is wrong has lasted ``after`` seconds, cleared after ``clear`` without it.

    One that is told ``ahead`` is of what is to come: nothing is wrong yet, and the dead man's switch is pulsed on.
    """

    name: str
    mend: str
    after: float = 4.0
    clear: float = 4.0
    ahead: bool = False


NATS_AWAY: Final = AlarmKind(
    name="nats-away",
    mend="See that the NATS server runs and can be reached: DATA/logs/nats.log, or docker compose logs nats. Senders "
    "get 503 meanwhile and send again; nothing is lost.",
)
POSTGRESQL_AWAY: Final = AlarmKind(
    name="postgresql-away",
    mend="See that PostgreSQL runs and can be reached: DATA/logs/postgresql.log, or docker compose logs postgres.",
)
SERVICE_AWAY: Final = AlarmKind(
    name="service-away",
    mend="Look into the service's log (DATA/logs, or docker compose logs SERVICE): it says why it ends or hangs.",
    after=8,
)
STREAM_MISSING: Final = AlarmKind(
    name="stream-missing",
    mend="Run: warmline provision. It creates what is missing. If MEMBER_EVENTS was lost, restore a backup instead.",
)
STREAM_DIFFERS: Final = AlarmKind(
    name="stream-differs",
    mend="Run: warmline provision. It shows each setting that differs; with --apply it brings back what can be changed "
    "without loss.",
)
REPLICA_AWAY: Final = AlarmKind(
    name="replica-away",
    mend="Start that NATS server again, or see why it cannot keep up: until then, losing one more stops the stream.",
    after=20,
)
STREAM_FILLING: Final = AlarmKind(
    name="stream-filling",
    mend="Make room (shorter retention in the care policy) or give the stream a larger bound; see docs/running.md. A "
    "full stream refuses new events and drops nothing.",
)
STORAGE_FILLING: Final = AlarmKind(
    name="storage-filling",
    mend="Give JetStream's account or the disk more room, or move DATA to a larger one. After a disk was full, restart "
    "NATS: it does not write to that stream again by itself.",
)
SHARD_UNOWNED: Final = AlarmKind(
    name="shard-unowned",
    mend="Start more processes of the service, or look into its log for why it lets go. Leases pass on by themselves "
    "in six seconds.",
    after=10,
)
SHARD_HALTED: Final = AlarmKind(
    name="shard-halted",
    mend="The reason names the mend. An event of a newer build in the stream: start that build.",
)
READER_STILL: Final = AlarmKind(
    name="reader-still",
    mend="Look into the service's log for what it waits for; a process that hangs may be killed, another takes over.",
    after=0,  # its check has waited already
)
RELAY_LAGS: Final = AlarmKind(
    name="relay-lags",
    mend="Look into the service's log for 'relay.waiting': for NATS, room, or a larger max_payload in nats.conf.",
    clear=10,
)
DEADLINE_MISSED: Final = AlarmKind(
    name="deadline-missed",
    mend="Restart the service that owns the partition: it reads its deadlines anew. Then run: warmline verify",
    after=0,  # its check has waited already
)
TOUCH_STUCK: Final = AlarmKind(
    name="touch-stuck",
    mend="Claim the touch at the desk so that nobody waits; then restart notifier and run: warmline verify",
    after=0,  # its check has waited already
)
NOTICES_LATE: Final = AlarmKind(
    name="notices-late",
    mend="Look into notifier's log for 'notice.failed': it names the channel and why, such as a mail server that does "
    "not answer. People see their touches at the desk meanwhile.",
    clear=10,
)
INTEGRATOR_LAGS: Final = AlarmKind(
    name="integrator-lags",
    mend="Run: warmline integrators. It shows what its server answers. One that is paused is started again with: "
    "warmline integrators resume NAME. Nothing is lost meanwhile.",
    clear=10,
)
DEAD_LETTERS: Final = AlarmKind(
    name="dead-letters",
    mend="Run: warmline dead list. It shows what could not be processed and why, to retry or to drop.",
)
SOURCE_QUIET: Final = AlarmKind(
    name="source-quiet",
    mend="See that the bridge or bot of the source runs and that its token holds. A source that has ended for good: "
    "DELETE /v1/sources/PLATFORM/NAME?community=COMMUNITY, or let the alarm lapse after 30 days.",
    after=0,
)
SOURCE_UNREAD: Final = AlarmKind(
    name="source-unread",
    mend="Run: warmline source list. It shows what the platform answers. One that refuses its secret is given another "
    "with: warmline source rotate-secret. What happens meanwhile is read later.",
    after=0,  # the platform was asked for long enough
)
HOURS_UNCOVERED: Final = AlarmKind(
    name="hours-uncovered",
    mend="Nobody works in these hours of the organisation: have somebody work then, or shorten its hours in the care "
    "policy, and run: warmline policy adopt FILE",
    after=0,
    ahead=True,
)
AUDIT_INCOMPLETE: Final = AlarmKind(
    name="audit-incomplete",
    mend="Look into the auditor's log: a check of its own failed, so that not everything is watched.",
    after=10,
)

ALARM_KINDS: Final = (
    NATS_AWAY,
    POSTGRESQL_AWAY,
    SERVICE_AWAY,
    STREAM_MISSING,
    STREAM_DIFFERS,
    REPLICA_AWAY,
    STREAM_FILLING,
    STORAGE_FILLING,
    SHARD_UNOWNED,
    SHARD_HALTED,
    READER_STILL,
    RELAY_LAGS,
    DEADLINE_MISSED,
    TOUCH_STUCK,
    NOTICES_LATE,
    INTEGRATOR_LAGS,
    DEAD_LETTERS,
    SOURCE_QUIET,
    SOURCE_UNREAD,
    HOURS_UNCOVERED,
    AUDIT_INCOMPLETE,
)

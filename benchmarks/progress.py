"""How far each service has read its streams, as its tables tell."""

from __future__ import annotations

from typing import Final

from benchmarks.workload import PARTITIONS


def _decided(schema: str, stream: str) -> str:
    # By the end of the primary key: there is a row for each transaction, and who looks must not load what is looked at.
    return " UNION ALL ".join(
        f"(SELECT notification_id AS at FROM {schema}.p{n}_tracking "
        f"WHERE application_name BETWEEN '{stream}@' AND '{stream}@9' "
        "ORDER BY application_name DESC, notification_id DESC LIMIT 1)"
        for n in range(PARTITIONS)
    )


TRIAGE: Final = f"SELECT sum(at) / {PARTITIONS} FROM ({_decided('triage', 'MEMBER_EVENTS')}) AS t"
"""Events of MEMBER_EVENTS that triage is through with: they lie evenly over its partitions."""

HISTORY: Final = f"SELECT sum(position) / {PARTITIONS} FROM view_history.positions WHERE reader LIKE 'MEMBER_EVENTS@%'"
"""Events of MEMBER_EVENTS that stand in the history."""

NOTIFIER: Final = f"SELECT max(at) FROM ({_decided('notifier', 'TOUCHES')}) AS t"
"""Messages of TOUCHES that notifier is through with, where all belong to one organisation."""

QUEUE: Final = "SELECT max(position) FROM view_queue.positions WHERE reader LIKE 'TOUCHES@%'"
"""Messages of TOUCHES that stand in the queue."""

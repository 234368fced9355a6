"""Faults to plant in the tables of the small world: the table, the statement that harms it, and what must be found."""

from __future__ import annotations

from shared.contracts.names import event_key
from shared.contracts.subjects import partition_of
from tests.end_to_end.harbour import SOURCE

P = partition_of("acme", 4)
Q7 = event_key("acme", SOURCE, "post:q7:1")

FAULTS = {
    "a row deleted from history": (
        "view_history.history",
        f"DELETE FROM view_history.history WHERE key = '{Q7}'",
        {"history: history.history: row missing", "history: event in the history: missing"},
    ),
    "a row of history changed": (
        "view_history.history",
        f"UPDATE view_history.history SET text = 'What?' WHERE key = '{Q7}'",
        {"history: history.history: row changed"},
    ),
    "a row of history doubled": (
        "view_history.history",
        (
            'INSERT INTO view_history.history SELECT (jsonb_populate_record(h, \'{"key": "another"}\')).* '
            f"FROM view_history.history AS h WHERE key = '{Q7}'"
        ),
        {"history: history.history: row not expected", "history: event in the history: not expected"},
    ),
    "a count of a member off": (
        "view_history.members",
        "UPDATE view_history.members SET events = events + 1 WHERE member_id = 'member7'",
        {"history: history.members: row changed"},
    ),
    "two rows of history in the other order": (
        "view_history.history",
        (
            "UPDATE view_history.history SET seq = (SELECT min(seq) FROM view_history.history WHERE kind = 'posted') "
            f"WHERE key = '{Q7}'"
        ),
        {"history: history.history: row changed", "history: event in the history: changed"},
    ),
    "a touch missing in the queue": (
        "view_queue.touches",
        "DELETE FROM view_queue.touches WHERE touch = (SELECT min(touch) FROM view_queue.touches)",
        {"queue: queue.touches: row missing"},
    ),
    "a touch twice in the queue": (
        "view_queue.touches",
        (
            "INSERT INTO view_queue.touches (touch, reason, standing) "
            "SELECT 'another', reason, standing FROM view_queue.touches ORDER BY touch LIMIT 1"
        ),
        {"queue: queue.touches: row not expected"},
    ),
    "a touch in another state in the queue": (
        "view_queue.touches",
        (
            "UPDATE view_queue.touches SET standing = 'held' "
            "WHERE touch = (SELECT min(touch) FROM view_queue.touches WHERE standing = 'claimed')"
        ),
        {"queue: queue.touches: row changed"},
    ),
    "a tally of the queue off by one": (
        "view_queue.touch_tallies",
        "UPDATE view_queue.touch_tallies SET count = count + 1 WHERE facet = 'state' AND value = 'claimed'",
        {"queue: queue.touch_tallies: row changed"},
    ),
    "an event removed from triage's log": (
        f"triage.p{P}_events",
        f"DELETE FROM triage.p{P}_events WHERE notification_id = 20",
        {f"triage: partition {P}, event: missing"},
    ),
    "a state of triage changed": (
        f"triage.p{P}_states",
        f"UPDATE triage.p{P}_states SET version = version + 1 WHERE stream = 'community:acme'",
        {f"triage: partition {P}, state: changed"},
    ),
    "a state of triage changed that lags behind its log": (
        f"triage.p{P}_states",
        (
            f"UPDATE triage.p{P}_states SET state = "
            """convert_to(replace(convert_from(state, 'UTF8'), '"solved":false', '"solved":true'), 'UTF8') """
            # Which of them lag depends on the batches: it is one of those, where there is one.
            f"WHERE stream = (SELECT stream FROM triage.p{P}_states AS s JOIN triage.p{P}_events AS e "
            """ON originator_id = stream WHERE convert_from(s.state, 'UTF8') LIKE '%"solved":false%' """
            "ORDER BY originator_version > version DESC, stream LIMIT 1)"
        ),
        {f"triage: partition {P}, state: changed"},
    ),
    "an inbox entry of triage missing": (
        f"triage.p{P}_inbox",
        f"DELETE FROM triage.p{P}_inbox WHERE id = '{Q7}'",
        {f"triage: partition {P}, inbox entry: missing"},
    ),
    "a deadline of triage missing": (
        f"triage.p{P}_deadlines",
        (
            f"DELETE FROM triage.p{P}_deadlines WHERE (stream, name) IN "
            f"(SELECT stream, name FROM triage.p{P}_deadlines WHERE due > now() + interval '10 minutes' LIMIT 1)"
        ),
        {f"triage: partition {P}, deadline: missing"},
    ),
    "an inbox entry of notifier missing": (
        f"notifier.p{P}_inbox",
        f"DELETE FROM notifier.p{P}_inbox WHERE id = (SELECT min(id) FROM notifier.p{P}_inbox WHERE id LIKE 't-%')",
        {f"notifier: partition {P}, inbox entry: missing"},
    ),
    "an event removed from notifier's log": (
        f"notifier.p{P}_events",
        (
            f"DELETE FROM notifier.p{P}_events WHERE notification_id = (SELECT max(notification_id) FROM "
            f"notifier.p{P}_events WHERE topic = 'notifier.TouchClaimed')"
        ),
        {
            f"notifier: partition {P}: the log has a gap",
            f"notifier relay: partition {P}, published event: not expected",
        },
    ),
}

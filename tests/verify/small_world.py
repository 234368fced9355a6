"""Some three hundred events of a small community, and how to do harm to what Warmline makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from tests.end_to_end.harbour import event, post
from tests.end_to_end.running_system import RunningSystem
from tests.waiting import until

HOUR = timedelta(hours=1)
FIRST_POST = 20


def events() -> list[dict[str, Any]]:
    """Joins, questions old and new, answers by peers and team, edits, deletions, other kinds; oldest first."""
    told = [event(f"join:member{n}", "joined", f"member{n}", 30 * HOUR - n * HOUR / 10) for n in range(40)]
    for n in range(60):
        told.append(post(f"q{n}", f"member{n % 40}", 20 * HOUR - n * HOUR / 10, "Who knows how the door opens?"))
        if n % 3 == 0:
            told.append(post(f"a{n}", f"member{(n + 1) % 40}", 13 * HOUR - n * HOUR / 20, "I do.", f"c-q{n}"))
        if n % 5 == 0:
            told.append(post(f"t{n}", "u-mara", 9 * HOUR - n * HOUR / 20, "Turn it left.", f"c-q{n}"))
    told += [
        post(f"m{n}", f"member{n % 17}", 5 * HOUR - n * HOUR / 60, f"Number {n}.", f"c-q{n % 60}") for n in range(120)
    ]
    written = {"conversation": "c-q1", "message": "q1"}
    told += [
        event("edit:q1", "edited", "member1", 2 * HOUR, text="The door opens by itself.", **written),
        event("delete:q2", "deleted", "member2", 2 * HOUR, conversation="c-q2", message="q2"),
        event("survey:1", "surveyed", "member3", 2 * HOUR, survey="spring", score=9, comment="Fine."),
        event("react:1", "reacted", "member4", 2 * HOUR, reaction="wave", **written),
        event("left:5", "left", "member5", 1.5 * HOUR),
    ]
    told += [post(f"new{n}", f"member{30 + n}", HOUR / 10, "Is anybody there?") for n in range(3)]
    return told


def write_archive(folder: Path) -> Path:
    """Return an export to import: a topic of 30 messages."""
    topic = folder / "archive" / "1-help"
    topic.mkdir(parents=True)
    messages = [
        {"id": n, "sender_full_name": f"Old {n % 5}", "timestamp": 1_600_000_000 + n, "content": f"<p>{n}?</p>"}
        for n in range(30)
    ]
    (topic / "keys.json").write_text(json.dumps(messages), encoding="utf-8")
    return topic.parent


def send(system: RunningSystem, accepted: Path) -> None:
    """Post all events in batches of ``FIRST_POST``, the first twice, and note what was accepted."""
    told = events()
    with accepted.open("w", encoding="utf-8") as file:
        for number, first in enumerate(range(0, len(told), FIRST_POST)):
            batch = told[first : first + FIRST_POST]
            for _ in range(2 if number == 0 else 1):
                assert system.post(batch)["refused"] == 0
            for one in batch:
                line = {"post": number, "community": "acme", "source": one["source"], "id": one["id"]}
                file.write(json.dumps(line) + "\n")


def take_one_in_hand(system: RunningSystem) -> None:
    """Let a responder claim one touch and settle another, once what was posted can end neither."""
    until(system.drained, seconds=60, what="the line to be drained")

    def two() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = system.get("/api/v1/queue")["items"]
        theirs = [item for item in items if item["responder"]]
        return theirs if len(theirs) >= 2 else None

    for number, touch in enumerate(until(two, seconds=60, what="two touches that somebody has")[:2]):
        system.act_on(touch["id"], "claim", responder="tobi")
        if number:
            system.act_on(touch["id"], "settle", responder="tobi", outcome="reached")


@contextmanager
def harm(url: str, damage: str, *, table: str) -> Iterator[None]:
    """Damage a table by a statement, and put it back as it was at the end."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.kept")
        connection.execute(f"CREATE TABLE public.kept AS TABLE {table}")
        try:
            assert connection.execute(damage).rowcount == 1
            yield
        finally:
            columns = connection.execute(
                "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute "
                "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                (table,),
            ).fetchone()
            assert columns is not None
            with connection.transaction():
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"INSERT INTO {table} ({columns[0]}) SELECT {columns[0]} FROM public.kept")
            connection.execute("DROP TABLE public.kept")

"""PostgreSQL is away for a while: one line when that begins and one when it ends, however many notice."""

from __future__ import annotations

import psycopg
from psycopg import sql
from structlog.testing import capture_logs

from services.notifier.notices.notice import LogChannel
from services.notifier.outage import Outage
from tests.notifier.desk import Desk
from tests.waiting import until_async


def allow_connections(postgres_url: str, database: str, allowed: bool) -> None:
    name = database.rsplit("/", 1)[1]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), sql.Literal(allowed))
        )
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


async def test_an_outage_is_told_once_and_so_is_its_end(desk: Desk, postgres_url: str) -> None:
    with capture_logs() as lines:
        async with desk.outbox(LogChannel(), LogChannel()):
            allow_connections(postgres_url, desk.url, False)
            desk.log_grows()
            await until_async(lambda: lines)
            allow_connections(postgres_url, desk.url, True)
            await until_async(lambda: lines[-1]["event"] == "postgres.back")
    own = [line for line in lines if not line["event"].startswith("commit.")]
    assert [line["event"] for line in own] == ["postgres.away", "postgres.back"]
    assert all("exc_info" not in line for line in lines)


def test_it_is_over_when_nobody_is_left_without() -> None:
    outage = Outage()
    with capture_logs() as lines:
        for _ in range(3):
            for who in ("ann", "bo", "cleo"):
                outage.noticed(who, OSError("no  \n route"))
        outage.over("ann")
        outage.ended("bo")
        assert len(lines) == 1
        outage.over("cleo")
        outage.over("ann")
    assert [line["event"] for line in lines] == ["postgres.away", "postgres.back"]
    assert lines[0]["error"] == "no route"


def test_who_comes_after_those_who_noticed_tells_of_the_end() -> None:
    outage = Outage()
    with capture_logs() as lines:
        outage.noticed("ann", OSError())
        outage.ended("ann")
        outage.noticed("bo", OSError())
        outage.over("bo")
    assert [line["event"] for line in lines] == ["postgres.away", "postgres.back"]

"""A running system that the checker looks at, and ways to look at it and to harm it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from typer.testing import CliRunner, Result

from infra.cli.main import app
from infra.running_servers import Servers, connected
from infra.verify.report import Report
from infra.verify.run import verify
from services.notifier.service import notifier_codec
from tests.end_to_end.running_system import TOKEN, RunningSystem
from tests.verify.planted_faults import P

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    system: RunningSystem
    accepted: Path

    @property
    def url(self) -> str:
        return self.system.run.postgres_url

    def found(self, *, accepted: Path | None = None) -> set[str]:
        """What the checker finds, each as check and difference."""
        report = self.report(accepted=accepted)
        return {f"{check.name}: {one.what}" for check in report.checks.values() for one in check.differences}

    def report(self, *, accepted: Path | None = None) -> Report:
        servers = Servers(nats_url=self.system.run.nats_url, postgres_url=self.url)

        async def run() -> Report:
            async with connected(servers, "test") as connections:
                return await verify(connections, Quiet(), accepted=accepted)

        return asyncio.run(run())

    def command(self, *arguments: str) -> Result:
        """Run a command in this process, which is quicker than in one of its own."""
        environment = {"DATA": str(self.system.data), "WARMLINE_TOKEN": TOKEN, "COLUMNS": "200"}
        return CliRunner().invoke(app, arguments, env=environment)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()


class Quiet:
    def step(self, what: str, total: int | None = None) -> None: ...

    def reach(self, done: int) -> None: ...

    def tell(self, line: str) -> None: ...


@contextmanager
def rewritten(world: World, stream: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """Store another state of a stream of notifier, and put it back at the end."""
    codec, table = notifier_codec(), f"notifier.p{P}_states"
    with psycopg.connect(world.url, autocommit=True) as connection:
        update = f"UPDATE {table} SET state = %s WHERE stream = %s"
        row = connection.execute(f"SELECT state FROM {table} WHERE stream = %s", (stream,)).fetchone()
        assert row is not None
        connection.execute(update, (codec.encode_state(change(codec.decode_state(stream, row[0]))), stream))
        try:
            yield
        finally:
            connection.execute(update, (row[0], stream))

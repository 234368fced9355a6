"""The embedded PostgreSQL server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import psycopg
from psycopg import sql

from infra.embedded.child import Child, ChildSpec, OneChild, StopStep
from infra.embedded.postgres_binaries import binaries_for
from infra.embedded.postgres_place import SHARED_FOLDER, postgres_place
from infra.embedded.readiness import wait_until_ready, wait_until_unused
from infra.operator_error import OperatorError
from infra.private_file import kept_secret, write_private

_USER = "warmline"
_DATABASE = "warmline"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Sixteen processes of each service, each with a connection or two for every share of its work.
    "max_connections": "600",
    "shared_buffers": "512MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    # Of the ways to compress only pglz is built in, and it takes a fifth of the processor time of all.
    "wal_compression": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "10min",
    # Enough to tell the plans apart. By default ten times as many rows are read and sorted, each minute of each table
    # that grows: a tenth of PostgreSQL's processor time while tables are filled.
    "default_statistics_target": "10",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
_ENV = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class PostgresServer(OneChild):
    """One PostgreSQL on loopback, its password in DATA/secrets/postgres.

    Its data is in DATA/postgres; as root, which PostgreSQL refuses, it runs as another account with its data in
    /var/lib/warmline, and DATA/README.txt says where.
    """

    name = "postgresql"
    stop_steps = (StopStep(signal=signal.SIGINT, seconds=20), StopStep(signal=signal.SIGQUIT, seconds=5))

    def __init__(self, data: Path, port: int) -> None:
        """Find the place of the data. Raises OperatorError if this system has no account that can run it."""
        super().__init__()
        self._place = postgres_place(data)
        self._port = port
        self._secret = self._place.data / "secrets" / "postgres"
        self.log = self._place.data / "logs" / "postgresql.log"

    @property
    def data_directory(self) -> Path:
        """PostgreSQL's own data directory."""
        return self._place.directory

    @property
    def url(self) -> str:
        """Where clients connect, with the credentials."""
        return self._url(_DATABASE)

    async def start(self) -> None:
        """Start, making the data directory first if needed, and return when a client gets an answer.

        Raises OperatorError, also when another server uses the directory or another major version made it.
        """
        directory, account = self._place.directory, self._place.account
        made = self._place.made()
        if made and not self._secret.exists():
            raise OperatorError(f"The password of {directory} is missing. Restore {self._secret} from a backup.")
        self._make_parent()
        await wait_until_unused("PostgreSQL", directory / "postmaster.pid", directory)
        binaries = await asyncio.to_thread(binaries_for, account, SHARED_FOLDER)
        if not made:
            await self._make_data_directory(binaries)
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self._port)}.items()]
        self._child = await Child.start(
            ChildSpec(
                argv=[binaries / "postgres", "-D", directory, *settings],
                log=self.log,
                env=_ENV,
                cwd=directory,
                account=account,
                death_signal=signal.SIGINT,
            )
        )
        await wait_until_ready("PostgreSQL", self._child, self._why_not_ready, log=self.log)

    def _url(self, database: str) -> str:
        return f"postgresql://{_USER}:{kept_secret(self._secret)}@127.0.0.1:{self._port}/{database}"

    def _make_parent(self) -> None:
        folder = self._place.directory.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o755 if self._place.account else 0o700)
        except OSError as error:
            raise OperatorError(
                f"{folder}, where PostgreSQL's data belongs, cannot be made: {error.strerror}. "
                "Make it writable, or run warmline as an ordinary user."
            ) from error

    async def _make_data_directory(self, binaries: Path) -> None:
        directory, account = self._place.directory, self._place.account
        log = self.log.with_name("postgresql-initdb.log")
        aside = self._place.set_aside()
        if aside is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"PostgreSQL data of an earlier, deleted DATA was moved to {aside}; delete it at will.\n")
        draft, password = directory.with_name("postgres.new"), directory.with_name("postgres.password")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_private(password, kept_secret(self._secret))
        if account is not None:
            os.chown(draft, account.uid, account.gid)
            os.chown(password, account.uid, account.gid)
        options = [
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--username={_USER}", f"--pwfile={password}"),
        ]
        child = await Child.start(
            ChildSpec(
                argv=[binaries / "initdb", "-D", draft, *options],
                log=log,
                env=_ENV,
                cwd=directory.parent,
                account=account,
                death_signal=signal.SIGKILL,
            )
        )
        try:
            code = await child.wait()
        finally:
            await child.stop()
            password.unlink()
        if code != 0:
            raise OperatorError(f"PostgreSQL's initdb could not make {directory}. See {log}", log=log)
        draft.rename(directory)
        self._place.record()

    async def _why_not_ready(self) -> str | None:
        try:
            async with await psycopg.AsyncConnection.connect(
                self._url("postgres"), autocommit=True, connect_timeout=5
            ) as connection:
                found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE])
                if await found.fetchone() is None:
                    await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))
        except psycopg.Error as error:
            return " ".join(str(error).split())
        return None

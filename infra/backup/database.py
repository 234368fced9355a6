"""The database as a file and back, by PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.backup.kept_files import KeptFileWriter
from infra.embedded.postgres_binaries import binaries_for
from infra.embedded.postgres_place import SHARED_FOLDER
from infra.operator_error import OperatorError

_CHUNK: Final = 1 << 20
_SCRATCH: Final = ("verify", "verify_*", "rebuild_*", "replaced_*")
"""Schemas of work under way, which a backup does not hold."""


async def dump_database(postgres_url: str, file: KeptFileWriter, reached: Callable[[int], None]) -> None:
    """Write the whole database, as of one moment, in pg_dump's custom format; raises OperatorError."""
    program = await _program("pg_dump", postgres_url)
    options = ["--format=custom", "--no-owner", "--no-privileges", *(f"--exclude-schema={name}" for name in _SCRATCH)]
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        f"--dbname={_without_password(postgres_url)}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(postgres_url),
    )
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    assert process.stderr is not None  # noqa: S101 -- it was asked for
    try:
        said = asyncio.create_task(process.stderr.read())
        while chunk := await process.stdout.read(_CHUNK):
            reached(file.write(chunk))
        await _refuse_failure(program, process, await said)
    finally:
        await _end(process)


async def restore_database(postgres_url: str, file: Path) -> None:
    """Bring the dump in ``file`` into an empty database, all of it or nothing; raises OperatorError."""
    program = await _program("pg_restore", postgres_url)
    process = await asyncio.create_subprocess_exec(
        program,
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        f"--dbname={_without_password(postgres_url)}",
        str(file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(postgres_url),
    )
    assert process.stderr is not None  # noqa: S101 -- it was asked for
    try:
        await _refuse_failure(program, process, await process.stderr.read())
    finally:
        await _end(process)


async def tables_in(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    """Return the tables of the database, PostgreSQL's own left out."""
    cursor = await connection.execute(
        "SELECT schemaname || '.' || tablename FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    return [row[0] for row in await cursor.fetchall()]


async def server_version(connection: psycopg.AsyncConnection[Any]) -> str:
    """Return the server's version, such as ``18.6``."""
    row = await (await connection.execute("SHOW server_version")).fetchone()
    return str(row[0]).split()[0] if row else "unknown"


async def _program(name: str, postgres_url: str) -> Path:
    """Return a program that understands the server: the one that Warmline brings, else the one on the PATH."""
    try:
        async with await psycopg.AsyncConnection.connect(postgres_url, connect_timeout=5) as connection:
            server = int((await server_version(connection)).split(".")[0])
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise OperatorError(f"PostgreSQL does not answer: {why}. Check the server and its address.") from error
    found = []
    for candidate in _candidates(name):
        version = await _major_version(candidate)
        if version >= server:
            return candidate
        found.append(f"{candidate} is of version {version}")
    here = f" ({', '.join(found)})" if found else ""
    raise OperatorError(
        f"The server is PostgreSQL {server}, and no {name} of that version or a newer one is here{here}. Install "
        "PostgreSQL's client programs and put them on the PATH."
    )


def _candidates(name: str) -> list[Path]:
    candidates = []
    with contextlib.suppress(OperatorError):  # it exists for Linux only; then the PATH has to have one
        candidates.append(binaries_for(None, SHARED_FOLDER) / name)
    on_path = shutil.which(name)
    return [*candidates, Path(on_path)] if on_path else candidates


async def _major_version(program: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    version = re.search(rb"(\d+)\.", said)
    return int(version[1]) if version else 0


def _without_password(postgres_url: str) -> str:
    # A command line can be read by everybody on the machine.
    parameters = {key: str(value) for key, value in conninfo_to_dict(postgres_url).items() if key != "password"}
    return make_conninfo(**parameters)


def _environment(postgres_url: str) -> dict[str, str]:
    password = conninfo_to_dict(postgres_url).get("password")
    return {**os.environ, "LC_ALL": "C", **({"PGPASSWORD": str(password)} if password else {})}


async def _refuse_failure(program: Path, process: asyncio.subprocess.Process, said: bytes) -> None:
    if await process.wait() != 0:
        words = " ".join(said.decode(errors="replace").split())
        raise OperatorError(f"{program.name} could not do its part: {words or 'it said nothing'}.")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()

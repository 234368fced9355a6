"""A PostgreSQL made once in a run of the tests, of which every system that would make its own gets a copy.

initdb takes a second of a processor, and some fifty systems begin with nothing. That it makes one is shown where
``warmline up`` and the embedded servers are tested themselves.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.ports import claim_internal

_FOLDER = "WARMLINE_TESTS_CLUSTER"


@contextmanager
def cluster_of_this_run() -> Iterator[None]:
    """Have one place for the cluster, for this process and those it starts, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="warmline-cluster-"))
    os.environ[_FOLDER] = str(folder)
    try:
        yield
    finally:
        del os.environ[_FOLDER]
        place = postgres_place(folder / "data")
        if place.account is not None:
            shutil.rmtree(place.directory.parent, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def give_cluster(data: Path) -> None:
    """Give a DATA that has none yet its PostgreSQL and the password; outside the tests, it makes its own.

    To be called before anybody asks for the password, as for a server's URL.
    """
    folder = os.environ.get(_FOLDER)
    if folder is None or postgres_place(data).made():
        return
    template, given = postgres_place(_made(Path(folder))), postgres_place(data)
    given.directory.parent.mkdir(parents=True, exist_ok=True, mode=0o755 if given.account else 0o700)
    subprocess.run(["cp", "-a", "--reflink=auto", template.directory, given.directory], check=True)
    (given.data / "secrets").mkdir(mode=0o700, exist_ok=True)
    shutil.copy2(template.data / "secrets" / "postgres", given.data / "secrets" / "postgres")
    given.record()


def _made(folder: Path) -> Path:
    """Return the DATA of the cluster that is copied, made by whichever process comes first."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not postgres_place(data).made():
            asyncio.run(_make(data))
    return data


async def _make(data: Path) -> None:
    claim = claim_internal(None)
    server = PostgresServer(data, claim.port)
    try:
        await server.start()
    finally:
        await server.stop()
        claim.release()

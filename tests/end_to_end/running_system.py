"""A whole Warmline, started as an operator starts it, for tests through its public face."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import nats
import psycopg
from nats.js import JetStreamContext
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner, Result

from infra.cli.main import app
from infra.embedded.postgres_place import postgres_place
from infra.run_file import RunFile, running
from tests.made_clusters import give_cluster
from tests.waiting import until

T = TypeVar("T")

TOKEN = "end-to-end-token"
_never = threading.Event()
COMMAND = (sys.executable, "-P", "-m", "infra.cli.main")


class PublicFace:
    """What senders and people see of a system: where events go in, and the desk's API."""

    def __init__(self, ingest_url: str, desk_url: str, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self.ingest = httpx.Client(base_url=ingest_url, headers=headers, timeout=30)
        self.api = httpx.Client(base_url=desk_url, headers=headers, timeout=30)

    def post(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Post a batch, again and again while ingest is away, as a source would; return the answer."""
        headers = {"content-type": "application/cloudevents-batch+json"}

        def attempt() -> dict[str, Any] | None:
            try:
                response = self.ingest.post("/v1/events", json=events, headers=headers)
            except httpx.TransportError:
                return None
            return response.json() if response.status_code == 200 else None

        return until(attempt, seconds=60, what="ingest to accept")

    def get(self, path: str) -> Any:
        """Return what the API gives, waiting while the desk is away."""

        def attempt() -> Any:
            try:
                response = self.api.get(path)
            except httpx.TransportError:
                return None
            return response.json() if response.status_code == 200 else None

        return until(attempt, seconds=60, what=path)

    def act(self, path: str, *, shown: bool = True, **told: Any) -> httpx.Response:
        """Return the answer to what a person does: it is sent under one id until the desk has it and shows it."""
        later = {202, 503} if shown else {503}
        body = {"command_id": uuid4().hex, **told}

        def attempt() -> httpx.Response | None:
            try:
                response = self.api.post(path, json=body)
            except httpx.TransportError:
                return None
            return None if response.status_code in later else response

        return until(attempt, seconds=60, what=f"an answer to {path}")

    def act_on(self, touch: str, verb: str, **told: Any) -> None:
        """Do something with a touch as it stands, and again where it has changed just then."""
        path = f"/api/v1/touches/{touch}"

        def done() -> bool:
            answer = self.act(f"{path}/{verb}", revision=self.get(path)["revision"], **told)
            assert answer.is_success or answer.json().get("field") == "revision", answer.text
            return answer.is_success

        until(done, seconds=60, what=f"{verb} of {touch}")


class RunningSystem(PublicFace):
    """`warmline up` as a child process, and ways to use and to hurt it."""

    def __init__(self, data: Path, process: subprocess.Popen[str], run: RunFile) -> None:
        super().__init__(run.ingest_url, run.desk_url, TOKEN)
        self.data = data
        self.process = process
        self.run = run

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `warmline` command against this system, in this process: one of its own takes a second to start."""
        told = dict.fromkeys(os.environ.keys() - self.environment().keys()) | self.environment()
        done = CliRunner().invoke(app, arguments, env=told)
        why = "".join(traceback.format_exception(done.exception)) if _unexpected(done) else ""
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr + why)

    def jetstream(self, action: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        """Return what ``action`` gives, done with the system's own streams."""

        async def run() -> T:
            client = await nats.connect(self.run.nats_url)
            try:
                return await action(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(run())

    def rows_of(self, community: str) -> dict[str, list[str]]:
        """Return triage's and the views' rows that name a community, by table, but for its own stream: of imports."""
        found = {}
        with psycopg.connect(self.run.postgres_url) as connection:
            tables = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname ~ '^(triage|view_)' ORDER BY 1, 2"
            ).fetchall()
            for table in tables:
                rows = connection.execute(
                    SQL("SELECT t::text FROM {} t WHERE t::text LIKE %s ORDER BY 1").format(Identifier(*table)),
                    (f"%{community}%",),
                ).fetchall()
                if rows:
                    found[".".join(table)] = [row for (row,) in rows if f"community:{community}," not in row]
        return found

    def drained(self) -> bool:
        """Whether all that came in has gone the whole way: nothing is left to read, to pass on or to send."""
        told = {part["name"]: part["says"] for part in json.loads(self.command("status", "--json").stdout)["parts"]}
        read = [says for name, says in told.items() if name.endswith(" reading")]
        left = [says for name, says in told.items() if name == "notices" or name.endswith(" relay")]
        at_the_end = all("behind" not in says for says in read) and all(says.startswith("0 ") for says in left)
        return bool(read and left) and at_the_end

    def environment(self) -> dict[str, str]:
        return environment(self.data)

    def pids(self, service: str) -> list[int]:
        """Return the processes of a service, or of a server by the name of its program."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    argv = (folder / "cmdline").read_bytes().decode(errors="replace")
                    environ = (folder / "environ").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if f"services.{service}.main" in argv and f"WARMLINE_DATA={self.data}\0" in environ:
                    found.append(int(folder.name))
        return found

    def kill(self, service: str) -> bool:
        """Kill -9 one process of a service; tell whether there was one."""
        for pid in self.pids(service)[:1]:
            os.kill(pid, signal.SIGKILL)
            return True
        return False


def _unexpected(done: Result) -> bool:
    return done.exception is not None and not isinstance(done.exception, SystemExit)


def environment(data: Path) -> dict[str, str]:
    """Return what a `warmline` command on ``data`` is told."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WARMLINE_")}
    for name in ("PORT", "POLICY"):
        kept.pop(name, None)
    return {**kept, "DATA": str(data), "WARMLINE_TOKEN": TOKEN, "DEMO": "0", "COLUMNS": "200"}


@contextmanager
def started(
    *arguments: str,
    policy: Path | None = None,
    demo: bool = False,
    told: Mapping[str, str] | None = None,
    data: Path | None = None,
    keep: bool = False,
) -> Iterator[RunningSystem]:
    """Start a system on ``data``, or an empty DATA, and stop it at the end, leaving nothing behind unless ``keep``.

    ``told`` is more environment.
    """
    if data is None:
        data = Path(tempfile.mkdtemp(prefix="warmline-e2e-"))
        give_cluster(data)
    env = {**environment(data), "DEMO": "1" if demo else "0", **(told or {})}
    if policy is not None:
        env["POLICY"] = str(policy)
    output = (data / "up.log").open("w+", encoding="utf-8")
    process = subprocess.Popen([*COMMAND, "up", *arguments], env=env, stdout=output, stderr=output, text=True)
    try:
        until(lambda: _ready(data, process), seconds=90, what="warmline up")
        run = running(data)
        assert run is not None
        yield RunningSystem(data, process, run)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=40)
        finally:
            process.kill()
            if not keep:
                place = postgres_place(data)
                if place.account is not None:
                    shutil.rmtree(place.directory.parent, ignore_errors=True)
                shutil.rmtree(data, ignore_errors=True)


def _ready(data: Path, process: subprocess.Popen[str]) -> bool:
    said = (data / "up.log").read_text(encoding="utf-8")
    assert process.poll() is None, f"warmline up ended by itself:\n{said}"
    return re.search(r"Warmline is ready", said) is not None

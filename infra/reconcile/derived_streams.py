"""Streams of copies, made anew where they are not what the logs have published."""

from __future__ import annotations

from collections.abc import Iterable

from infra.backup.streams import ask
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.running_servers import Connections


async def make_anew(servers: Connections, streams: Iterable[str], progress: Progress) -> None:
    """Delete ``streams`` and create them empty, configured as they were: the logs fill them again."""
    for stream in streams:
        progress.step(f"making {stream} anew")
        info = await ask(servers.client, f"STREAM.INFO.{stream}")
        for verb, request in (("DELETE", {}), ("CREATE", info["config"])):
            answer = await ask(servers.client, f"STREAM.{verb}.{stream}", request)
            if "error" in answer:
                raise OperatorError(f"{stream} could not be made anew: {answer['error']['description']}.")

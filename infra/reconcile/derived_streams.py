"""Streams of copies, made anew where they are not what the logs have published."""

from __future__ import annotations

from collections.abc import Iterable

from nats.aio.client import Client

from infra.backup.streams import ask
from infra.operator_error import OperatorError
from infra.progress import Progress
from shared.stream_identity import without_identity


async def make_anew(client: Client, streams: Iterable[str], progress: Progress) -> None:
    """Delete ``streams`` and create them empty, configured as they were: the logs fill them again."""
    for stream in streams:
        progress.step(f"making {stream} anew")
        info = await ask(client, f"STREAM.INFO.{stream}")
        for verb, request in (("DELETE", {}), ("CREATE", without_identity(info["config"]))):
            answer = await ask(client, f"STREAM.{verb}.{stream}", request)
            if "error" in answer:
                raise OperatorError(f"{stream} could not be made anew: {answer['error']['description']}.")

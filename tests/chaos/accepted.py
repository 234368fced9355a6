"""What Warmline has accepted: kept on disk, as ``warmline verify --accepted`` reads it, and counted by time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.bounded_wait import end


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPost:
    """One post, each event of which was answered ``accepted`` or ``duplicate``; ``at`` by the wall clock."""

    number: int
    at: float
    community: str
    source: str
    ids: tuple[str, ...]


class Accepted:
    """Notes every accepted post; ``close`` returns once all are fsynced to ``file``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.posts: list[AcceptedPost] = []
        self.events = 0
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._written = 0
        self._grown = asyncio.Event()
        self._writer = asyncio.create_task(self._keep_writing(), name="accepted")

    def note(self, community: str, source: str, ids: Sequence[str]) -> None:
        post = AcceptedPost(
            number=len(self.posts) + 1, at=time.time(), community=community, source=source, ids=tuple(ids)
        )
        self.posts.append(post)
        self.events += len(ids)
        self._grown.set()

    async def close(self) -> None:
        await end(self._writer)
        await asyncio.to_thread(self._write)
        os.close(self._descriptor)

    async def _keep_writing(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            await asyncio.to_thread(self._write)

    def _write(self) -> None:
        posts, self._written = self.posts[self._written :], len(self.posts)
        lines = [
            json.dumps({"post": post.number, "community": post.community, "source": post.source, "id": one}) + "\n"
            for post in posts
            for one in post.ids
        ]
        os.write(self._descriptor, "".join(lines).encode())
        os.fsync(self._descriptor)

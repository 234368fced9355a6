"""The names in a Zulip archive: ``<stream id>-<Stream>/<Topic>.json``, percent-encoded with '.' for '%' in topics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from services.ingest.platforms.zulip import conversation_of, unresolved

_STREAM: Final = re.compile(r"([0-9]{1,15})-(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of a stream. Resolving renames a topic, so ``conversation`` is made of the name without the tick."""

    stream_id: int
    stream: str
    topic: str
    resolved: bool
    folder: str
    stem: str

    @property
    def conversation(self) -> str:
        """The conversation that the topic is."""
        return conversation_of(self.stream_id, self.topic)

    def url(self, site: str, message: int) -> str:
        """Return the link to a message on the Zulip at ``site``."""
        stream = quote(unquote(self.folder), safe="").replace(".", "%2E").replace("%", ".")
        return f"{site.rstrip('/')}/#narrow/stream/{stream}/topic/{self.stem}/near/{message}"


def topic_of(path: str, streams: Mapping[int, str]) -> Topic | None:
    """Return the topic whose messages stand in ``path`` (``folder/file.json``), or None if it is no such file.

    The archiver writes a stream's spaces as '-', so its name is taken from ``streams`` (id to name) where that has it.
    """
    folder, _, file = path.rpartition("/")
    folder = folder.rpartition("/")[2]
    match = _STREAM.fullmatch(folder)
    if match is None or not file.endswith(".json"):
        return None
    stem = file.removesuffix(".json")
    name = unquote(stem.replace(".", "%"))
    stream_id = int(match[1])
    return Topic(
        stream_id=stream_id,
        stream=streams.get(stream_id) or unquote(match[2]).replace("-", " "),
        topic=unresolved(name),
        resolved=unresolved(name) != name,
        folder=folder,
        stem=stem,
    )

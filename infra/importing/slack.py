"""Slack's export of a workspace: a folder for each channel, and in it a JSON list of messages for each day.

Format: https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from infra.importing.archive import ArchiveFile
from infra.importing.pieces import json_list, whole_file
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from infra.operator_error import OperatorError
from services.ingest.platforms import slack
from services.ingest.platforms.facts import NotAFactError
from services.ingest.platforms.slack import Channel, Workspace
from shared.contracts.member_events import Member

_CHANNELS: Final = "channels.json"
_GROUPS: Final = "groups.json"
_DIRECT: Final = ("dms.json", "mpims.json")
_USERS: Final = "users.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackExport:
    """``private`` names the private channels that are wanted; ``site`` is the workspace's address, for links."""

    site: str | None = None
    private: frozenset[str] = frozenset()

    platform = slack.PLATFORM
    index = frozenset((_CHANNELS, _GROUPS, *_DIRECT, _USERS))
    expected = "channels.json, users.json and files such as general/2026-11-22.json, as Slack exports them"
    selection = ""

    def holds(self, path: str) -> bool:
        """Messages stand in the folders of channels."""
        return path.endswith(".json") and "/" in path

    def reader(self, index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader; without channels.json nobody could tell what is public."""
        if _CHANNELS not in index:
            raise OperatorError(
                "The export has no channels.json, so nobody can tell channels from direct messages. Give the whole "
                "export as Slack made it: the zip file, or the folder that it unpacks to."
            )
        channels = {
            name: Channel(id=id_, name=name, general=entry.get("is_general") is True)
            for id_, name, entry in _named(_CHANNELS, index)
        }
        private = {name: Channel(id=id_, name=name, audience="private") for id_, name, _ in _named(_GROUPS, index)}
        missing = self.private - private.keys()
        if missing:
            raise OperatorError(
                f"The export has no private channel {', '.join(sorted(missing))}. "
                f"It has: {', '.join(sorted(private)) or 'none'}."
            )
        wanted = channels | {name: channel for name, channel in private.items() if name in self.private}
        not_wanted = dict.fromkeys(private, "a private channel that --private does not name")
        direct = dict.fromkeys(
            (
                name
                for file in _DIRECT
                for entry in _entries(file, index)
                for name in (entry.get("id"), entry.get("name"))
                if isinstance(name, str)
            ),
            "direct messages, which are never taken",
        )
        members = dict(_members(index))
        return _Reader(
            channels=wanted,
            against=not_wanted | direct,
            workspace=Workspace(members=members, url=self.site),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    channels: Mapping[str, Channel]
    against: Mapping[str, str]
    workspace: Workspace

    def __call__(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        folder = file.path.rpartition("/")[0]
        channel = self.channels.get(folder)
        if channel is None:
            why = self.against.get(folder, "in a folder that is no channel of channels.json")
            yield Skipped(file=file.path, place=None, why=why)
            return
        yield from whole_file(file, folder, lambda body: self._read(file.path, body, channel))

    def _read(self, path: str, body: bytes, channel: Channel) -> Read:
        try:
            messages = json_list(body)
        except ValueError as error:
            yield Skipped(file=path, place=None, why=str(error))
            return
        for number, message in enumerate(messages, start=1):
            place = f"item {number}"
            if not isinstance(message, dict):
                yield Skipped(file=path, place=place, why="not a message but another value")
                continue
            yield from found(path, place, partial(slack.facts_of, message, channel, self.workspace))


def _named(file: str, index: Mapping[str, bytes]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for entry in _entries(file, index):
        id_, name = entry.get("id"), entry.get("name")
        if isinstance(id_, str) and isinstance(name, str) and id_ and name:
            yield id_, name, entry


def _members(index: Mapping[str, bytes]) -> Iterator[tuple[str, Member]]:
    for user in _entries(_USERS, index):
        try:
            member = slack.member_of(user)
        except NotAFactError:
            continue
        yield member.id, member


def _entries(file: str, index: Mapping[str, bytes]) -> Iterator[Mapping[str, Any]]:
    try:
        entries = json_list(index.get(file, b"[]"))
    except ValueError as error:
        raise OperatorError(f"{file} cannot be read: {error}. Fetch the export again.") from error
    return (entry for entry in entries if isinstance(entry, dict))

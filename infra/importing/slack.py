"""Slack's export of a workspace: a folder for each channel, and in it a JSON list of messages for each day.

Format: https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from infra.importing.archive import ArchiveFile
from infra.importing.pieces import json_list, whole_file
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from infra.operator_error import OperatorError
from services.ingest.platforms import slack
from services.ingest.platforms.facts import Fact, NotAFactError
from services.ingest.platforms.slack import Channel, Workspace
from services.ingest.platforms.told_address import keyed
from shared.contracts.member_events import Member

_CHANNELS: Final = "channels.json"
_GROUPS: Final = "groups.json"
_DIRECT: Final = ("dms.json", "mpims.json")
_USERS: Final = "users.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackExport:
    """``private`` names the private channels that are wanted; ``site`` is the workspace's address, for links.

    By ``key``, addresses of members become what stands for their owners.
    """

    key: str
    site: str | None = None
    private: frozenset[str] = frozenset()

    platform = slack.PLATFORM
    index = frozenset((_CHANNELS, _GROUPS, *_DIRECT, _USERS))
    expected = "channels.json, users.json and files such as general/2026-11-22.json, as Slack exports them"
    selection = ""

    def holds(self, path: str) -> bool:
        """Messages stand in the folders of channels, and what profiles tell in the list of users."""
        name = path.rpartition("/")[2]
        return name == _USERS or (name not in self.index and path.endswith(".json") and "/" in path)

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
            key=self.key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    channels: Mapping[str, Channel]
    against: Mapping[str, str]
    workspace: Workspace
    key: str

    def __call__(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        folder, _, name = file.path.rpartition("/")
        if name == _USERS:
            yield from whole_file(file, _USERS, partial(_each, file.path, "profile", self._told))
            return
        channel = self.channels.get(folder)
        if channel is None:
            why = self.against.get(folder, "in a folder that is no channel of channels.json")
            yield Skipped(file=file.path, place=None, why=why)
            return
        facts = partial(slack.facts_of, channel=channel, workspace=self.workspace)
        yield from whole_file(file, folder, partial(_each, file.path, "message", facts))

    def _told(self, user: Mapping[str, Any]) -> Iterator[Fact]:
        """Yield the profile of somebody who is still there, where it tells what messages do not: an address."""
        if slack.address_of(user) is not None and user.get("deleted") is not True:
            yield keyed(slack.updated_fact(user), self.key)


def _each(path: str, kind: str, facts: Callable[[Mapping[str, Any]], Iterable[Fact]], body: bytes) -> Read:
    try:
        items = json_list(body)
    except ValueError as error:
        yield Skipped(file=path, place=None, why=str(error))
        return
    for number, item in enumerate(items, start=1):
        place = f"item {number}"
        if isinstance(item, dict):
            yield from found(path, place, partial(facts, item))
        else:
            yield Skipped(file=path, place=place, why=f"not a {kind} but another value")


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

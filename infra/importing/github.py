"""GH Archive: what happened on GitHub, an hour in each file, an event in each line.

Form: https://www.gharchive.org, that of https://docs.github.com/en/rest/using-the-rest-api/github-event-types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from infra.importing.archive import ArchiveFile
from infra.importing.pieces import Line, line_blocks
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from services.ingest.platforms.facts import Fact, NotAFactError
from services.ingest.platforms.github import PLATFORM, Repository, User
from services.ingest.platforms.github_events import Event, meaning
from services.ingest.platforms.reading import Delivery, HookSettings, NotUnderstoodError, Time
from services.ingest.refusal import field_problem
from shared.contracts.names import digest

_KINDS: Final = {
    "DiscussionCommentEvent": "discussion_comment",
    "DiscussionEvent": "discussion",
    "IssueCommentEvent": "issue_comment",
    "IssuesEvent": "issues",
    "PullRequestEvent": "pull_request",
    "PullRequestReviewCommentEvent": "pull_request_review_comment",
    "PullRequestReviewEvent": "pull_request_review",
}
"""Event types to the names of the webhooks that tell the same."""

_SETTINGS: Final = HookSettings()


class _Repo(Struct, frozen=True, kw_only=True):
    id: int
    name: str


class _Kind(Struct, frozen=True, kw_only=True):
    type: str
    repo: _Repo


class _Actor(Struct, frozen=True, kw_only=True):
    id: int
    login: str


class _Event(Struct, frozen=True, kw_only=True):
    actor: _Actor
    payload: Event
    created_at: Time
    public: bool = True


_kinds: Final = msgspec.json.Decoder(_Kind)
_events: Final = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubArchive:
    """``repositories`` are those that are taken: ``owner/name`` in any case, or ``owner/*`` for all of an owner's."""

    repositories: frozenset[str]

    platform = PLATFORM
    index = frozenset[str]()
    expected = "files such as 2026-11-20-8.json.gz, as GH Archive has them"

    @property
    def selection(self) -> str:
        """Return what stands for the repositories."""
        return digest(*sorted(self._wanted))

    @property
    def _wanted(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.repositories)

    def holds(self, path: str) -> bool:
        """An hour is a file of lines."""
        return path.endswith((".json", ".jsonl", ".ndjson"))

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader."""
        return self._pieces

    def _pieces(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        yield from line_blocks(file, file.path, partial(self._read, file.path, self._wanted))

    def _read(self, path: str, wanted: frozenset[str], lines: Sequence[Line]) -> Read:
        for number, line in lines:
            yield from found(path, f"line {number}", partial(_facts, line, wanted))


def _facts(line: bytes | None, wanted: frozenset[str]) -> Sequence[Fact]:
    if line is None:
        raise NotAFactError("too long for an event")
    try:
        kind = _kinds.decode(line)
        name = kind.repo.name.lower()
        if not {name, f"{name.partition('/')[0]}/*"} & wanted:
            raise NotAFactError("of another repository")
        if kind.type not in _KINDS:
            raise NotAFactError(f"{kind.type} tells nothing of a member")
        return _meaning(kind, _events.decode(line))
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise NotAFactError(f"{problem.field}: {problem.reason}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAFactError(f"not JSON: {error}") from None
    except NotUnderstoodError as error:
        raise NotAFactError(str(error)) from None


def _meaning(kind: _Kind, line: _Event) -> tuple[Fact, ...]:
    sender = User(
        id=line.actor.id, login=line.actor.login, type="Bot" if line.actor.login.endswith("[bot]") else "User"
    )
    repository = Repository(id=kind.repo.id, full_name=kind.repo.name, private=not line.public)
    event = replace(line.payload, repository=repository, sender=sender)
    delivery = Delivery(headers={}, body=b"", arrived=line.created_at)
    reading = meaning(_KINDS[kind.type], event, delivery, _SETTINGS)
    if not isinstance(reading, tuple):
        raise NotAFactError(f"{kind.type} ({event.action}) tells nothing of a member")
    return reading

"""A Discourse forum: posts as its API gives them, and the administrator's export of users.

Forms: https://docs.discourse.org (posts.json, t/{id}.json), and app/jobs/regular/export_csv_file.rb for the users.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from infra.importing.archive import ArchiveFile
from infra.importing.pieces import whole_file
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from services.ingest.platforms.discourse import (
    PLATFORM,
    Group,
    Post,
    User,
    change_fact,
    joined_fact,
    kept_out,
    post_fact,
    solved_fact,
)
from services.ingest.platforms.facts import Fact, NotAFactError
from services.ingest.platforms.html_text import plain_text
from services.ingest.platforms.reading import HookSettings, PassedReason
from services.ingest.platforms.told_address import keyed
from services.ingest.refusal import field_problem
from shared.contracts.names import digest

_WHY: Final[Mapping[PassedReason, str]] = {
    "direct-message": "a direct message, which is never taken",
    "private-place": "in a category that neither --public nor --private names",
    "no-member": "its account is gone",
    "of-no-concern": "a notice of the forum",
}
_USERS: Final = frozenset(("id", "username", "created_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoursePosts:
    """``settings`` says which categories are taken, as for the forum's webhooks.

    By ``key``, addresses of members become what stands for their owners.
    """

    key: str
    settings: HookSettings

    platform = PLATFORM
    index: frozenset[str] = frozenset()
    expected = "JSON files with posts as /posts.json, /posts/1.json or /t/1.json give them, or the CSV export of users"

    @property
    def selection(self) -> str:
        """Return what stands for the categories that are taken."""
        return digest(",".join(sorted(self.settings.public)), ",".join(sorted(self.settings.private)))

    def holds(self, path: str) -> bool:
        """Posts stand in JSON files, users in CSV files."""
        return path.endswith((".json", ".csv"))

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader."""
        return self._pieces

    def _pieces(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        read = partial(_users, self.key) if file.path.endswith(".csv") else partial(_posts, self.settings)
        yield from whole_file(file, file.path, partial(read, file.path))


def _posts(settings: HookSettings, path: str, body: bytes) -> Read:
    try:
        posts = _listed(json.loads(body))
    except (ValueError, RecursionError) as error:
        yield Skipped(file=path, place=None, why=f"not JSON: {error}")
        return
    for number, post in enumerate(posts, start=1):
        yield from found(path, f"item {number}", partial(_facts, post, settings))


def _listed(value: Any) -> list[Any]:
    """Return the posts in an answer of the API: a list, a page of the latest, a topic, or one post."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return [value]
    latest, stream = value.get("latest_posts"), value.get("post_stream")
    if isinstance(latest, list):
        return latest
    if isinstance(stream, dict) and isinstance(stream.get("posts"), list):
        of_topic = {
            "topic_title": value.get("title"),
            "category_id": value.get("category_id"),
            "topic_archetype": value.get("archetype", "regular"),
        }
        return [of_topic | post if isinstance(post, dict) else post for post in stream["posts"]]
    return [value]


def _facts(value: Any, settings: HookSettings) -> Iterator[Fact]:
    if isinstance(value, dict) and not isinstance(value.get("raw"), str) and isinstance(value.get("cooked"), str):
        value = value | {"raw": plain_text(value["cooked"]).text}
    post = _converted(value, Post)
    if kept := kept_out(post, settings):
        raise NotAFactError(_WHY[kept.why])
    if not post.raw:
        raise NotAFactError("raw is missing")
    yield post_fact(post, settings)
    if isinstance(version := value.get("version"), int) and version > 1:
        yield change_fact(post, settings)
    if value.get("accepted_answer") is True:
        yield solved_fact(post, settings, post.created_at)


def _users(key: str, path: str, body: bytes) -> Read:
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig", "replace").replace("\0", ""), newline=""))
    try:
        if not set(rows.fieldnames or ()) >= _USERS:
            yield Skipped(file=path, place=None, why="no export of users: id, username and created_at are expected")
            return
        for row in rows:
            yield from found(path, f"line {rows.line_num}", partial(_joined, row, key))
    except csv.Error as error:
        yield Skipped(file=path, place=None, why=f"not CSV after line {rows.line_num}: {error}")


def _joined(row: Mapping[str, Any], key: str) -> Iterator[Fact]:
    user = _converted(
        {
            "id": row["id"],
            "username": row["username"],
            "name": row.get("name"),
            "created_at": (row["created_at"] or "").replace(" UTC", "Z").replace(" ", "T"),
            "moderator": row.get("moderator") == "true",
            "admin": row.get("admin") == "true",
            "trust_level": row.get("trust_level") or None,
            "email": row.get("email") or None,
            "groups": [Group(name=name) for name in (row.get("group_names") or "").split(";") if name],
        },
        User,
    )
    if row.get("staged") == "true":
        raise NotAFactError("a staged account: somebody wrote an e-mail, and has not joined")
    if user.created_at is not None:
        yield keyed(joined_fact(user, user.created_at), key)


def _converted(value: Any, form: Any) -> Any:
    try:
        return msgspec.convert(value, form, strict=False)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise NotAFactError(f"{problem.field}: {problem.reason}") from None

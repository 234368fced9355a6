"""An organisation on tchop. Forms: the schema that tchop publishes (github.com/tchopio/n8n-tchop, schema.json)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.polling.circle_records import at

SECRETS = ("ada@example.org", "+41 79 000", "biography of hers")
"""What the API gives and Warmline never asks for."""

DOCUMENTED = {
    "Query": "channels organisationUsers storyCardsChannelSearch storyCardCommentsFeedByChannelId",
    "User": (
        "id screenName registeredAt roleId isStaff subscription organisationTags accessedChannels email phone bio "
        "authorizedAt isBanned status"
    ),
    "OrganisationTag UserChannelAccess Channel": "name role id subdomain webappUrl",
    "StoryCard": (
        "id storyId createdAt postedAt updatedAt options apiClient user mentionedUsers content status type reactions "
        "shouldUpdatePostedTimeByComments"
    ),
    "StoryCardContent": "__typename title headline subHeadline abstract text contentBlocks data items content points",
    "Comment": "id storyId storyCardId parentId content createdAt contentUpdatedAt author authorId isHidden",
    "PaginationInfo": "pageInfo hasNextPage totalItems page perPage",
    "arguments": (
        "filters excludeArchived true orderBy REGISTERED orderDirection DESC page size channelId status PUBLISHED from "
        "payload error"
    ),
}
"""The names that tchop's schema has where Warmline asks."""


def user(number: int, registered: float = -9_000, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "screenName": f"Member {number}",
        "email": SECRETS[0],
        "phone": SECRETS[1],
        "bio": SECRETS[2],
        "registeredAt": at(registered),
        "roleId": "CHANNEL_READER",
        "isStaff": False,
        "subscription": "",
        "organisationTags": [],
        "accessedChannels": [{"role": "CHANNEL_READER"}],
        **more,
    }


def card(
    number: int, posted: float, *, by: int = 7, content: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    written, time = {"__typename": "StoryCardThreadContent", "title": "Where do I begin?"}, at(posted)
    return {
        "id": number,
        "storyId": 31,
        "createdAt": time,
        "postedAt": time,
        "updatedAt": time,
        "options": {"shouldUpdatePostedTimeByComments": False},
        "apiClient": None,
        "user": user(by),
        "mentionedUsers": [],
        "content": content or written,
        **more,
    }


def comment(number: int, of: int, written: float, *, by: int = 8, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "storyId": 31,
        "storyCardId": of,
        "parentId": None,
        "content": "I do.",
        "createdAt": at(written),
        "contentUpdatedAt": None,
        "author": user(by),
        **more,
    }


@dataclass(slots=True, kw_only=True)
class Tchop:
    """What stands in the organisation, by channel."""

    channels: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": 1, "name": "Harbour"}, {"id": 2, "name": "Crew"}, {"id": 3, "name": "Board"}]
    )
    users: list[dict[str, Any]] = field(default_factory=list)
    cards: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Give what tchop would to a query, of its fields those that are asked for."""
        query, given = body["query"], body["variables"]
        [operation] = re.findall(r"^\s*query (\w+)", query)
        self.asked.append(operation)
        if operation == "Channels":
            return {"data": {"channels": self.channels}}
        lists: dict[str, tuple[str, list[dict[str, Any]], str, int]] = {
            "Users": ("organisationUsers", self.users, "registeredAt", 30),
            "Cards": ("storyCardsChannelSearch", self.cards.get(given.get("channel"), []), "postedAt", 15),
            "Comments": (
                "storyCardCommentsFeedByChannelId",
                self.comments.get(given.get("channel"), []),
                "createdAt",
                15,
            ),
        }
        name, records, order, most = lists[operation]
        assert given["size"] <= most
        newest = sorted(records, key=lambda one: str(one[order]), reverse=True)
        newest = [
            one for one in newest if given.get("from") is None or one[order] >= given["from"].replace("+00:00", "Z")
        ]
        first = (given["page"] - 1) * given["size"]
        page = [_selected(one, query) for one in newest[first : first + given["size"]]]
        info = {"hasNextPage": first + given["size"] < len(newest), "totalItems": len(newest)}
        found: dict[str, Any] = {"items": page, "pageInfo": info}
        return {"data": {name: {"payload": found, "error": None} if operation == "Cards" else found}}


def _selected(record: Any, query: str) -> Any:
    """Leave of a record what the query names, as GraphQL does."""
    if isinstance(record, list):
        return [_selected(one, query) for one in record]
    if not isinstance(record, dict):
        return record
    return {name: _selected(value, query) for name, value in record.items() if re.search(rf"\b{name}\b", query)}

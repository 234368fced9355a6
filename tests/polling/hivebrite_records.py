"""A community on Hivebrite. Forms: the description of the Admin API (api-docs.hivebrite.com)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.ingest.platforms.polled import Answered
from tests.polling.circle_records import at
from tests.polling.reading import answered

SECRETS = ("ada@example.org", "+41 79 000", "1990-01-01")
"""What the API gives and Warmline never takes."""


def group(number: int, **more: Any) -> dict[str, Any]:
    named = {"id": number, "name": f"Group {number}", "slug": f"group-{number}", "public": False, "published": True}
    return {**named, "restricted_access": False, "secret": False, **more}


def user(number: int, came: float | None = -9_000, *, changed: float = -9_000, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "email": SECRETS[0],
        "mobile_perso": SECRETS[1],
        "birthday": SECRETS[2],
        "name": f"Member {number}",
        "firstname": "Member",
        "lastname": str(number),
        "is_active": came is not None,
        "confirmed_at": None if came is None else at(came),
        "created_at": at(-90_000),
        "updated_at": at(changed if came is None else max(changed, came)),
        "role_id": 3,
        "sub_network_ids": [4],
        **more,
    }


def post(number: int, written: float, *, where: int | None = 1, by: int | None = 7, **more: Any) -> dict[str, Any]:
    time = at(written)
    return {
        "id": number,
        "group_id": where,
        "user_id": by,
        "content": "<p>Where do I <b>begin</b>?</p>",
        "draft": False,
        "published_at": time,
        "created_at": time,
        "updated_at": time,
        **more,
    }


def comment(number: int, of: int, written: float, *, by: int | None = 8, **more: Any) -> dict[str, Any]:
    time = at(written)
    return {
        "id": number,
        "parent_type": "Post",
        "parent_id": of,
        "user_id": by,
        "content": "I do.",
        "created_at": time,
        "updated_at": time,
        "replies": [],
        **more,
    }


def event(number: int, ended: float, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)  # once, so that it lasts for an hour to the millisecond
    return {
        "id": number,
        "title": "Welcome call",
        "start_date": at(ended - 60, now),
        "end_date": at(ended, now),
        "published_at": at(ended - 9_000),
        "cancelled": False,
        "created_at": at(ended - 9_000),
        "updated_at": at(ended - 9_000),
        **more,
    }


def coming(of: int, number: int | None, changed: float = -600, **more: Any) -> dict[str, Any]:
    return {
        "id": 900 + (number or 0),
        "event_id": of,
        "user_id": number,
        "email": SECRETS[0],
        "created_at": at(changed),
        "updated_at": at(changed),
        **more,
    }


def subscription(number: int, of: int, changed: float, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "membership_type_id": 2,
        "user_id": of,
        "canceled_at": None,
        "expires_at": at(90_000),
        "number_of_user_renewals": 0,
        "number_of_admin_renewals": 0,
        "created_at": at(-90_000),
        "updated_at": at(changed),
        **more,
    }


def removal(kind: str, number: int, when: float) -> dict[str, Any]:
    return {"item_id": number, "item_type": kind, "event": "destroy", "created_at": at(when)}


@dataclass(slots=True, kw_only=True)
class Hivebrite:
    """What stands in the community. Lists of users are in an object, others are bare."""

    groups: list[dict[str, Any]] = field(default_factory=lambda: [group(1), group(2, restricted_access=True)])
    users: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    attendees: list[dict[str, Any]] = field(default_factory=list)
    rsvp: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    removals: list[dict[str, Any]] = field(default_factory=list)
    per_page: int = 100
    links: bool = False

    def answer(self, path: str, params: dict[str, str]) -> Any:
        """Give what Hivebrite would: a page of a list, or one post."""
        if one := re.fullmatch(r"/admin/v3/posts/(\d+)", path):
            return next(({"post": found} for found in self.posts if str(found["id"]) == one[1]), None)
        newest = {"posts": ("published_at", self.posts), "comments": ("created_at", self.comments)}
        lists = {
            "/admin/v2/topics": self.groups,
            "/admin/v1/roles": [{"id": 3, "name": "Mentor"}],
            "/admin/v3/sub_networks": [{"id": 4, "title": "Berlin"}],
            "/admin/v1/users": sorted(self.users, key=lambda one: one["id"]),
            "/admin/v2/network_events": self.events,
            "/admin/v2/network_events/attendees": self.attendees,
            "/admin/v2/network_events/rsvp": self.rsvp,
            "/admin/v3/memberships/subscriptions": self.subscriptions,
            "/admin/v1/versions/deleted": self.removals,
            **{
                f"/admin/v3/{name}": sorted(records, key=lambda one, by=order: str(one[by]), reverse=True)
                for name, (order, records) in newest.items()
            },
        }
        if path not in lists:
            return None
        records = lists[path]
        if since := params.get("updated_since") or params.get("deleted_since"):
            records = [one for one in records if one.get("updated_at", one["created_at"]) >= since]
        return self._page(path, records, int(params["page"]), min(self.per_page, int(params["per_page"])))

    def _page(self, path: str, records: list[dict[str, Any]], page: int, size: int) -> Answered | int:
        if page > max(1, -(-len(records) // size)):
            return 404
        shown: Any = records[(page - 1) * size : page * size]
        headers = {"x-total": str(len(records)), "x-per-page": str(size)}
        if path == "/admin/v1/users":
            shown, headers = {"users": shown, "total_count": len(records)}, {"x-per-page": str(size)}
        following = None
        if self.links:
            following = f"https://elsewhere.example/?page={page + 1}" if page * size < len(records) else None
            headers["link"] = "of pages"
        return answered(shown, headers=headers, next_page=following)

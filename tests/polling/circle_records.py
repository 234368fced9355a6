"""A community on Circle. Forms: the responses of the Admin API v2 (api.circle.so/apis/admin-api)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SECRETS = ("ada@example.org", "192.0.2.7", "headline of hers")
"""What the API gives and Warmline never takes."""


def at(minutes: float, now: datetime | None = None) -> str:
    """A time so many minutes from now, as Circle writes times."""
    moment = (now or datetime.now(UTC)) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def body(text: str, written: str, changed: str | None = None) -> dict[str, Any]:
    return {"id": 3, "name": "body", "body": text, "created_at": written, "updated_at": changed or written}


def space(number: int, *, private: bool = False) -> dict[str, Any]:
    return {"id": number, "name": f"Space {number}", "slug": f"space-{number}", "is_private": private}


def member(number: int, joined: float, *, tags: tuple[str, ...] = (), confirmed: bool = True) -> dict[str, Any]:
    return {
        "id": 10_000 + number,
        "user_id": number,
        "name": f"Member {number}",
        "email": SECRETS[0],
        "headline": SECRETS[2],
        "created_at": at(joined),
        "updated_at": at(joined),
        "profile_confirmed_at": at(joined) if confirmed else None,
        "member_tags": [{"id": 1, "name": tag} for tag in tags],
        "profile_url": f"https://harbour.example/u/{number}",
        "last_seen_at": at(joined),
        "active": True,
    }


def post(number: int, written: float, *, where: int = 1, by: int = 7, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "status": "published",
        "name": "Where do I begin?",
        "body": body("<div>I am <b>new</b> here.<br>Who helps?</div>", at(written)),
        "space_id": where,
        "space_name": f"Space {where}",
        "user_id": by,
        "user_name": f"Member {by}",
        "user_email": SECRETS[0],
        "published_at": at(written),
        "created_at": at(written),
        "updated_at": at(written),
        "url": f"https://harbour.example/c/space-{where}/{number}",
        **more,
    }


def comment(number: int, of: int, written: float, *, where: int = 1, by: int = 8, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "parent_comment_id": None,
        "created_at": at(written),
        "body": body("I do.", at(written)),
        "user": {"id": by, "name": f"Member {by}", "email": SECRETS[0]},
        "post": {"id": of, "name": "Where do I begin?", "slug": "where"},
        "space": {"id": where, "name": f"Space {where}", "slug": f"space-{where}"},
        "url": f"https://harbour.example/c/space-{where}/{of}#comment_wrapper_{number}",
        **more,
    }


def event(number: int, ended: float, *, where: int = 1) -> dict[str, Any]:
    now = datetime.now(UTC)  # once, so that it lasts for an hour to the millisecond
    return {
        "id": number,
        "name": "Welcome call",
        "starts_at": at(ended - 60, now),
        "ends_at": at(ended, now),
        "space": {"id": where, "name": f"Space {where}"},
        "url": f"https://harbour.example/c/space-{where}/{number}",
    }


def attendee(of: int, number: int, says: str = "yes") -> dict[str, Any]:
    return {
        "id": 900 + number,
        "event_id": of,
        "community_member_id": 10_000 + number,
        "rsvp_status": says,
        "member_name": f"Member {number}",
        "member_email": SECRETS[0],
        "rsvp_date": at(-600),
    }


@dataclass(slots=True, kw_only=True)
class Circle:
    """What stands in the community; each list is given newest first."""

    spaces: list[dict[str, Any]] = field(default_factory=lambda: [space(1), space(2, private=True)])
    members: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    attendees: list[dict[str, Any]] = field(default_factory=list)
    per_page: int = 100

    def answer(self, path: str, params: dict[str, str]) -> Any:
        """Give what Circle would: a page of a list, or one member."""
        name = path.strip("/")
        if name.startswith("community_members/"):
            found = [one for one in self.members if str(one["id"]) == name.split("/")[1]]
            return found[0] if found else None
        lists = {
            "spaces": self.spaces,
            "community_members": sorted(self.members, key=lambda one: one["created_at"], reverse=True),
            "posts": sorted(self.posts, key=lambda one: one["published_at"], reverse=True),
            "comments": sorted(self.comments, key=lambda one: one["created_at"], reverse=True),
            "events": sorted(self.events, key=lambda one: one["starts_at"], reverse=True),
            "event_attendees": [one for one in self.attendees if str(one["event_id"]) == params.get("event_id")],
        }
        if name not in lists:
            return None
        page, size = int(params["page"]), min(self.per_page, int(params["per_page"]))
        records = lists[name]
        return {
            "page": page,
            "per_page": size,
            "has_next_page": page * size < len(records),
            "count": len(records),
            "page_count": -(-len(records) // size),
            "records": records[(page - 1) * size : page * size],
        }

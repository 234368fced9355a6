"""A small community of our own, for tests from end to end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SOURCE = "/discord/acme-guild"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ROUND_THE_CLOCK = ", ".join(f'{day}: ["00:00-24:00"]' for day in _DAYS)
POLICY = f"""
organisation: acme
communities: [acme, archive]
hours: {{timezone: UTC, days: {{{_ROUND_THE_CLOCK}}}}}
responders:
  - name: mara
    display_name: Mara Lindqvist
    identities: [{{platform: discord, id: u-mara}}]
  - name: tobi
    display_name: Tobi Hansen
    identities: [{{platform: discord, id: u-tobi}}]
segments:
  - {{name: newcomers, member_for_less_than_days: 30}}
rules:
  welcome: {{within_hours: 1, settling_in_days: 0}}
  unanswered: {{within_hours: 1}}
limits: {{care_load: 100, touches: 1000, touches_per_day: 1000}}
"""


def write_policy(folder: Path, integrator: str | None = None) -> Path:
    """Return a file with the policy: somebody is always there, and an hour is what a member should wait at most.

    ``integrator`` is where one, called crm, is told of touches.
    """
    file = folder / "policy.yaml"
    named = f"integrators: [{{name: crm, url: {integrator!r}, community: acme}}]\n" if integrator else ""
    file.write_text(POLICY + named, encoding="utf-8")
    return file


def event(event_id: str, kind: str, member: str, ago: timedelta, **data: Any) -> dict[str, Any]:
    """Return a member event of ``ago`` before now."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": f"warmline.member.{kind}.v1",
        "time": (datetime.now(UTC) - ago).isoformat(),
        "data": {
            "community": "acme",
            "platform": "discord",
            "member": {"id": member, "name": member.title()},
            **data,
        },
    }


def post(message: str, member: str, ago: timedelta, text: str, conversation: str = "") -> dict[str, Any]:
    """Return a post that opens its own conversation, or speaks in ``conversation``."""
    return event(
        f"post:{message}:1",
        "posted",
        member,
        ago,
        conversation=conversation or f"c-{message}",
        message=message,
        text=text,
        url=f"https://discord.example/{message}",
    )


def write_slack_export(folder: Path, began: datetime, indent: int) -> None:
    """Write an export of five events and one line that tells nothing; one question in it is not answered."""

    def said(minutes: int, member: str, **more: Any) -> dict[str, Any]:
        return {"type": "message", "user": member, "ts": stamp(minutes), "text": "Where is the key?"} | more

    def stamp(minutes: int) -> str:
        return f"{(began + timedelta(minutes=minutes)).timestamp():.6f}"

    export = {
        "channels.json": [{"id": "C1", "name": "help"}],
        "users.json": [{"id": f"U{number}", "name": f"member{number}", "profile": {}} for number in range(4)],
        "help/day.json": [
            said(0, "U0", subtype="channel_join"),
            said(1, "U2"),
            said(2, "U0", edited={"user": "U0", "ts": stamp(3)}),
            said(4, "U1", text="In the box.", thread_ts=stamp(1), reactions=[{"name": "+1", "users": ["U3"]}]),
        ],
    }
    for name, content in export.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=indent), encoding="utf-8")

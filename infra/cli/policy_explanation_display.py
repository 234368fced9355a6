"""What `warmline policy explain` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.plain_text import plain
from infra.policy_explanation import Explanation, Waiting
from services.triage.contact import ContactDeclined
from shared.contracts.tone_rules import ToneRule
from shared.segments import EVERYONE, ConditionLook

_NOT_SHOWN: Final = ("enabled", "by_segment")


def as_data(one: Explanation) -> dict[str, Any]:
    """Return the explanation for programs."""
    return {
        "community": one.community,
        "platform": one.platform,
        "member": one.member,
        "at": one.at.isoformat(),
        "policy_version": one.policy_version,
        "team": one.team,
        "tags": list(one.tags),
        "given_tags": list(one.given_tags),
        "no_contact": one.no_contact and {"until": one.no_contact.until and one.no_contact.until.isoformat()},
        "segment": one.segment,
        "segments": [
            {
                "segment": each.segment,
                "holds": each.holds,
                "conditions": [
                    {"condition": look.condition, "measured": dict(look.measured), "holds": look.holds}
                    for look in each.conditions
                ],
            }
            for each in one.segments
        ],
        "rules": {
            name: {"enabled": enabled, **{field: value for field, value, _ in thresholds}}
            for name, enabled, thresholds in _rules(one)
        },
        "waiting": [
            {"name": each.name, "due": each.due.isoformat(), "conversation": each.conversation} for each in one.waiting
        ],
    }


def show(console: Console, one: Explanation) -> None:
    """Print the explanation for people."""
    zone = ZoneInfo(one.timezone)
    console.print(
        Text.assemble(
            (plain(f"{one.platform}:{one.member}"), "bold"),
            f" in {one.community}, by policy {one.policy_version}, as of {_moment(one.at, zone)}",
        )
    )
    if one.team:
        console.print("Speaks for the team by this policy: no touch is raised about them.")
    if one.tags or one.given_tags:
        console.print(_cell(f"Tags: {_tags(one)}."))
    if one.no_contact is not None:
        console.print(_no_contact(one.no_contact, zone))
    console.print(Text.assemble("\nSegment: ", (one.segment, "bold green"), " (the first that holds)"))
    console.print(_segments(one))
    console.print(f"\nRules for {one.segment}", markup=False)
    console.print(_rules_table(one))
    if not one.tone:
        console.print("How what is written sounds is not read there: the rules that rest on it are off.")
    console.print("\nWaiting to be looked at" if one.waiting else "\nNothing waits.")
    if one.waiting:
        console.print(_waiting(one.waiting, zone))
        console.print("What is looked at goes by the segment, the rules and the hours of that moment, and may move.")


def _tags(one: Explanation) -> str:
    told = [f"{', '.join(one.tags)} (told by the platform)"] if one.tags else []
    given = [f"{', '.join(one.given_tags)} (given by the team)"] if one.given_tags else []
    return "; ".join([*told, *given])


def _no_contact(declined: ContactDeclined, zone: ZoneInfo) -> str:
    when = f"before {_moment(declined.until, zone)}" if declined.until else "until somebody of the team says otherwise"
    return f"Asked not to be contacted {when}: touches are raised only for what a person must decide."


def _segments(one: Explanation) -> Table:
    table = _table()
    for each in one.segments:
        mark, style = ("→", "green") if each.segment == one.segment else (" ", "")
        first = Text(f"{mark} {each.segment}", style=style)
        for look in each.conditions:
            holds = "holds" if look.holds else "does not hold"
            table.add_row(first, holds, _cell(look.condition), _cell(_measured(look)))
            first = Text("")
        if not each.conditions:
            table.add_row(first, "holds", "has no conditions", "")
    if one.segment == EVERYONE:
        table.add_row(Text(f"→ {EVERYONE}", style="green"), "holds", "no other does", "")
    return table


def _measured(look: ConditionLook) -> str:
    return ", ".join(f"{name}: {_value(value)}" for name, value in look.measured.items())


def _rules_table(one: Explanation) -> Table:
    table = _table()
    for name, enabled, thresholds in _rules(one):
        said = [f"{field} {_value(value)}{_beside(value, general)}" for field, value, general in thresholds]
        table.add_row(f"  {name}", "on" if enabled else "off", _cell(", ".join(said) if enabled else ""))
    return table


def _beside(value: Any, general: Any) -> str:
    return f" (for all: {_value(general)})" if value != general else ""


def _rules(one: Explanation) -> Iterator[tuple[str, bool, list[tuple[str, Any, Any]]]]:
    """Yield each rule's name, whether it looks at anything, and its thresholds: name, value, and the one for all."""
    for each in fields(one.rules):
        rule, general = getattr(one.rules, each.name), getattr(one.general, each.name)
        names = [field.name for field in fields(rule) if field.name not in _NOT_SHOWN]
        enabled = rule.enabled and (one.tone or not isinstance(rule, ToneRule))
        yield each.name, enabled, [(name, getattr(rule, name), getattr(general, name)) for name in names]


def _waiting(waiting: tuple[Waiting, ...], zone: ZoneInfo) -> Table:
    table = _table()
    for one in waiting:
        where = f"conversation {one.conversation}" if one.conversation is not None else ""
        table.add_row(f"  {one.name}", _moment(one.due, zone), _cell(where))
    return table


def _table() -> Table:
    return Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))


def _cell(text: str) -> Text:
    # Roles, tags and ids are others' words: no markup, and nothing that steers the terminal.
    return Text(plain(text))


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M %Z}"


def _value(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value)) or "none"
    return str(value)

"""The contracts as JSON Schema (2020-12), for readers in other languages."""

from __future__ import annotations

import inspect
from typing import Any, Final

import msgspec
from msgspec.structs import fields

from shared.contracts.audit import AUDIT_FORMS
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.commands import COMMAND_TYPES, MEMBER_COMMAND_TYPES, CommandReply, MemberReply
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.needs_touch import NEEDS_TOUCH_TYPES
from shared.contracts.policy import Policy
from shared.contracts.subjects import member_command_subject
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.contracts.warmline_facts import WARMLINE_FACT_TYPES

ENVELOPE: Final = "member-event"
REPLY: Final = "command.touch.reply"
MEMBER_REPLY: Final = "command.member.reply"
POLICY: Final = "policy"

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def command_name(verb: str) -> str:
    """Return the name under which a command's schema is published."""
    return f"command.touch.{verb}"


def schemas() -> dict[str, dict[str, Any]]:
    """Return every published form's schema: events by CloudEvents type (their ``data``), and the rest by name."""
    forms: dict[str, type[Any]] = {
        **MEMBER_EVENT_TYPES,
        **WARMLINE_FACT_TYPES,
        **NEEDS_TOUCH_TYPES,
        **TOUCH_FACT_TYPES,
        **{command_name(verb): form for verb, form in COMMAND_TYPES.items()},
        REPLY: CommandReply,
        **{member_command_subject(verb): form for verb, form in MEMBER_COMMAND_TYPES.items()},
        MEMBER_REPLY: MemberReply,
        POLICY: Policy,
        **AUDIT_FORMS,
        ENVELOPE: _envelope(),
    }
    return {name: _schema(name, form) for name, form in forms.items()}


def _schema(name: str, form: type[Any]) -> dict[str, Any]:
    schema = msgspec.json.schema(form)
    for definition in schema["$defs"].values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"]).replace("``", "`")
    return {"$schema": DIALECT, "$id": f"{name}.json", **schema}


def _envelope() -> type[msgspec.Struct]:
    # Its data is one of many forms, which only the type tells apart: msgspec makes no schema of such a union.
    attributes = [
        (one.name, Any if one.name == "data" else one.type, *(() if one.required else (one.default,)))
        for one in fields(MemberEvent)
    ]
    return msgspec.defstruct("MemberEvent", attributes, kw_only=True, namespace={"__doc__": MemberEvent.__doc__})

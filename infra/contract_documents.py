"""The published documents of the contracts: JSON Schemas, and one AsyncAPI 3.0 document for streams and commands.

FastStream's own AsyncAPI is not used: for a dataclass that holds others it takes one of these for the payload (0.7.8),
and it knows neither CloudEvents headers nor the limits that our forms state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final

from shared.contracts.audit import ALARM, REPORT
from shared.contracts.commands import COMMAND_TYPES, MEMBER_COMMAND_TYPES
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.names import NAME_PATTERN
from shared.contracts.needs_touch import NEEDS_TOUCH_TYPES
from shared.contracts.schemas import ENVELOPE, MEMBER_REPLY, REPLY, command_name, schemas
from shared.contracts.subjects import AUDIT_REPORT, alarm_subject, member_command_subject
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.contracts.warmline_facts import WARMLINE_FACT_TYPES
from shared.topology import streams

ASYNCAPI: Final = "asyncapi.json"
ASK: Final = "audit.ask"
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_STREAM_TYPES: Final = (*MEMBER_EVENT_TYPES, *WARMLINE_FACT_TYPES)
_MEMBER_COMMANDS: Final = tuple(map(member_command_subject, MEMBER_COMMAND_TYPES))
_PARAMETERS: Final[dict[str, str]] = {
    "partition": "0 to P - 1: BLAKE2b with 8 bytes of the community (of the organisation, for commands), modulo P.",
    "community": "The community.",
    "platform": "Where it happened; `warmline` for Warmline's own facts.",
    "kind": "What happened: the last part but one of the CloudEvents type.",
    "segment": "The member's segment in the care policy, or `everyone`.",
    "reason": "Why a human is needed.",
    "fact": "What became of the touch: the last part but one of the CloudEvents type.",
    "verb": "What to do with the touch, or for the member.",
    "alarm": "The alarm's name.",
}
_HEADERS: Final[dict[str, str]] = {
    "ce-specversion": "The version of CloudEvents: 1.0.",
    "ce-id": "The event's id, which never changes: what was handled under it need not be handled again.",
    "ce-source": "The service that says so.",
    "ce-type": "What happened; it tells the form of the body.",
    "ce-time": "When it happened (RFC 3339, UTC).",
    "ce-organisation": "The organisation that owns the community.",
}


def contract_documents() -> dict[str, str]:
    """Return the text of every document by file name."""
    documents = {f"{name}.json": schema for name, schema in schemas().items()}
    return {name: _text(document) for name, document in {**documents, ASYNCAPI: asyncapi()}.items()}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI document; payloads refer to the schemas beside it."""
    describe = {stream.name: stream.description for stream in streams()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Warmline",
            "version": version("warmline"),
            "description": "Who needs a human, why, and what became of it: streams, commands of people, alarms.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "MEMBER_EVENTS": _channel(
                "p.{partition}.member.{community}.{platform}.{kind}", describe["MEMBER_EVENTS"], _STREAM_TYPES
            ),
            "TOUCHES": _channel("needs-touch.{community}.{segment}.{reason}", describe["TOUCHES"], NEEDS_TOUCH_TYPES),
            "TOUCH_FACTS": _channel("touch.{community}.{fact}", describe["TOUCH_FACTS"], TOUCH_FACT_TYPES),
            "commands": _channel(
                "command.touch.{partition}.{verb}",
                "Commands of people on a touch, answered by the owner of the organisation's partition",
                map(command_name, COMMAND_TYPES),
            ),
            "memberCommands": _channel(
                member_command_subject("{verb}"), "Commands of people on a member, answered by ingest", _MEMBER_COMMANDS
            ),
            "replies": {
                "address": None,
                "description": "The inbox that a command names",
                "messages": {name: _reference("messages", name) for name in (REPLY, MEMBER_REPLY, REPORT)},
            },
            "alarms": _channel(alarm_subject("{alarm}"), "Each change of an alarm, told once and not kept", (ALARM,)),
            "audit": _channel(AUDIT_REPORT, "An empty request, answered with the auditor's last look", (ASK,)),
        },
        "operations": {
            "storeMemberEvents": _operation("send", "MEMBER_EVENTS", _STREAM_TYPES),
            "publishNeedsTouch": _operation("send", "TOUCHES", NEEDS_TOUCH_TYPES),
            "publishTouchFacts": _operation("send", "TOUCH_FACTS", TOUCH_FACT_TYPES),
            "carryOutCommands": {
                **_operation("receive", "commands", map(command_name, COMMAND_TYPES)),
                "reply": {"channel": {"$ref": "#/channels/replies"}, "messages": [_in_channel("replies", REPLY)]},
            },
            "takeMemberCommands": {
                **_operation("receive", "memberCommands", _MEMBER_COMMANDS),
                "reply": {
                    "channel": {"$ref": "#/channels/replies"},
                    "messages": [_in_channel("replies", MEMBER_REPLY)],
                },
            },
            "tellAlarms": _operation("send", "alarms", (ALARM,)),
            "answerWithTheLastLook": {
                **_operation("receive", "audit", (ASK,)),
                "reply": {"channel": {"$ref": "#/channels/replies"}, "messages": [_in_channel("replies", REPORT)]},
            },
        },
        "components": {
            "messages": dict(_messages()),
            "parameters": {name: {"description": text} for name, text in _PARAMETERS.items()},
            "schemas": {"cloudEventHeaders": _headers()},
        },
    }


def _messages() -> Iterable[tuple[str, dict[str, Any]]]:
    for name in _STREAM_TYPES:
        typed = {"properties": {"type": {"const": name}, "data": {"$ref": f"{name}.json"}}, "required": ["data"]}
        yield name, _message(name, {"allOf": [{"$ref": f"{ENVELOPE}.json"}, typed]}, "application/cloudevents+json")
    for name in (*NEEDS_TOUCH_TYPES, *TOUCH_FACT_TYPES):
        message = _message(name, {"$ref": f"{name}.json"}, "application/json")
        yield name, {**message, "headers": {"$ref": "#/components/schemas/cloudEventHeaders"}}
    yield ASK, {"name": ASK, "payload": {"type": "null"}}
    for name in (*map(command_name, COMMAND_TYPES), REPLY, *_MEMBER_COMMANDS, MEMBER_REPLY, ALARM, REPORT):
        yield name, _message(name, {"$ref": f"{name}.json"}, "application/json")


def _message(name: str, schema: dict[str, Any], content_type: str) -> dict[str, Any]:
    return {"name": name, "contentType": content_type, "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": schema}}


def _headers() -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in _HEADERS.items()}
    properties["ce-organisation"]["pattern"] = NAME_PATTERN
    return {"type": "object", "properties": properties, "required": list(properties)}


def _channel(address: str, description: str, messages: Iterable[str]) -> dict[str, Any]:
    named = [name for name in _PARAMETERS if f"{{{name}}}" in address]
    return {
        "address": address,
        "description": description,
        "parameters": {name: _reference("parameters", name) for name in named},
        "messages": {name: _reference("messages", name) for name in messages},
    }


def _operation(action: str, channel: str, messages: Iterable[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [_in_channel(channel, name) for name in messages],
    }


def _in_channel(channel: str, message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{message}"}


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

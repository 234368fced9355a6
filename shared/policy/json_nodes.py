"""JSON to the nodes that YAML is read into, so that a policy is held to the same rules however it comes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import yaml

from shared.policy.document import PolicyError
from shared.policy.yaml_nodes import MAX_DEPTH, UnreadableYamlError

_FIX = "Send one JSON object, such as 'warmline policy adopt' sends."


class _Object(list[tuple[str, Any]]):
    """An object's names and values, repeated names included."""


class _Plain(str):
    """A number as it is written."""

    __slots__ = ()


def compose_json(body: bytes) -> yaml.Node:
    """Return what ``body`` holds, as nodes without lines; raises UnreadableYamlError."""
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_Object, parse_int=_Plain, parse_float=_Plain, parse_constant=_refuse
        )
    except RecursionError as error:
        raise _unreadable("values lie too deep in each other") from error
    except ValueError as error:
        raise _unreadable(f"not JSON: {error}") from error
    return _node(value, 1)


def _node(value: Any, depth: int) -> yaml.Node:
    if depth > MAX_DEPTH:
        raise _unreadable(f"values lie more than {MAX_DEPTH} deep in each other")
    if isinstance(value, _Object):
        return yaml.MappingNode("", [(yaml.ScalarNode("", name), _node(inner, depth + 1)) for name, inner in value])
    if isinstance(value, list):
        return yaml.SequenceNode("", [_node(inner, depth + 1) for inner in value])
    if isinstance(value, str):
        return yaml.ScalarNode("", str(value), style=None if isinstance(value, _Plain) else '"')
    return yaml.ScalarNode("", "null" if value is None else str(value).lower())


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _unreadable(problem: str) -> UnreadableYamlError:
    return UnreadableYamlError(PolicyError(line=1, path=(), problem=problem, fix=_FIX))

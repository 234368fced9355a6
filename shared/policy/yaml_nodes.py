"""YAML text to nodes that know their lines.

Scalars stay text: the contract, not YAML, says what ``on`` or ``09:00`` is.
"""

from __future__ import annotations

from typing import Final

import yaml

from shared.policy.document import PolicyError

MAX_CHARACTERS: Final = 200_000
MAX_DEPTH: Final = 20
_GENERAL_FIX: Final = "Compare the indentation, colons and quotes of this line and the one before with the default."
_START: Final = "Start from the default policy: warmline policy default > policy.yaml"
_FIXES: Final = (
    ("'\\t'", "Indent with spaces; YAML takes no tabs."),
    ("mapping values are not allowed", "Put the text after the first colon in quotes, or check the indentation."),
    ("expected a single document", "Keep one policy in one file: remove the line '---' between them."),
    ("quoted scalar", "Close the quotes."),
    ("special characters are not allowed", "Remove the invisible character; save the file as UTF-8 text."),
)


class UnreadableYamlError(Exception):
    """The text is no YAML that a policy can be made of."""

    def __init__(self, finding: PolicyError) -> None:
        super().__init__(finding.problem)
        self.finding = finding


def compose(text: str) -> yaml.MappingNode:
    """Return the mapping at the top of ``text``; raises UnreadableYamlError.

    Aliases, tags and deep nesting are refused: with them a short text could stand for an endless policy.
    """
    if len(text) > MAX_CHARACTERS:
        raise _unreadable(1, f"the file has more than {MAX_CHARACTERS} characters", "Check that it is the right file.")
    try:
        _refuse_what_is_no_plain_yaml(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise _unreadable(_line(error), f"not YAML: {problem}", _fix(problem)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _unreadable(line, f"not YAML: {error.reason}", _fix(error.reason)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _unreadable(1, f"not YAML: {type(error).__name__}", _GENERAL_FIX) from error
    if node is None:
        raise _unreadable(1, "the file is empty", _START)
    if not isinstance(node, yaml.MappingNode):
        raise _unreadable(
            node.start_mark.line + 1,
            "the file does not begin with a field such as 'organisation: my-community'",
            _START,
        )
    return node


def _refuse_what_is_no_plain_yaml(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise _unreadable(line, f"the alias '*{event.anchor}' is not read here", "Write it out in each place.")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _unreadable(line, f"the tag '{tag}' is not read here", "Remove the tag and keep the value.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _unreadable(line, f"values lie more than {MAX_DEPTH} deep in each other", _GENERAL_FIX)


def _line(error: yaml.MarkedYAMLError) -> int:
    """Return where to look: the beginning of what was left open, else where reading stopped."""
    opened = error.context_mark if "quoted scalar" in (error.context or "") else None
    mark = opened or error.problem_mark or error.context_mark
    return mark.line + 1 if mark is not None else 1


def _fix(problem: str | None) -> str:
    return next((fix for sign, fix in _FIXES if sign in (problem or "")), _GENERAL_FIX)


def _unreadable(line: int, problem: str, fix: str) -> UnreadableYamlError:
    return UnreadableYamlError(PolicyError(line=line, path=(), problem=problem, fix=fix))

"""Why one event was refused, and how a decoder's complaint becomes a field and a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

import msgspec

from shared.contracts.names import NAME_PATTERN, Audience

RefusalCode = Literal[
    "not-an-object",
    "bad-attribute",
    "unknown-type",
    "bad-time",
    "bad-data",
    "nul-character",
    "too-large",
    "foreign-community",
    "unknown-community",
    "reserved-platform",
    "over-quota",
]
"""A word for logs and counters; it holds nothing of the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An event that is not stored: the field at fault and what to change, for its sender.

    ``forbidden`` says that the event is well-formed but speaks for what the token does not stand for, ``retry_after``
    that the same event may be taken after so many seconds.
    """

    id: str | None
    source: str | None
    field: str | None
    reason: str
    code: RefusalCode
    forbidden: bool = False
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """A field and what is wrong with it."""

    field: str
    reason: str


_MESSAGE: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_MISSING: Final = re.compile(r"^Object missing required field `(?P<name>.*)`$")
_WRONG_TYPE: Final = re.compile(r"^Expected `(?P<wanted>.*)`, got `(?P<got>.*)`$")
_LENGTH: Final = re.compile(r"^Expected `(?P<type>.*)` of length (?P<sign>>=|<=) (?P<limit>\d+)$")
_RANGE: Final = re.compile(r"^Expected `(?P<type>.*)` (?P<sign>>=|<=|>|<) (?P<limit>\S+)$")
_PATTERN: Final = re.compile(r"^Expected `str` matching regex (?P<regex>.*)$")
_WORDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "object": "an object",
    "array": "an array",
}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def field_problem(error: msgspec.ValidationError, prefix: str) -> FieldProblem:
    """Return what ``error`` says, with the field's path from ``prefix`` on, in words for whoever sent it."""
    match = _MESSAGE.match(str(error))
    what, path = (match["what"], match["path"] or "$") if match else (str(error), "$")
    field = (prefix + path[1:]).lstrip(".") or "body"
    if missing := _MISSING.match(what):
        inside = f"{field}." if field != "body" else ""
        return FieldProblem(field=f"{inside}{missing['name']}", reason="is required: add it")
    return FieldProblem(field=field, reason=_in_words(what, field))


def _in_words(what: str, field: str) -> str:
    if wrong := _WRONG_TYPE.match(what):
        return f"must be {_types(wrong['wanted'])}, not {_types(wrong['got'])}"
    if length := _LENGTH.match(what):
        unit = "characters" if length["type"] == "str" else "items"
        return f"must have {_BOUNDS[length['sign']]} {length['limit']} {unit}"
    if bound := _RANGE.match(what):
        return f"must be {_types(bound['type'])}, {_BOUNDS[bound['sign']]} {bound['limit']}"
    if NAME_PATTERN in what:
        return "must be 1 to 40 of the characters a-z, 0-9 and '-'"
    if "^https?://" in what:
        return "must begin with http:// or https://"
    if what.startswith("Invalid enum value") and field.endswith("audience"):
        return f"must be one of: {', '.join(get_args(Audience))}"
    if pattern := _PATTERN.match(what):
        return f"has not the form that is wanted (as a regular expression: {pattern['regex']})"
    return what[:1].lower() + what[1:]


def _types(names: str) -> str:
    several = [name.strip() for name in names.split("|")]
    return " or ".join(_WORDS.get(name, name) for name in several if name != "null" or len(several) == 1)

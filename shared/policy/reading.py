"""Nodes to plain values, led by the contract: what a field is named, is made of and may hold is asked of its type."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec.inspect as types
import yaml
from msgspec import NODEFAULT

from shared.contracts.policy import Policy
from shared.policy.document import Document, Path, PolicyError

_POLICY: Final = types.type_info(Policy)
_NULLS: Final = ("", "~", "null", "Null", "NULL")
_TRUE: Final = ("true", "yes", "on")
_FALSE: Final = ("false", "no", "off")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")
_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_EXPECTED: Final = {
    "url": "a web address such as https://crm.example.org/warmline",
    "email": "an e-mail address such as anna@example.org",
}
_EXAMPLES: Final = {
    "organisation": "my-community",
    "timezone": "Europe/Berlin",
    "days": '{monday: ["09:00-17:00"]}',
    "hours": '{timezone: Europe/Berlin, days: {monday: ["09:00-17:00"]}}',
    "responders": "[{name: anna, display_name: Anna}]",
    "name": "anna",
    "display_name": "Anna Berg",
    "platform": "discord",
    "id": '"1234"',
    "url": "https://crm.example.org/warmline",
    "community": "my-community",
    "country": "DE",
    "segment": "newcomers",
    "first": "2026-12-24",
    "last": "2026-12-31",
}
_MOST_LIKENED: Final = 60
_BAD: Final = object()


def read(node: yaml.Node) -> tuple[Document, list[PolicyError]]:
    """Return the sound values of ``node`` and every error of form: fields, types, patterns."""
    reader = _Reader()
    values = reader.value(node, _POLICY, ())
    return Document(values=values if values is not _BAD else {}, lines=reader.lines), reader.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    lines: dict[Path, int] = field(default_factory=dict)
    errors: list[PolicyError] = field(default_factory=list)

    def value(self, node: yaml.Node, kind: types.Type, path: Path) -> Any:
        """Return the plain value, or ``_BAD`` after recording why not."""
        if (line := _line(node)) is not None:
            self.lines.setdefault(path, line)
        description = ""
        while isinstance(kind, types.Metadata | types.UnionType):
            if isinstance(kind, types.Metadata):
                description = str((kind.extra_json_schema or {}).get("description", ""))
                kind = kind.type
            else:
                kind = next(option for option in kind.types if not isinstance(option, types.NoneType))
        if isinstance(kind, types.DataclassType):
            return self._fields(node, kind, path)
        if isinstance(kind, types.DictType):
            return self._entries(node, kind, path)
        if isinstance(kind, types.VarTupleType):
            return self._items(node, kind, path)
        if not isinstance(node, yaml.ScalarNode):
            return self._bad(path, "one value is expected here, not several", "Write it on the field's own line.")
        return self._scalar(node.value, kind, path, description)

    def _fields(self, node: yaml.Node, kind: types.DataclassType, path: Path) -> Any:
        known = {each.name: each for each in kind.fields}
        entries = self._keyed(node, known, path, "field")
        if entries is None:
            return _BAD
        values = {}
        for key, child in entries.items():
            if not _is_null(child) and (value := self.value(child, known[key].type, (*path, key))) is not _BAD:
                values[key] = value
        for name, each in known.items():
            required = each.default is NODEFAULT and each.default_factory is NODEFAULT
            if required and (name not in entries or _is_null(entries[name])):
                self._bad((*path, name), "this field is missing", f"Add '{name}: {_EXAMPLES.get(name, '…')}'.")
        return values

    def _entries(self, node: yaml.Node, kind: types.DictType, path: Path) -> Any:
        known = kind.key_type.values if isinstance(kind.key_type, types.LiteralType) else []
        entries = self._keyed(node, [str(name) for name in known], path, "name")
        if entries is None:
            return _BAD
        values = {}
        for key, child in entries.items():
            if not _is_null(child) and (value := self.value(child, kind.value_type, (*path, key))) is not _BAD:
                values[key] = value
        return values

    def _keyed(self, node: yaml.Node, known: Iterable[str], path: Path, what: str) -> dict[str, yaml.Node] | None:
        """Return the children under known names; records unknown, repeated and unreadable names."""
        names = sorted(known)
        if not isinstance(node, yaml.MappingNode):
            self._bad(path, f"{what}s are expected here", f"Write below it, indented: {', '.join(names)}.")
            return None
        entries: dict[str, yaml.Node] = {}
        for key_node, child in node.value:
            line = _line(key_node)
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key not in names:
                near = difflib.get_close_matches(str(key)[:_MOST_LIKENED], names, n=1)
                fix = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(names)}."
                shown = _shown(key) if key is not None else "this"
                self._bad((*path, key or "?"), f"there is no {what} {shown}", fix, line)
            elif key in entries:
                given = Document(lines=self.lines).where((*path, key))
                self._bad((*path, key), f"this is already given {given}", "Keep one of the two.", line)
            else:
                entries[key] = child
                if line is not None:
                    self.lines[(*path, key)] = line
        return entries

    def _items(self, node: yaml.Node, kind: types.VarTupleType, path: Path) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._bad(path, "a list is expected here", f'Write it as a list: ["{node.value[:60]}"]')
        if not isinstance(node, yaml.SequenceNode):
            return self._bad(path, "a list is expected here", "Begin each item with '- '.")
        values = []
        for index, child in enumerate(node.value):
            value = self.value(child, kind.item_type, (*path, index))
            values.append(None if value is _BAD else value)
        return values

    def _scalar(self, text: str, kind: types.Type, path: Path, description: str) -> Any:
        expected = description or _EXPECTED.get(str(path[-1]), "")
        if isinstance(kind, types.StrType):
            return self._text(text, kind, path, expected)
        if isinstance(kind, types.BoolType):
            if text.lower() in _TRUE + _FALSE:
                return text.lower() in _TRUE
            return self._bad(path, f"{_shown(text)} is neither true nor false", "Write true or false.")
        if isinstance(kind, types.LiteralType):
            if text in kind.values:
                return text
            choices = ", ".join(sorted(map(str, kind.values)))
            return self._bad(path, f"{_shown(text)} is none of the choices", f"Write one of: {choices}.")
        if isinstance(kind, types.IntType | types.FloatType):
            return self._number(text, kind, path)
        raise TypeError(f"the policy contract holds a kind of field that its reader does not know: {kind}")

    def _number(self, text: str, kind: types.IntType | types.FloatType, path: Path) -> Any:
        whole = isinstance(kind, types.IntType)
        noun = "a whole number" if whole else "a number"
        limits, example = _limits(kind), "4" if whole else "4 or 4.5"
        if not (_WHOLE_NUMBER if whole else _NUMBER).fullmatch(text):
            return self._bad(path, f"{_shown(text)} is not {noun}", f"Write {noun}, {limits}, such as {example}.")
        value = int(text) if whole else float(text)
        if (
            (kind.ge is not None and value < kind.ge)
            or (kind.gt is not None and value <= kind.gt)
            or (kind.le is not None and value > kind.le)
            or (kind.lt is not None and value >= kind.lt)
        ):
            return self._bad(path, f"{text} is out of bounds", f"Write {noun}, {limits}.")
        return value

    def _text(self, text: str, kind: types.StrType, path: Path, expected: str) -> Any:
        if any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in text):
            return self._bad(path, "the text holds a control character", "Remove the invisible character.")
        if kind.min_length and len(text.strip()) < kind.min_length:
            return self._bad(path, "the text is empty", "Write something, or remove the field.")
        if kind.max_length is not None and len(text) > kind.max_length:
            return self._bad(path, f"the text is {len(text)} characters long", f"Keep it to {kind.max_length}.")
        # '$' also matches before a final line break, which no stored name may carry.
        if kind.pattern is not None and (not re.search(kind.pattern, text) or text.endswith("\n")):
            return self._bad(path, f"{_shown(text)} does not fit", f"Write {expected or 'it as the default does'}.")
        return text

    def _bad(self, path: Path, problem: str, fix: str, line: int | None = None) -> object:
        at = line if line is not None else Document(lines=self.lines).line(path)
        self.errors.append(Document(lines={path: at}).error(path, problem, fix))
        return _BAD


def _line(node: yaml.Node) -> int | None:
    """Return the node's line; None where the policy was read from what has no lines."""
    return node.start_mark.line + 1 if node.start_mark is not None else None


def _is_null(node: yaml.Node) -> bool:
    """Whether nothing, or YAML's word for nothing, stands there: the field then counts as left out."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _limits(kind: types.IntType | types.FloatType) -> str:
    low = f"more than {kind.gt:g}" if kind.gt is not None else f"{kind.ge:g}" if kind.ge is not None else "any"
    return f"{low} and up to {kind.le:g}" if kind.gt is not None else f"{low} to {kind.le:g}"

"""Conditions on a member in CEL, the Common Expression Language, as segments word them.

CEL always ends: it has no loops but over lists, the library stops what takes too many steps, and patterns are matched
in a time that goes with their length.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cel_expr_python.cel import Env, Expression

Value = str | int | tuple[str, ...]
VARIABLES: Final[Mapping[str, type[Value]]] = MappingProxyType(
    {
        "member.days": int,
        "member.platform": str,
        "member.roles": tuple,
        "member.tags": tuple,
        "member.active_days_30": int,
        "member.days_since_active": int,
        "member.survey_score": int,
    }
)
"""What a condition may ask of a member; a tuple is of texts. ``docs/policy.md`` says what they mean."""

_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_NO_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_MATCHES: Final = re.compile(
    r"(?P<call>\bmatches\s*\((?:[\w.\s]+,)?\s*)?"
    r"(?P<pattern>[rR](?P<raw>'{3}|\"{3}|'|\").*?(?P=raw)|(?P<quote>'{3}|\"{3}|'|\")(?:\\.|[^\\])*?(?P=quote))"
    r"(?P<alone>\s*\))?",
    re.DOTALL,
)
"""Each text in quotes; a pattern is one that stands alone in a ``call``."""
_SYNTAX: Final = "Syntax error: "
_NO_PATTERN: Final = "invalid regular expression: "
_KINDS: Final = "Write numbers whole and without quotes, texts in quotes, and a list on the right of 'in'."
_PATTERNS: Final = "Write a regular expression as RE2 reads it; a sign that is meant as it is goes in brackets: [(]."
_OPERATORS: Final = "Compare by ==, !=, <, <=, > and >=, look into lists by 'in', and join by &&, || and !."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in a condition, and how to mend it."""

    problem: str
    fix: str


class ConditionFaultyError(ValueError):
    """Text that is no condition: ``faults`` has at least one."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults[0].problem)
        self.faults = faults


class ConditionFailedError(ValueError):
    """A condition that could not be evaluated for a member."""


class MemberCondition:
    """A condition, compiled; equal texts need not be compiled twice."""

    __slots__ = ("_expression", "asks_for", "text")

    def __init__(self, text: str) -> None:
        """Raises ConditionFaultyError."""
        self.text = text
        self.asks_for = tuple(name for name in VARIABLES if _asks_for(text, name))
        self._expression = _compiled(text)

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Tell whether the condition holds for a member; of ``VARIABLES``, those that are not known are left out.

        Where it depends on one of those, it does not hold. Raises ConditionFailedError, for a division by zero, say.
        """
        data: dict[str, Any] = {name: list(one) if isinstance(one, tuple) else one for name, one in values.items()}
        try:
            found = self._expression.eval(data=data).value()
        except RuntimeError as error:
            raise ConditionFailedError(str(error)) from error
        if isinstance(found, bool):
            return found
        if any(name not in values for name in self.asks_for):
            return False
        raise ConditionFailedError(str(found))  # an error is a value to CEL


def _asks_for(text: str, name: str) -> bool:
    words = r"\s*\.\s*".join(map(re.escape, name.split(".")))  # CEL lets spaces stand around the dot
    return re.search(rf"\b{words}\b", text) is not None


def _compiled(text: str) -> Expression:
    try:
        expression = _environment().compile(text)
    except RuntimeError as error:
        raise ConditionFaultyError(_faults(text, str(error))) from error
    kind = expression.return_type().name()
    if kind != "BOOL":
        problem = f"it comes to a value of the kind {kind.lower()}, neither true nor false"
        raise ConditionFaultyError((Fault(problem=problem, fix=_OPERATORS),))
    if faults := tuple(_pattern_faults(text)):
        raise ConditionFaultyError(faults)
    return expression


@lru_cache(maxsize=1)
def _environment() -> Env:
    from cel_expr_python import cel  # noqa: PLC0415 -- 18 MB of memory, and not every policy needs it

    # `has` takes a variable's name for a field of something, and never finds it.
    without_has = cel.NewEnvConfigFromYaml("name: member\nstdlib: {exclude_macros: [has]}\n")
    kinds = {int: cel.Type.INT, str: cel.Type.STRING, tuple: cel.Type.List(cel.Type.STRING)}
    return cel.NewEnv(config=without_has, variables={name: kinds[kind] for name, kind in VARIABLES.items()})


def _faults(text: str, message: str) -> tuple[Fault, ...]:
    found = [match.groups() for match in _ERROR.finditer(message)]
    if not found:  # what lies too deep has no place in the text
        return (Fault(problem=message.partition(": ")[2] or message, fix="Write a simpler condition."),)
    if found[0][2].startswith(_SYNTAX):  # what follows is not understood because of it
        found = found[:1]
    return tuple(_fault(text, *each) for each in found)


def _pattern_faults(text: str) -> Iterator[Fault]:
    # CEL reads a pattern only when it comes to it, and not at all where the rest decides.
    for found in _MATCHES.finditer(text):
        if not (found["call"] and found["alone"]):
            continue
        answer = _environment().compile(f"''.matches({found['pattern']})").eval(data={}).value()
        if not isinstance(answer, bool):
            start = found.start("pattern")
            place = _place(text, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
            why = str(answer).rpartition(_NO_PATTERN)[2]
            yield Fault(problem=f"{found['pattern']} is no pattern: {why} {place}", fix=_PATTERNS)


def _place(text: str, line: int, character: int) -> str:
    return f"(line {line}, character {character})" if "\n" in text else f"(character {character})"


def _fault(text: str, line: str, column: str, message: str) -> Fault:
    at = int(column)
    problem, fix = message.removeprefix(_SYNTAX).partition(" expecting")[0], _OPERATORS
    if undeclared := _UNDECLARED.match(message):
        name = undeclared[1]
        first = text.split("\n")[int(line) - 1].rfind(name, 0, at + len(name))
        at = first + 1 if first >= 0 else at
        near = difflib.get_close_matches(name, VARIABLES, n=1)
        problem = f"there is no '{name}'"
        fix = f"Did you mean '{near[0]}'?" if near else f"A condition may ask for: {', '.join(VARIABLES)}."
    elif mismatch := _NO_OVERLOAD.match(message):
        operator, kinds = mismatch[1].strip("_@").replace("_", ""), mismatch[2]
        problem, fix = f"'{operator}' does not go with ({kinds})", _KINDS
    return Fault(problem=f"{problem} {_place(text, int(line), at)}", fix=fix)

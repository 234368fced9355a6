"""Waiting on a condition with a deadline; what does not come true says what was seen last."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

EVERY_SECONDS = 0.05
_COSTLY_SECONDS = 1.0
"""The longest pause: it is twice what asking took, so that asking leaves most of the machine to what is waited for."""
_never = threading.Event()


def until(condition: Callable[[], Any], *, seconds: float = 30.0, what: str = "") -> Any:
    """Return what ``condition`` gives once it is true; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    pauses, asked = _pauses(), time.monotonic()
    while not (found := condition()):
        answered = time.monotonic()
        assert answered < deadline, _in_vain(seconds, what, found, _parts_seen(condition))
        _never.wait(max(next(pauses), _rest(answered - asked)))
        asked = time.monotonic()
    return found


async def until_async(condition: Callable[[], Any], *, seconds: float = 30.0, what: str = "") -> Any:
    """Do as ``until``; the condition may be asynchronous, and one that blocks is asked in a thread."""
    deadline = time.monotonic() + seconds
    pauses, asked = _pauses(), time.monotonic()
    while not (found := await _now(condition)):
        answered = time.monotonic()
        if answered >= deadline:
            seen = {part: await _now(lambda value=value: value) for part, value in _parts_seen(condition).items()}
            raise AssertionError(_in_vain(seconds, what, found, seen))
        await asyncio.sleep(max(next(pauses), _rest(answered - asked)))
        asked = time.monotonic()
    return found


def day_lasts(seconds: float = 60.0, zone: tzinfo = UTC) -> bool:
    """Whether the day ends no sooner; what counts by days waits for that, at most as long."""
    now = datetime.now(zone)
    return now.date() == (now + timedelta(seconds=seconds)).date()


async def _now(condition: Callable[[], Any]) -> Any:
    found = await asyncio.to_thread(condition)
    return await found if inspect.isawaitable(found) else found


def _pauses() -> Iterator[float]:
    yield from (0.01, 0.02)
    while True:
        yield EVERY_SECONDS


def _rest(took: float) -> float:
    return min(2 * took, _COSTLY_SECONDS)


def _in_vain(seconds: float, what: str, found: object, seen: dict[str, Any]) -> str:
    told = "".join(f"\n  {part} = {value!r}" for part, value in seen.items()) or f"\n  {found!r}"
    return f"waited {seconds:.0f} s in vain{' for ' if what else ''}{what}; seen last:{told}"


def _parts_seen(condition: Callable[[], Any]) -> dict[str, Any]:
    """Return the parts of a lambda that decide about it, by their text, each with its value as it is now."""
    code = getattr(condition, "__code__", None)
    if code is None or code.co_name != "<lambda>":
        return {}
    known = inspect.getclosurevars(condition)
    names = {**known.builtins, **known.globals, **known.nonlocals}
    seen = {}
    for part in _deciding(ast.parse(_text_of(code), mode="eval").body):
        text = ast.unparse(part)
        try:
            seen[text] = eval(text, names)
        except Exception as error:  # noqa: BLE001 -- what cannot be seen is told so
            seen[text] = error
    return seen


def _text_of(code: Any) -> str:
    """Return the text of a lambda's body."""
    places = [place for place in code.co_positions() if place[0] is not None and place[3]]
    first, last = min((line, column) for line, _, column, _ in places), max((line, end) for _, line, _, end in places)
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first[0], last[0] + 1)]
    lines[-1] = lines[-1][: last[1]]
    lines[0] = lines[0][first[1] :]
    return f"({b''.join(lines).decode()})"


def _deciding(expression: ast.expr) -> Iterator[ast.expr]:
    match expression:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _deciding(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _deciding(operand)
        case ast.Compare(left=left, comparators=others):
            yield from (part for part in (left, *others) if not isinstance(part, ast.Constant))
        case ast.Call(func=ast.Name(id="any" | "all"), args=[ast.GeneratorExp(generators=[loop, *_])]):
            yield loop.iter
        case _:
            yield expression

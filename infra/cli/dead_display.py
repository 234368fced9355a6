"""How dead letters are shown: as a table, one in full, or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.plain_text import plain
from infra.dead_letters.counting import age
from infra.dead_letters.letter import Letter
from infra.dead_letters.retrying import Retried

_ERROR_WIDTH: Final = 100


def table_of(letters: Iterable[Letter], *, ended: bool) -> Table:
    """Return one line for each letter; ``ended`` adds what became of it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "parked", "by", "what", "community", "tries", "error", *(["outcome"] if ended else [])):
        table.add_column(column, justify="right" if column in {"parked", "tries"} else "left", no_wrap=column == "id")
    now = datetime.now(UTC)
    for letter in letters:
        error = letter.error.splitlines()[0] if letter.error else ""
        cells = [
            letter.id,
            f"{age((now - letter.parked_at).total_seconds())} ago",
            f"{letter.service} {letter.shard}",
            letter.what,
            letter.community or "",
            str(letter.tries),
            error if len(error) <= _ERROR_WIDTH else f"{error[: _ERROR_WIDTH - 1]}…",
            *([letter.outcome or "parked"] if ended else []),
        ]
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def show_letter(console: Console, letter: Letter, content: bytes, *, body: bool) -> None:
    """Print one letter in full, its body only when ``body`` says so."""
    table = Table(box=None, pad_edge=False, show_header=False)
    ended = f"{letter.outcome} {_moment(letter.ended_at)} by {letter.ended_by}" if letter.outcome else "parked"
    for name, value in (
        ("id", letter.id),
        (
            "parked by",
            f"{letter.service} {letter.shard}, after {letter.tries} {'try' if letter.tries == 1 else 'tries'}",
        ),
        ("parked at", _moment(letter.parked_at)),
        ("what", letter.what),
        ("subject", letter.subject),
        ("community", letter.community or "not known"),
        ("trace", letter.trace_id or "none"),
        ("outcome", ended),
        ("error", letter.error),
        *((f"header {name}", value) for name, value in letter.headers.items()),
    ):
        table.add_row(Text(plain(name), style="bold"), Text(plain(value)))
    console.print(table)
    if body:
        console.print(f"\n{plain(_readable(content))}", markup=False)
    elif not letter.is_deadline:
        console.print(f"\nIts body has {len(content):,} bytes, which may be a member's words: --body shows them.")


def _readable(content: bytes) -> str:
    try:
        return json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return content.decode(errors="replace")


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "at no known time"


def retried_line(retried: Retried) -> Text:
    """Return what became of a letter that was retried."""
    letter = retried.letter
    return Text.assemble(
        (letter.id, "bold" if retried.well else "bold red"),
        plain(f" ({letter.service} {letter.shard}, {letter.what}): {retried.says}"),
    )


def as_data(letter: Letter) -> dict[str, Any]:
    """Return a letter as it is written for programs."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in dataclasses.asdict(letter).items()
    }

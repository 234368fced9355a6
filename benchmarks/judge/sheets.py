"""Sheets for graders, who see moments in any order and not which were flagged; apart, the keys that say so."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.judge.cards import QUESTIONS, card
from benchmarks.judge.history import History
from benchmarks.judge.moments import REASONS, Moment, flagged, unflagged
from services.ingest.platforms.facts import Fact
from shared.contracts.needs_touch import TouchReason

_SEED: Final = 7
_OF_EACH: Final = 30
_OF_EACH_IN_LONG_SHEETS: Final = 20
_MOST: Final = 400

KEY: Final = ".key"
SHEET: Final = ".sheet.md"
COLUMNS: Final = ("item", "reason", "event", "at", "flagged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Moments of an archive in the order in which they are graded, numbered from 1."""

    moments: tuple[Moment, ...]
    history: History


def draw(name: str, facts: Sequence[Fact], found: Sequence[TouchReason], reasons: Sequence[str] = REASONS) -> Drawn:
    """Draw moments of each of ``reasons`` that was found, flagged and not, the same ones each time."""
    history = History(facts)
    both = []
    for reason in reasons:
        if any(need.reason == reason for need in found):
            chance = Random(f"{_SEED} {name} {reason}")  # noqa: S311 -- a sample, the same each time
            both.append((flagged(reason, found, history), unflagged(reason, found, history, chance), chance))
    many = sum(min(len(part), _OF_EACH) for yes, no, _ in both for part in (yes, no))
    of_each = _OF_EACH if many <= _MOST else _OF_EACH_IN_LONG_SHEETS
    drawn = [one for yes, no, chance in both for part in (yes, no) for one in _sample(part, of_each, chance)]
    Random(f"{_SEED} {name}").shuffle(drawn)  # noqa: S311
    return Drawn(moments=tuple(drawn), history=history)


def _sample(moments: Sequence[Moment], most: int, chance: Random) -> list[Moment]:
    return chance.sample(moments, min(len(moments), most))


def write(folder: Path, name: str, drawn: Drawn) -> None:
    """Write the sheet and the key of an archive."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(f"{_SEED} {name} texts")  # noqa: S311
    lines = [f"# {name}: {len(drawn.moments)} items", ""]
    for number, moment in enumerate(drawn.moments, 1):
        lines += [f"## {number} · {moment.reason}", "", f"*{QUESTIONS[moment.reason]}*", ""]
        lines += [f"> {line}  " for line in card(moment, drawn.history, chance)] + [""]
    (folder / f"{name}{SHEET}").write_text("\n".join(lines), "utf-8")
    with (folder / f"{name}{KEY}").open("w", encoding="utf-8", newline="") as key:
        rows = csv.writer(key)
        rows.writerow(COLUMNS)
        for number, moment in enumerate(drawn.moments, 1):
            rows.writerow((number, moment.reason, moment.event, _told(moment.at), _yes_no(moment.flagged)))


def _told(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _yes_no(flag: bool) -> str:  # noqa: FBT001
    return "yes" if flag else "no"

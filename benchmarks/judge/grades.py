"""Grades of moments, kept by the ids of their events, and what follows of how well triage chooses.

As a command: bring graders' answers together with the keys of their sheets, and write what follows into the page.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import typer

from benchmarks.judge.sheets import KEY
from benchmarks.judgement_page import PAGE
from benchmarks.page_part import write_part
from benchmarks.tone.figures import share_within

GRADES: Final = Path(__file__).parent / "grades"
_ANSWERS: Final = ".grades"
_BEGIN: Final = "<!-- written by make grades -->"
_TABLE: Final = (
    "| archive | reason | flagged: yes, no, unsure | precision | 95 % | not flagged: yes, no, unsure | missed | 95 % |",
    "|---|---|---|---|---|---|---|---|",
)
_COLUMNS: Final = ("event", "at", "flagged", "grade")

Grade = Literal["yes", "no", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """Whether ``event``, looked at as of ``at``, was worth a touch for that reason."""

    reason: str
    event: str
    at: str
    flagged: bool
    grade: Grade


def main(
    sheets: Annotated[Path, typer.Option(help="The folder of the keys and, beside each, the answers.")],
    kept: Annotated[Path, typer.Option(help="Where grades are kept.")] = GRADES,
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
) -> None:
    """Keep the grades of each sheet that was answered, and write what follows into the page."""
    answered = [(key, key.with_name(key.name.removesuffix(KEY) + _ANSWERS)) for key in sorted(sheets.glob(f"*{KEY}"))]
    answered = [(key, answers) for key, answers in answered if answers.exists()]
    if not answered:
        raise typer.BadParameter(f"{sheets} holds no key, <archive>{KEY}, with answers beside it, <archive>{_ANSWERS}.")
    for key, answers in answered:
        keep(kept, key.name.removesuffix(KEY), graded(key, answers))
    lines = table(kept)
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


def graded(key: Path, answers: Path) -> list[Graded]:
    """Return the grades of a sheet. Raise ValueError for answers that are not one for each item."""
    grades = dict(_read(answers))
    with key.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = sorted({int(row["item"]) for row in rows} ^ grades.keys())
    if wrong:
        told = ", ".join(map(str, wrong[:20]))
        raise ValueError(
            f"{answers} and {key} do not hold the same items: grade each of them once. Only in one: {told}"
        )
    return [
        Graded(
            reason=row["reason"],
            event=row["event"],
            at=row["at"],
            flagged=row["flagged"] == "yes",
            grade=grades[int(row["item"])],
        )
        for row in rows
    ]


def _read(answers: Path) -> Iterator[tuple[int, Grade]]:
    seen = set()
    for number, line in enumerate(answers.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        item, _, said = line.strip().partition(" ")
        grade = next((one for one in get_args(Grade) if one == said.strip().lower()), None)
        if grade is None or not item.isdecimal() or item in seen:
            raise ValueError(f'{answers}, line {number}, is no "number grade" of an item not graded before: {line!r}')
        seen.add(item)
        yield int(item), grade


def keep(folder: Path, archive: str, grades: Iterable[Graded]) -> None:
    """Write the grades of an archive, in the order of their events, in place of those kept of the same reasons."""
    folder.mkdir(exist_ok=True)
    by_reason: dict[str, list[Graded]] = {}
    for one in grades:
        by_reason.setdefault(one.reason, []).append(one)
    for reason, ones in by_reason.items():
        with (folder / f"{archive}.{reason}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(_COLUMNS)
            rows.writerows(sorted((one.event, one.at, "yes" if one.flagged else "no", one.grade) for one in ones))


def table(folder: Path) -> list[str]:
    """Return what follows from the grades that are kept: how much of what was flagged was worth it, and of the rest."""
    lines = list(_TABLE)
    for path in sorted(folder.glob("*.*.csv")):
        archive, _, reason = path.stem.rpartition(".")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        parts = (Counter(row["grade"] for row in rows if row["flagged"] == flagged) for flagged in ("yes", "no"))
        lines.append(f"| {archive} | {reason} | {' | '.join(cell for part in parts for cell in _cells(part))} |")
    return lines


def _cells(counts: Counter[str]) -> Sequence[str]:
    """Return the counts, and the share of *yes* among *yes* and *no*, with its interval."""
    told = ", ".join(str(counts[grade]) for grade in get_args(Grade))
    known = counts["yes"] + counts["no"]
    if not known:
        return told, "", ""
    low, high = share_within(counts["yes"], known)
    return told, f"{counts['yes'] / known:.2f}", f"{max(low, 0.0):.2f} to {high:.2f}"


if __name__ == "__main__":
    typer.run(main)

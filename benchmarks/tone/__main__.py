"""Measure how well tone is read, print the figures and write them into docs/judgement.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.judgement_page import PAGE
from benchmarks.page_part import write_part
from benchmarks.tone.crisis import crises
from benchmarks.tone.figures import TABLE, measured, microseconds
from benchmarks.tone.sets import ORIGINS, SetMissingError, Sets
from services.triage.readings import shared_reader

_BEGIN: Final = "<!-- written by make tone -->"


def main(
    data: Annotated[Path, typer.Option(help="The folder that holds the files of the labelled sets.")],
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
) -> None:
    """Measure how well tone is read, print the figures and write them into the page."""
    sets, reader = Sets(data), shared_reader()
    try:
        figures = [figure.row for figure in measured(reader, sets)]
        figures += [figure.row for figure in crises(reader, sets, sorted(data.rglob("irc*.tar*")))]
        texts = [example.text for example in sets.read("goemotions-test")]
    except SetMissingError as missing:
        raise typer.BadParameter(str(missing), param_hint="--data") from missing
    spent = min(microseconds(reader, texts) for _ in range(3))
    lines = [*TABLE, *figures, "", _speed(spent), "", _UNMEASURED, "", *_ORIGINS, *_origins()]
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


_UNMEASURED: Final = "The recall of crisis wording is **unmeasured** in all but English."
_ORIGINS: Final = (
    "| set | file | licence | use | SHA-256 |",
    "|---|---|---|---|---|",
)


def _speed(spent: float) -> str:
    return (
        f"All layers take {spent:.0f} µs of one processor for a short text (GoEmotions, in one batch; best of three):"
        f" {1e6 / spent:,.0f} a second and core, on the machine that wrote this."
    )


def _origins() -> list[str]:
    return [
        f"| {origin.name} | [{origin.repository}@{origin.commit[:7]}]({origin.address}) | {origin.licence} "
        f"| {origin.use} | `{origin.sha256}` |"
        for origin in ORIGINS.values()
    ]


if __name__ == "__main__":
    typer.run(main)

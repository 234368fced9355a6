"""Measure how well tone is read, print the figures and write them into docs/judgement.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.page_part import write_part
from benchmarks.tone.figures import Figure, measured, microseconds
from benchmarks.tone.sets import ORIGINS, SetMissingError, Sets
from services.triage.tone.reading import Reader

PAGE: Final = Path(__file__).parents[2] / "docs" / "judgement.md"
_BEGIN: Final = "<!-- written by make tone -->"


def main(
    data: Annotated[Path, typer.Option(help="The folder that holds the files of the labelled sets.")],
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
) -> None:
    """Measure how well tone is read, print the figures and write them into the page."""
    sets, reader = Sets(data), Reader()
    try:
        figures = [_told(figure) for figure in measured(reader, sets)]
        texts = [example.text for example in sets.read("goemotions-test")]
    except SetMissingError as missing:
        raise typer.BadParameter(str(missing), param_hint="--data") from missing
    spent = min(microseconds(reader, texts) for _ in range(3))
    lines = [*_TABLE, *figures, "", _speed(spent), "", _FALSE_ALARMS, "", *_ORIGINS, *_origins()]
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


_TABLE: Final = (
    "| measure | set | texts | of them shown | value | 95 % | floor |",
    "|---|---|---|---|---|---|---|",
)
_FALSE_ALARMS: Final = (
    "Crisis wording's false alarms were counted in English texts alone, further below; in German, Spanish, French and"
    " Portuguese they are **unmeasured**."
)
_ORIGINS: Final = (
    "| set | file | licence | use | SHA-256 |",
    "|---|---|---|---|---|",
)


def _told(figure: Figure) -> str:
    floor = (
        "" if figure.floor is None else f"{figure.floor:.2f}{'' if figure.value >= figure.floor else ', **missed**'}"
    )
    return (
        f"| {figure.measure} | {figure.on} | {figure.texts:,} | {figure.shown:,} | {figure.value:.3f} "
        f"| {figure.low:.3f} to {figure.high:.3f} | {floor} |"
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

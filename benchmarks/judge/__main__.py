"""Replay archives, print how often people are asked for what, and write it into docs/judgement.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.judge import questions
from benchmarks.judge.answers import irc_logs, measured
from benchmarks.judge.exports import archives, facts, in_pieces
from benchmarks.judge.moments import REASONS
from benchmarks.judge.raw_threads import has_threads, raw_threads
from benchmarks.judge.replay import Replayed, policy, replay
from benchmarks.judge.sheets import draw, write
from benchmarks.judge.threaded import held
from benchmarks.judgement_page import PAGE
from benchmarks.page_part import write_part
from benchmarks.tone.figures import TABLE, share_within
from shared.contracts.policy_rules import Rules

_BEGIN: Final = "<!-- written by make judge -->"
_TABLE: Final = (
    "| archive | messages | on days | reason | found | of 1,000 messages | 95 % | budget |",
    "|---|---|---|---|---|---|---|---|",
)


def main(
    data: Annotated[Path, typer.Option(help="The folder of the archives: zulip*, discourse*, slack*, irc*.")],
    events: Annotated[int, typer.Option(min=100, help="How many events of each are replayed, the newest.")] = 20_000,
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
    sheets: Annotated[Path | None, typer.Option(help="Where sheets for graders are written, with their keys.")] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="A reason that is on the sheets; may be repeated, else all.")
    ] = None,
) -> None:
    """Replay archives, print how often people are asked for what, and write it into the page."""
    rules = policy().rules
    lines, answered, said = list(_TABLE), list(TABLE), questions.Graded()
    for path, export in archives(data):
        name, whole = path.name.partition(".")[0], facts(path, export)
        said.read(name, whole)
        happened = whole[-events:]
        replayed = replay(happened, in_pieces=in_pieces(path))
        lines += rows(path.name, replayed, rules)
        if has_threads(path):
            threads = held(name, raw_threads(path), replayed.found, happened[0].time, happened[-1].time)
            answered += (one.row for one in threads)
        if sheets is not None:
            drawn = [one for one in reason or REASONS if one in replayed.looked_for]
            write(sheets, name, draw(name, happened, replayed.found, drawn))
    if len(lines) == len(_TABLE):
        raise typer.BadParameter(f"{data} holds no archive whose name begins with zulip, discourse, slack or irc.")
    lines += ["", f"The newest {events:,} events of each archive, or all."]
    answered += (measured(irc_logs(path)).row for path in sorted(data.glob("irc*")))
    lines += ["", *answered, *(one.row for one in said.measured())]
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


def rows(name: str, replayed: Replayed, rules: Rules) -> Iterator[str]:
    """Return the lines of the table that tell how often who was asked for what in the archive ``name``."""
    counts = {"touches, all reasons": replayed.touches, **dict(sorted(replayed.reasons.items()))}
    for reason, count in counts.items():
        low, high = share_within(count, replayed.messages)
        budget = getattr(getattr(rules, reason.replace("-", "_"), None), "alerts_per_thousand", None)
        share = f"{count / replayed.messages * 1_000:.2f} | {low * 1_000:.2f} to {high * 1_000:.2f}"
        yield (
            f"| {name} | {replayed.messages:,} | {replayed.days:,} | {reason} | {count:,} | {share} "
            f"| {_held(count, replayed.messages, budget)} |"
        )


def _held(count: int, messages: int, budget: float | None) -> str:
    """Return whether a budget was held, of which one alert may come before there were messages enough for it."""
    if budget is None:
        return ""
    return f"{budget:g}" if count <= 1 + messages * budget / 1_000 else f"{budget:g}, **exceeded**"


if __name__ == "__main__":
    typer.run(main)

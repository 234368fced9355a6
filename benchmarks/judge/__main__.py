"""Replay archives, print how often people are asked for what, and write it into docs/judgement.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.judge.exports import archives, facts
from benchmarks.judge.replay import CRISIS, Replayed, policy, replay
from benchmarks.page_part import write_part
from benchmarks.tone.figures import share_within
from shared.contracts.policy_rules import Rules

PAGE: Final = Path(__file__).parents[2] / "docs" / "judgement.md"
_BEGIN: Final = "<!-- written by make judge -->"
_TABLE: Final = (
    "| archive | messages | reason | found | of 1,000 messages | 95 % | budget |",
    "|---|---|---|---|---|---|---|",
)


def main(
    data: Annotated[Path, typer.Option(help="The folder of the archives: zulip*, discourse*, slack*.")],
    events: Annotated[int, typer.Option(min=100, help="How many events of each are replayed, the newest.")] = 20_000,
    page: Annotated[Path, typer.Option(help="The page whose figures are replaced.")] = PAGE,
) -> None:
    """Replay archives, print how often people are asked for what, and write it into the page."""
    rules = policy().rules
    lines = list(_TABLE)
    for path, export in archives(data):
        lines += _rows(path.name, replay(facts(path, export)[-events:]), rules)
    if len(lines) == len(_TABLE):
        raise typer.BadParameter(f"{data} holds no archive whose name begins with zulip, discourse or slack.")
    lines += ["", f"The newest {events:,} events of each archive, or all."]
    typer.echo("\n".join(lines))
    write_part(page, _BEGIN, lines)


def _rows(name: str, replayed: Replayed, rules: Rules) -> Iterator[str]:
    counts = {"touches, all reasons": replayed.touches, CRISIS: 0, **dict(sorted(replayed.reasons.items()))}
    for reason, count in counts.items():
        low, high = share_within(count, replayed.messages)
        budget = getattr(getattr(rules, reason, None), "alerts_per_thousand", None)
        yield (
            f"| {name} | {replayed.messages:,} | {reason} | {count:,} | {count / replayed.messages * 1_000:.2f} "
            f"| {low * 1_000:.2f} to {high * 1_000:.2f} | {_held(count, replayed.messages, budget)} |"
        )


def _held(count: int, messages: int, budget: float | None) -> str:
    """Return whether a budget was held, of which one alert may come before there were messages enough for it."""
    if budget is None:
        return ""
    return f"{budget:g}" if count <= 1 + messages * budget / 1_000 else f"{budget:g}, **exceeded**"


if __name__ == "__main__":
    typer.run(main)

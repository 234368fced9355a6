"""What `warmline source` prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.plain_text import plain
from infra.cli.source_polling import Round
from infra.source_setup import SETUPS
from services.ingest.source_forms import SourceAdded, SourceListed, Tried

_WORDS: Final = {
    "direct-message": "direct messages are dropped",
    "private-place": "its place is not listed: name it with --public or --private when you add the source",
    "no-member": "it has no member",
    "of-no-concern": "it tells nothing of a member",
}


def said(passed: str) -> str:
    """Return in words why nothing was kept; a reason that this version does not know as it is."""
    return _WORDS.get(passed, passed)


def say_added(added: SourceAdded, form: str | None, base: str, *, given_url: bool) -> None:
    """Tell what is to be done on the platform; ``base`` is where it reaches this Warmline."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text.assemble((f"{added.source} is added.", "bold green")))
    if form is not None and SETUPS[form].polled:
        for step in SETUPS[form].steps:
            console.print(step, markup=False)
        _, platform, name = added.source.split("/")
        console.print(f"Then: warmline source test {platform} {name}", markup=False)
        return
    if form is None or added.path is None:
        console.print(f"Its token, shown only now: {added.token}", markup=False)
        console.print(f"Send CloudEvents to {base}/v1/events with  Authorization: Bearer <token>", markup=False)
        return
    places = {"url": base + added.path, "secret": added.secret or ""}
    for number, step in enumerate(SETUPS[form].steps, start=1):
        console.print(f"{number}. {step.format_map(places)}", markup=False)
    if SETUPS[form].told is None:
        console.print("The secret is shown only now.")
    if not given_url:
        console.print(
            "The address is this machine's own. If the platform reaches it under another one, begin with that one; "
            "--url prints it so.",
            markup=False,
        )
    _, platform, name = added.source.split("/")
    console.print(f"Then: warmline source test {platform} {name}", markup=False)


def say_polled(round_made: Round) -> None:
    """Tell what came of a round so far."""
    console = Console(soft_wrap=True, highlight=False)
    if not round_made.read:
        console.print(plain(f"{round_made.source} is not read: {round_made.why}."), markup=False)
        if not round_made.over:
            console.print("It is asked again by itself; warmline source list shows what comes of it.", markup=False)
        return
    console.print(Text.assemble((f"{round_made.source} is read", "green"), ", and takes the secret."))
    taken = ", ".join(f"{count:,} {kind}" for kind, count in sorted(round_made.taken.items()))
    known = f"{round_made.known:,} that it told were known already" if round_made.known else ""
    console.print(f"Kept: {taken or 'nothing new'}{'; ' if known else ''}{known}.", markup=False)
    if round_made.why:
        what = "Something in it was passed over" if round_made.over else "It is waited for"
        console.print(plain(f"{what}: {round_made.why}."), markup=False)
    if not round_made.over:
        console.print("That is so far: the reading goes on, and warmline source list shows its end.", markup=False)


def say_tried(where: str, tried: Tried) -> bool:
    """Tell what came of a signed sample; return whether it would be kept."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text.assemble(("It arrives, and is believed", "green"), f": {where}"))
    if tried.not_taken:
        console.print(plain(f"Nothing is taken now: {tried.not_taken}."), markup=False)
    if tried.not_understood:
        console.print(plain(f"The sample is not understood: {tried.not_understood}"), markup=False)
    elif tried.passed:
        console.print(f"Nothing of the sample would be kept: {said(tried.passed)}.", markup=False)
    else:
        console.print(f"It would be kept as: {', '.join(tried.facts)}. Nothing was.", markup=False)
    for why in tried.refused:
        console.print(plain(f"But this of it would be refused: {why}."), markup=False)
    return not (tried.not_taken or tried.refused)


def show_sources(rows: Sequence[SourceListed]) -> None:
    """Print a table of sources."""
    table = Table("source", "community", "sends", "last heard", "state", box=None, header_style="bold")
    for row in rows:
        table.add_row(row.source, row.community, _ways(row), _ago(row.heard_at), _state(row))
    Console(soft_wrap=False, highlight=False).print(table)


def _ways(row: SourceListed) -> str:
    if row.polled in {None, row.format}:
        return row.format or "by token"
    return f"{row.format} and {row.polled}"


def _state(row: SourceListed) -> Text:
    lines: list[tuple[str, str]] = []
    if row.paused_at:
        lines.append((f"paused {_ago(row.paused_at)}", "yellow"))
    if row.stopped_at:
        lines.append((f"stopped {_ago(row.stopped_at)}: {row.why}", "red"))
    elif row.failing_since:
        lines.append((f"not read, first {_ago(row.failing_since)}: {row.why}", "red"))
    if row.rotating:
        lines.append(("two secrets hold", "yellow"))
    if row.not_understood:
        lines.append((f"{row.not_understood:,} not understood, last {_ago(row.not_understood_at)}: {row.why}", "red"))
    if row.unverified:
        lines.append((f"{row.unverified:,} not signed well, last {_ago(row.unverified_at)}", "yellow"))
    if not lines:
        return Text("well" if row.heard_at else "", "green")
    return Text("\n").join(Text(plain(line), style) for line, style in lines)


def _ago(time: datetime | None) -> str:
    if time is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - time).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"

"""What members and platforms wrote is shown as it is: no markup, and nothing that steers the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import typer
from rich.console import Console

from infra.cli.failure import failures_in_words
from infra.cli.policy_explanation_display import show
from infra.cli.source_display import say_polled, show_sources
from infra.cli.source_polling import Round
from infra.operator_error import OperatorError
from infra.policy_explanation import Explanation, Waiting
from services.ingest.source_forms import SourceListed
from shared.contracts.policy_rules import MilestoneRule, Rules
from shared.segments import ConditionLook, SegmentLook

WORDS = "[/staff] [bold] lead \x1b[2J"
SHOWN = "[/staff] [bold] lead \N{REPLACEMENT CHARACTER}[2J"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def explain() -> None:
    look = ConditionLook(condition=f"roles: one of {WORDS}", measured={"roles": (WORDS,)}, holds=True)
    rules = Rules(milestone=MilestoneRule(roles=(WORDS,)))
    one = Explanation(
        community="acme",
        platform="discord",
        member=WORDS,
        at=NOW,
        timezone="UTC",
        policy_version="v1",
        team=False,
        segment="staff",
        segments=(SegmentLook(segment="staff", conditions=(look,)),),
        rules=rules,
        general=rules,
        tone=True,
        waiting=(Waiting(name="unanswered", due=NOW, conversation=WORDS),),
        no_contact=None,
        tags=(WORDS,),
        given_tags=(WORDS,),
    )
    show(Console(soft_wrap=True, width=1_000), one)


def list_sources() -> None:
    show_sources(
        [
            SourceListed(
                community="acme",
                platform="tchop",
                name="app",
                source="/tchop/app",
                created_at=NOW,
                paused_at=None,
                heard_at=NOW,
                format="tchop",
                polled="tchop",
                rotating=False,
                not_understood=1,
                not_understood_at=NOW,
                why=WORDS,
                unverified=0,
                unverified_at=None,
                polled_at=NOW,
                failing_since=NOW,
                stopped_at=None,
            )
        ]
    )


def poll() -> None:
    for read in (True, False):
        say_polled(Round(source="/tchop/app", read=read, why=WORDS))


def fail() -> None:
    with pytest.raises(typer.Exit), failures_in_words():
        raise OperatorError(f"The platform says: {WORDS}")


@pytest.mark.parametrize(("print_it", "times"), [(explain, 7), (list_sources, 2), (poll, 2), (fail, 1)])
def test_it_is_shown_as_it_is(
    print_it: Callable[[], None], times: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    print_it()
    said = "".join(capsys.readouterr())
    assert said.count(SHOWN) == times, said
    assert "\x1b" not in said

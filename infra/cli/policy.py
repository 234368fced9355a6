"""`warmline policy`: the care policy, from a first file to its adoption."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from infra.cli import policy_explanation_display
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data, checked_name
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from infra.policy_explanation import Explanation
from infra.policy_explanation import explain as explain_member
from infra.running_servers import connected_to_postgres, running_servers
from infra.running_system import RunningSystem, running_system
from shared.contracts.policy import Policy
from shared.contracts.tone_rules import ToneRule
from shared.policy.document import Finding
from shared.policy.load import LoadedPolicy, default_policy_text, load_policy

policy_app = typer.Typer(
    name="policy",
    help="The care policy: who takes care of whom, when, and within which limits.",
    no_args_is_help=True,
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="The policy, a YAML file.")]


@policy_app.command()
def default() -> None:
    """Print a commented policy to start from.

    For example: warmline policy default > policy.yaml
    """
    sys.stdout.write(default_policy_text())


@policy_app.command()
def check(file: File) -> None:
    """Say what is wrong in a policy, where, and how to mend it; or in short what it says.

    Exit code 1 when there are errors. Warnings are printed, too, and stop nothing.
    """
    with failures_in_words():
        policy = _sound(file)
        Console(soft_wrap=True, highlight=False).print(Text.assemble((f"{file}: ", "bold"), _summary(policy)))


@policy_app.command()
def adopt(file: File, data: Data = DEFAULT_DATA) -> None:
    """Check a policy and put it into force on the running system."""
    with failures_in_words():
        policy = _sound(file)
        version = asyncio.run(_adopt(running_system(data, os.environ), policy))
        console = Console(soft_wrap=True, highlight=False)
        console.print(f"In force for {policy.organisation}: {version} ({_summary(policy)})", markup=False)


@policy_app.command()
def explain(
    member: Annotated[
        str, typer.Option("--member", metavar="PLATFORM:ID", help="Platform and id there, such as discord:1234.")
    ],
    community: Annotated[
        str | None, typer.Option(help="Only in this community; else in each that knows the member.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say in which segment a member is and why, which rules hold for them, and what waits to be looked at."""
    with failures_in_words():
        platform, _, member_id = member.partition(":")
        if not platform or not member_id:
            raise OperatorError(f"--member is {member!r}: write platform and id, such as discord:1234.")
        if community is not None:
            checked_name("--community", community)
        found = asyncio.run(_explain(data, platform, member_id, community))
        if as_json:
            told = [policy_explanation_display.as_data(one) for one in found]
            sys.stdout.write(json.dumps({"members": told}, ensure_ascii=False) + "\n")
            return
        console = Console(soft_wrap=True, highlight=False)
        for number, one in enumerate(found):
            if number:
                console.print()
            policy_explanation_display.show(console, one)


async def _explain(data: Path, platform: str, member: str, community: str | None) -> list[Explanation]:
    async with connected_to_postgres(running_servers(data, os.environ), "warmline policy explain") as connection:
        return await explain_member(connection, platform, member, community)


async def _adopt(system: RunningSystem, policy: Policy) -> str:
    async with ingest_client(system.ingest_url, system.token, patience=20) as ingest:
        return await ingest.adopt(policy)


def _sound(file: Path) -> Policy:
    """Return the policy in ``file`` after printing every finding; raises OperatorError if there are errors."""
    loaded = load_policy(_text(file))
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for error in loaded.errors:
        console.print(_line(file, error, ""))
    for warning in loaded.warnings:
        console.print(_line(file, warning, "warning: "))
    if loaded.policy is None:
        raise OperatorError(f"{file} cannot be adopted: {_counted(loaded)}.")
    return loaded.policy


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise OperatorError(f"{file} is no UTF-8 text (byte {error.start}). Save it again as UTF-8.") from error
    except OSError as error:
        raise OperatorError(
            f"{file} cannot be read: {error.strerror}. For a policy to start from: warmline policy default > {file}"
        ) from error


def _line(file: Path, finding: Finding, kind: str) -> Text:
    return Text.assemble(
        (f"{file}:{finding.line} ", "bold"),
        f"{finding.field}: ",
        (kind, "yellow"),
        f"{finding.problem}. Fix: {finding.fix}",
    )


def _counted(loaded: LoadedPolicy) -> str:
    errors, warnings = len(loaded.errors), len(loaded.warnings)
    text = "1 error" if errors == 1 else f"{errors} errors"
    return text + (f" and {warnings} warning{'s' * (warnings > 1)}" if warnings else "")


def _summary(policy: Policy) -> str:
    communities = ", ".join(policy.communities) or "none by name"
    others = "; others are accepted" if policy.other_communities == "accept" else ""
    free = f", without the holidays of {policy.hours.holidays.country}" if policy.hours.holidays else ""
    return (
        f"{policy.organisation} cares for {communities}{others}; "
        f"responders: {', '.join(responder.name for responder in policy.responders)}; "
        f"segments: {', '.join([*(segment.name for segment in policy.segments), 'everyone'])}; "
        f"looks for: {', '.join(_looks_for(policy)) or 'nothing'}; "
        f"hours: {', '.join(policy.hours.days)} ({policy.hours.timezone}{free})"
    )


def _looks_for(policy: Policy) -> Iterator[str]:
    for each in fields(policy.rules):
        rule = getattr(policy.rules, each.name)
        if isinstance(rule, ToneRule):
            looks = policy.tone.enabled and rule.enabled
        else:
            looks = rule.enabled or any(of_segment.enabled for of_segment in getattr(rule, "by_segment", ()))
        if looks:
            yield each.name

"""An integrator that is down for days, is gone, or drips: bounded attempts, and nobody else notices."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from standardwebhooks.webhooks import Webhook

from tests.end_to_end.harbour import POLICY, post
from tests.end_to_end.running_system import RunningSystem, started
from tests.failures.receivers import Receiver
from tests.waiting import until

QUESTIONS = 6
TOLD = 2 * QUESTIONS
"""Whoever asks is new, too: a question and a welcome wait for each."""


def policy(folder: Path, urls: dict[str, str]) -> Path:
    lines = [f'  - {{name: {name}, url: "{url}", community: acme}}' for name, url in urls.items()]
    file = folder / "policy.yaml"
    file.write_text(POLICY + "integrators:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return file


def listed(system: RunningSystem) -> dict[str, dict[str, Any]]:
    """What an operator is told."""
    said = system.command("integrators", "--json")
    assert said.returncode == 0, said.stderr
    return {row["name"]: row for row in json.loads(said.stdout)}


def standing(system: RunningSystem) -> dict[str, dict[str, Any]]:
    """The same, more quickly."""
    with psycopg.connect(system.run.postgres_url, row_factory=dict_row) as connection:
        rows = connection.execute("SELECT *, paused_at IS NOT NULL AS paused FROM notifier.integrators").fetchall()
    return {row["name"]: row for row in rows}


def ask(system: RunningSystem, first: int) -> None:
    numbers = range(first, first + QUESTIONS)
    system.post([post(f"q{n}", f"member{n}", timedelta(hours=2), "Who knows the way?") for n in numbers])


def test_it_gets_bounded_attempts_and_others_get_all_in_time(tmp_path: Path) -> None:
    well, gone, dripping, down = Receiver(), Receiver(410), Receiver(0), Receiver()
    named = {"well": well.url, "gone": gone.url, "dripping": dripping.url, "down": down.url}
    with ExitStack() as stack:
        for receiver in (well, gone, dripping):
            stack.enter_context(receiver.serving())
        system = stack.enter_context(started(policy=policy(tmp_path, named)))
        until(lambda: len(standing(system)) == 4, seconds=60, what="every integrator to be known")
        secrets = {}
        for name in named:
            made = system.command("integrators", "secret", name)
            assert made.returncode == 0, made.stderr
            secrets[name] = Webhook(made.stdout.strip())
        well.secret, gone.secret = secrets["well"], secrets["gone"]

        ask(system, 0)
        until(lambda: len(well.ids) == TOLD, seconds=60, what="the healthy integrator to have everything")
        until(lambda: standing(system)["gone"]["paused"], seconds=60, what="the one that is gone to be paused")
        until(lambda: standing(system)["dripping"]["last_error"], seconds=60, what="the dripping one to be given up on")
        assert "did not answer within 10 s" in standing(system)["dripping"]["last_error"]
        until(lambda: standing(system)["down"]["last_error"], seconds=60, what="the one that is down to be noticed")
        assert gone.asked == 1

        after_four_days(system, "down")
        until(lambda: standing(system)["down"]["paused"], seconds=60, what="the one that is down to be left alone")
        ask(system, 100)
        until(lambda: len(well.ids) == 2 * TOLD, seconds=60, what="the healthy integrator to have everything")
        until(lambda: listed(system)["well"]["waiting"] == 0, seconds=60, what="all of it to count as delivered")
        told = listed(system)
        assert (told["down"]["waiting"], told["down"]["paused"]) == (2 * TOLD, True)

        down.secret = secrets["down"]
        stack.enter_context(down.serving())
        gone.status = 204
        for name in ("down", "gone"):
            resumed = system.command("integrators", "resume", name)
            assert resumed.returncode == 0, resumed.stderr
        for receiver in (down, gone):
            until(lambda one=receiver: one.ids == well.ids, seconds=60, what="all that was missed, in order")  # type: ignore[misc]
        assert len(set(well.ids)) == 2 * TOLD
        assert "text" not in json.dumps(well.events)
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr


def after_four_days(system: RunningSystem, name: str) -> None:
    """Let the integrator have failed for four days, and be due now."""
    with psycopg.connect(system.run.postgres_url, autocommit=True) as connection:
        changed = connection.execute(
            "UPDATE notifier.integrators SET failing_since = now() - interval '4 days', due = NULL WHERE name = %s",
            (name,),
        )
    assert changed.rowcount == 1

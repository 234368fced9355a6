"""10,000 events, sent twice, while services are killed with -9 and taken over."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from tests.end_to_end.harbour import event, post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until

EVENTS = 10_000
BATCH = 50
KILLS = 3
"""How often each service is killed, one after another, while events come in."""
SERVICES = ("triage", "notifier", "projections", "ingest")


def a_busy_month(seed: int) -> list[dict[str, object]]:
    """Return joins, questions, answers and greetings of 200 members, oldest first."""
    draw = random.Random(seed)
    events: list[dict[str, object]] = []
    for number in range(EVENTS):
        ago = timedelta(hours=48) * (1 - number / EVENTS)
        member = f"member{draw.randrange(200)}" if draw.random() > 0.05 else draw.choice(["u-mara", "u-tobi"])
        kind = draw.random()
        if kind < 0.05:
            events.append(event(f"join:{member}:{number}", "joined", member, ago))
        elif kind < 0.4:
            events.append(post(f"m{number}", member, ago, "How does this work?"))
        else:
            events.append(post(f"m{number}", member, ago, "Like this.", f"c-m{draw.randrange(number + 1)}"))
    return events


@pytest.mark.timeout(300)
def test_none_lost_none_doubled_order_kept(tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.jsonl"
    with started("--processes", "2", policy=write_policy(tmp_path)) as system:
        assert {service: len(system.pids(service)) for service in SERVICES} == dict.fromkeys(SERVICES, 2)
        said = " ".join(system.command("status").stdout.split())
        assert re.search(r"4 of 4 shards owned by 2 processes: triage-0 has [\d, -]{3,4}; triage-1 has", said), said
        kills = send_while_killing(system, a_busy_month(seed=2), accepted)
        assert min(kills.values()) == KILLS, kills
        until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well again")
        verified = system.command("verify", "--accepted", str(accepted))
        assert verified.returncode == 0, verified.stdout + verified.stderr


def send_while_killing(system: RunningSystem, events: list[dict[str, object]], accepted: Path) -> dict[str, int]:
    """Post every batch twice while one service after another is killed; note each id that was accepted."""
    kills = dict.fromkeys(SERVICES, 0)
    done = threading.Event()

    def keep_killing() -> None:
        victims = itertools.cycle(SERVICES)
        while not done.wait(0.7) and min(kills.values()) < KILLS:
            victim = next(victims)
            kills[victim] += system.kill(victim)

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        with accepted.open("w", encoding="utf-8") as file:
            batches = [events[first : first + BATCH] for first in range(0, len(events), BATCH)]
            for number, batch in enumerate(batches):
                for _ in range(2):
                    answer = system.post(batch)
                    assert answer["refused"] == 0, answer
                for one in batch:
                    line = {"post": number, "community": "acme", "source": one["source"], "id": one["id"]}
                    file.write(json.dumps(line) + "\n")
        killer.join(timeout=60)
    finally:
        done.set()
        killer.join()
    return kills

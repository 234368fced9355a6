"""Runs the machines for as long as is asked: ``python -m tests.simulation --seconds 60 --seed 1``."""

from __future__ import annotations

import argparse
import time
from collections import Counter

from tests.simulation.running import MACHINES, run

ROUND = 200
"""Schedules of one seed."""


def main() -> None:
    """Go from seed to seed until time is up; raises what the first finds."""
    parser = argparse.ArgumentParser(description="Run the simulations with new schedules.")
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each round takes the next")
    asked = parser.parse_args()
    begun, number = time.monotonic(), asked.seed
    done: Counter[str] = Counter()
    while True:
        for machine in MACHINES:
            try:
                done[machine.__name__] += run(machine, ROUND, number=number)
            except (Exception, BaseExceptionGroup):
                print(f"Seed {number} has found something. The same again: make simulate SEED={number} SECONDS=1")
                raise
        number += 1
        passed = time.monotonic() - begun
        pace = ", ".join(f"{count} of {name}" for name, count in done.items())
        line = f"seeds {asked.seed} to {number - 1}: {pace}; {sum(done.values()) / passed * 60:.0f} schedules a minute"
        print(line, flush=True)
        if passed >= asked.seconds:
            return


if __name__ == "__main__":
    main()

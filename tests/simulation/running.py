"""How the machines are run: so many schedules of a bounded length, drawn from a seed."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.faulty_machine import FaultyMachine
from tests.simulation.kernel_machine import Kernel
from tests.simulation.line_machine import Line
from tests.simulation.world import simulated

MACHINES: tuple[type[FaultyMachine], ...] = (Kernel, Line)
STEPS = 40


def run(machine: type[FaultyMachine], schedules: int, *, number: int, shrink: bool = True) -> int:
    """Run schedules of ``machine`` and return how many; raises what a check or the code raises, with the steps."""
    chosen = settings(
        max_examples=schedules,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    done = 0

    class Counting(machine):  # type: ignore[misc, valid-type]
        def teardown(self) -> None:
            nonlocal done
            done += 1
            super().teardown()

    Counting.__name__ = Counting.__qualname__ = machine.__name__
    with simulated():
        run_state_machine_as_test(seed(number)(Counting), settings=chosen)
    return done

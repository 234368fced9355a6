"""A bounded run of the machines, with seeds that never change; ``make simulate`` runs longer, with others."""

from __future__ import annotations

import pytest

from tests.simulation.faulty_machine import FaultyMachine
from tests.simulation.kernel_machine import Kernel
from tests.simulation.line_machine import Line
from tests.simulation.running import run


@pytest.mark.parametrize(("machine", "schedules"), [(Kernel, 200), (Line, 200)], ids=["kernel", "line"])
def test_whatever_happens_in_whatever_order(machine: type[FaultyMachine], schedules: int) -> None:
    run(machine, schedules, number=1)

from __future__ import annotations

import pytest

from services.triage.tone.reading import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader()

"""Folders for DATA that leave nothing behind, and waiting on conditions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.embedded.postgres_place import postgres_place

MakeData = Callable[[], Path]


@pytest.fixture
def make_data() -> Iterator[MakeData]:
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="warmline-test-")))
        return made[-1]

    yield make
    for data in made:
        place = postgres_place(data)
        if place.account is not None:
            shutil.rmtree(place.directory.parent, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def data(make_data: MakeData) -> Path:
    return make_data()

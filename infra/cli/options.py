"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="DATA",
        file_okay=False,
        help="The folder that holds everything Warmline keeps.",
    ),
]
DEFAULT_DATA = Path(".data")

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

NatsNodes = Annotated[
    int, typer.Option(envvar="NATS_NODES", min=1, max=3, help="Embedded NATS servers for DATA: 1 or 3.")
]
Replicas = Annotated[
    int,
    typer.Option(
        envvar="WARMLINE_STREAM_REPLICAS", min=1, max=5, help="On how many servers of your own each stream stands."
    ),
]

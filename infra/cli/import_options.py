"""Arguments and options that the imports share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Export = Annotated[
    Path, typer.Argument(metavar="PATH", help="The export: a folder, a .zip, a .tar (.gz, .xz, .bz2) or a file.")
]
Community = Annotated[str, typer.Option(help="The community that the history belongs to.")]
Source = Annotated[
    str,
    typer.Option(help="Which workspace or server it comes from, in a word: that of the source of its live events."),
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Leave out what happened before that day, such as 2025-01-31; or: everything. What the care policy does "
        "not keep is left out in any case.",
    ),
]

KeyFile = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="The secret by which e-mail addresses become what stands for their owners. Else: the file that "
        "WARMLINE_EMAIL_KEY_FILE names, else email.key in DATA, made if it is not there.",
    ),
]

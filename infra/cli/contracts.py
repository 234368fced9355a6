"""`warmline contracts`: the published forms, for readers in other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.failure import failures_in_words
from infra.contract_documents import contract_documents
from infra.operator_error import OperatorError


def contracts(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them; made if it is missing.")],
) -> None:
    """Write the JSON Schemas of all events and commands, and an AsyncAPI document of the streams, into a folder.

    For example: warmline contracts docs/contracts
    """
    with failures_in_words():
        documents = contract_documents()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in documents.items():
                (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise OperatorError(
                f"{folder} cannot be written: {error.strerror}. Name a folder that you may write."
            ) from error
        typer.echo(f"{len(documents)} documents in {folder}")

"""`warmline nats-url`: where a program of yours connects to the embedded NATS."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.embedded.nats import nats_password
from infra.nats_users import INTEGRATOR, USERS, url_of
from infra.operator_error import OperatorError
from infra.run_file import running

_NAMES = tuple(user.name for user in USERS)


def nats_url(
    user: Annotated[str, typer.Argument(help=f"One of {', '.join(_NAMES)}.")] = INTEGRATOR, data: Data = DEFAULT_DATA
) -> None:
    """Print the address of the running NATS for a user, password included.

    An integrator reads TOUCHES and TOUCH_FACTS and nothing else; the operator may do everything.
    """
    with failures_in_words():
        if user not in _NAMES:
            raise OperatorError(f"There is no NATS user {user!r}. There are: {', '.join(_NAMES)}.")
        run = running(data)
        if run is None:
            raise OperatorError(
                f"No Warmline runs on {data.resolve()}. Start it with: warmline up. Where NATS is a server of your "
                "own, its configuration has the passwords."
            )
        typer.echo(url_of(run.nats_url, user, nats_password(data, user)))

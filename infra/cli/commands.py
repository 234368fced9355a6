"""The subcommands of `warmline`, each imported when it is asked for: all of them take more than a second."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS: Final = {
    "up": "infra.cli.up:up",
    "status": "infra.cli.status:status",
    "provision": "infra.cli.provision:provision",
    "verify": "infra.cli.verify:verify",
    "rebuild": "infra.cli.rebuild:rebuild",
    "backup": "infra.cli.backup:backup",
    "restore": "infra.cli.restore:restore",
    "reconcile": "infra.cli.reconcile:reconcile",
    "migrate-data": "infra.cli.migrate_data:migrate_data",
    "contracts": "infra.cli.contracts:contracts",
    "nats-url": "infra.cli.nats_url:nats_url",
    "dead": "infra.cli.dead:dead_app",
    "import": "infra.cli.imports:import_app",
    "policy": "infra.cli.policy:policy_app",
    "integrators": "infra.cli.integrators:integrators_app",
    "source": "infra.cli.sources:source_app",
    "tone": "infra.cli.tone:tone_app",
    "member": "infra.cli.members:member_app",
}
"""Where each is, in the order of ``--help``: a function, or the application of a group."""


class CommandsOnDemand(TyperGroup):
    """The group of all subcommands; ``--help`` imports every one, and a command only itself."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- as Typer has it
        """Return a command by name, None where there is none."""
        if self.commands.get(cmd_name) is None and cmd_name in COMMANDS:
            self.commands[cmd_name] = _imported(cmd_name, COMMANDS[cmd_name])
        return self.commands.get(cmd_name)


def _imported(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    alone = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_show_locals=False)
    alone.callback()(_no_options)  # with which even one command makes a group
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return cast("TyperGroup", get_command(alone)).commands[name]


def _no_options() -> None:
    """Do nothing."""

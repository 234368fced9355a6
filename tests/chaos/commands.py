"""`warmline` commands, run against a deployment as its operator would."""

from __future__ import annotations

import asyncio
import sys

from tests.chaos.deployment import Deployment

_COMMAND = (sys.executable, "-P", "-m", "infra.cli.main")


async def command(deployment: Deployment, *arguments: str) -> tuple[int, str]:
    """Return the exit code and all that was said."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *arguments,
        *("--data", str(deployment.data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, said.decode()

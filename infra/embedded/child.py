"""Child processes that never outlive this one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from infra.embedded.account import Account
from infra.log_file import open_log
from infra.operator_error import OperatorError

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """A signal, and the seconds that the process then has to end before the next step."""

    signal: signal.Signals
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run. `death_signal` is what the kernel sends to the child when this process is gone.

    `files` are the numbers of open files that the child inherits, under the same numbers.
    """

    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str]
    death_signal: signal.Signals
    cwd: Path | None = None
    account: Account | None = None
    files: tuple[int, ...] = ()


class Child:
    """One running child in a session of its own, so that Ctrl-C at the terminal does not reach it.

    Start children from the main thread only: the kernel ties their life to the *thread* that made them.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, spec: ChildSpec) -> Child:
        """Start the child; its output is appended to the log. Raises OperatorError if it cannot be executed."""
        account = spec.account
        with open_log(spec.log) as log:
            try:
                process = await asyncio.create_subprocess_exec(
                    *map(str, spec.argv),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=dict(spec.env),
                    cwd=spec.cwd,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                    start_new_session=True,
                    pass_fds=spec.files,
                    # subprocess calls this after the change of user, which would clear the setting.
                    preexec_fn=_die_with(os.getpid(), spec.death_signal),
                )
            except OSError as error:
                raise OperatorError(
                    f"{spec.argv[0]} cannot be started: {error.strerror}. "
                    "Check that it exists and is executable, or install Warmline again."
                ) from error
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session and group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        return await self._process.wait()

    async def stop(self, *steps: StopStep) -> int:
        """End the child: each step's signal in turn until it ends, SIGKILL to its whole group at last."""
        for step in steps:
            if self.returncode is not None:
                break
            self._process.send_signal(step.signal)
            try:
                await asyncio.wait_for(self._process.wait(), step.seconds)
            except TimeoutError:
                continue
        if self.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
        return await self._process.wait()


class OneChild:
    """Something that runs as one child at a time. Subclasses start it, and say how it is stopped."""

    stop_steps: ClassVar[tuple[StopStep, ...]]

    def __init__(self) -> None:
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running child; None if none runs."""
        return None if self._child is None or self._child.returncode is not None else self._child.pid

    async def wait(self) -> int:
        """Wait for the end of the running child; its exit code, negative for a signal."""
        if self._child is None:
            raise RuntimeError("wait() before start()")
        return await self._child.wait()

    async def stop(self) -> None:
        """Stop by `stop_steps`, with SIGKILL at last; does nothing if it is not running."""
        if self._child is not None:
            await self._child.stop(*self.stop_steps)


def describe_exit(code: int) -> str:
    """Put an exit code in words."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        # If the parent died before prctl took effect, no signal will come.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return before_exec

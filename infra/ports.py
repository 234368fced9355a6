"""Which ports a run listens on."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from infra.operator_error import OperatorError

FIRST_PORT = 8080
AUDITOR_PORT = "WARMLINE_AUDITOR_PORT"
_BACKLOG = 2048
"""So many connections wait while a process is started anew."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A port that was free and that no other Warmline on this machine takes while the claim is open."""

    port: int
    _holder: socket.socket

    def release(self) -> None:
        """Let others take the port."""
        self._holder.close()


def listen_at(claim: Claim, environ: Mapping[str, str]) -> socket.socket:
    """Listen at a claimed port, at WARMLINE_HOST where it is set, else on this machine only.

    Raises OperatorError when that cannot be.
    """
    host = environ.get("WARMLINE_HOST") or "127.0.0.1"
    try:
        return socket.create_server((host, claim.port), backlog=_BACKLOG)
    except OSError as error:
        raise OperatorError(
            f"Nobody can listen at {host}:{claim.port} ({error.strerror}): choose another PORT, or another address of "
            "this machine in WARMLINE_HOST."
        ) from error


def claim_public(port: int | None) -> tuple[Claim, Claim]:
    """Claim the ports of the desk and of ingest: `port` and the one after, or the first free pair from 8080 if None.

    Raises OperatorError if `port` is given and one of the two is taken or not allowed.
    """
    if port is not None:
        return _claim_given(port, "the desk", port), _claim_given(port + 1, "ingest (PORT + 1)", port)
    for candidate in range(FIRST_PORT, 65_535):
        if (pair := _claim_pair(candidate)) is not None:
            return pair
    raise OperatorError(f"No two neighbouring ports are free from {FIRST_PORT} on. Stop something, or set PORT.")


def claim_internal(remembered: int | None) -> Claim:
    """Claim a loopback port for an embedded server: the one of the last run if it is still free, else any."""
    if remembered is not None and (claim := _claim(remembered, "127.0.0.1")) is not None:
        return claim
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if (claim := _claim(port, "127.0.0.1")) is not None:
            return claim


def claim_auditor(environ: Mapping[str, str], remembered: int | None) -> Claim:
    """Claim the port of the auditor's metrics: WARMLINE_AUDITOR_PORT where it is set, else one that is free.

    Raises OperatorError if the one that is set is no port, taken or not allowed.
    """
    wanted = environ.get(AUDITOR_PORT)
    if not wanted or wanted == "0":
        return claim_internal(remembered)
    if not (wanted.isascii() and wanted.isdigit() and int(wanted) < 65_536):
        raise OperatorError(f"WARMLINE_AUDITOR_PORT is {wanted!r}: it must be a port from 1 to 65535.")
    try:
        claim = _claim(int(wanted), "")
    except PermissionError:
        claim = None
    if claim is None:
        raise OperatorError(
            f"Port {wanted} for the auditor's metrics (WARMLINE_AUDITOR_PORT) is taken or not allowed. Choose another, "
            "or leave it unset to get a free one."
        )
    return claim


def _claim_pair(port: int) -> tuple[Claim, Claim] | None:
    if (desk := _claim(port, "")) is None:
        return None
    if (ingest := _claim(port + 1, "")) is None:
        desk.release()
        return None
    return desk, ingest


def _claim_given(port: int, purpose: str, base: int) -> Claim:
    try:
        claim = _claim(port, "")
    except PermissionError:
        raise OperatorError(f"Port {port} for {purpose} needs root's rights. Choose a PORT of 1024 or more.") from None
    if claim is None:
        raise OperatorError(
            f"Port {port} for {purpose} is taken (PORT={base} was asked for). Stop what listens there, choose "
            "another PORT, or leave PORT unset to get the first free pair."
        )
    return claim


def _claim(port: int, host: str) -> Claim | None:
    # Between this check and the moment when the service listens, an abstract socket keeps other Warmlines away;
    # the kernel drops it with this process.
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0warmline-port-{port}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        holder.close()
        raise
    except OSError:
        holder.close()
        return None
    return Claim(port, holder)

"""The system account that PostgreSQL runs under when Warmline itself runs as root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from infra.operator_error import OperatorError

_CANDIDATES = ("nobody", "daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and its primary group."""

    name: str
    uid: int
    gid: int


def postgres_account() -> Account | None:
    """None if the current user may run PostgreSQL itself; for root, which PostgreSQL refuses, another account."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise OperatorError(
        f"PostgreSQL does not run as root, and this system has no account named {' or '.join(_CANDIDATES)}. "
        "Run warmline as an ordinary user, or create one of these accounts."
    )

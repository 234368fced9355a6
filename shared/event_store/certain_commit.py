"""A commit whose reply may be lost: it is looked up, never guessed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, Lease

_LOST_REPLY_SECONDS: Final = 30.0
_RETRY_SECONDS: Final = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who owns a shard, and how many transactions it has had."""

    owner: str
    epoch: int
    commits: int


def commit_for_certain(
    lease: Lease,
    commit: Commit,
    write: Callable[[Lease, Commit], bool],
    standing: Callable[[str], Standing],
    closed: Callable[[], bool],
) -> None:
    """Let ``write`` write ``commit``, surviving a lost reply; raises FencedError when the shard has another owner.

    A connection that breaks leaves the outcome unknown: the shard's ``standing`` is read again, and the commit is
    repeated only when it did not happen. It is given up, with the error of the connection, after half a minute or as
    soon as the store is ``closed``.
    """

    def happened() -> bool:
        now = standing(lease.shard)
        if (now.owner, now.epoch) != (lease.owner, lease.epoch):
            raise FencedError(lease.shard)
        return now.commits == commit.commits + 1

    until = time.monotonic() + _LOST_REPLY_SECONDS
    uncertain = False
    while True:
        try:
            if uncertain and happened():
                return
            if write(lease, commit):
                return
            if uncertain and happened():
                return
            raise FencedError(lease.shard)
        except (OperationalError, InterfaceError) as error:
            if closed() or time.monotonic() > until:
                raise
            log.warning("commit.uncertain", shard=lease.shard, head=commit.head, error=str(error))
            uncertain = True
            time.sleep(_RETRY_SECONDS)

"""A commit whose reply never came: it is recognised when it happened, and repeated only when it did not."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, Lease, Moved
from shared.event_store.store import PartitionStore
from tests.kernel.counter import START
from tests.kernel.cutting_proxy import Cut, CuttingProxy
from tests.kernel.kernel_tables import BLOCKED, contents, own, rows
from tests.kernel.test_commit import READER, events
from tests.waiting import until

COMMITS = [
    Commit(head=0, commits=0, clock=START, moved=Moved(reader=READER, expected=0, position=7), events=events(1, 3)),
    Commit(head=0, commits=0, clock=START, moved=Moved(reader=READER, expected=0, position=7), inbox=("one",)),
    Commit(head=0, commits=0, clock=START, inbox=("command:1",)),
]
NAMES = ["events", "only an inbox id", "no position"]


@pytest.fixture
def lease(store: PartitionStore, database_url: str) -> Lease:
    taken = own(database_url)
    store.open(taken, [READER])
    return taken


def applied_once(database_url: str, commit: Commit) -> None:
    held = contents(database_url)
    assert len(held["events"]) == len(commit.events)
    assert held["inbox"] == [(one,) for one in commit.inbox]
    assert held["shard"] == [(commit.new_head, 1, START)]


@pytest.mark.parametrize("commit", COMMITS, ids=NAMES)
@pytest.mark.parametrize("cut", ["before it arrives", "before the reply"])
def test_a_cut_connection(  # noqa: PLR0917
    store: PartitionStore, lease: Lease, proxy: CuttingProxy, database_url: str, cut: Cut, commit: Commit
) -> None:
    proxy.cut = cut
    store.commit(lease, commit)
    assert proxy.cuts == 1
    applied_once(database_url, commit)
    store.commit(lease, Commit(head=commit.new_head, commits=1, clock=START))


@pytest.mark.parametrize("commit", COMMITS, ids=NAMES)
def test_a_commit_that_still_runs_when_it_is_repeated(
    store: PartitionStore, lease: Lease, proxy: CuttingProxy, database_url: str, commit: Commit
) -> None:
    proxy.cut = "while it runs"
    with psycopg.connect(database_url) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT FROM service.shards FOR UPDATE")
        outcome = pool.submit(store.commit, lease, commit)
        until(lambda: len(rows(database_url, BLOCKED)) == 2)
        holder.rollback()
        outcome.result(60)
    applied_once(database_url, commit)


@pytest.mark.parametrize("commit", COMMITS, ids=NAMES)
def test_a_killed_backend(store: PartitionStore, lease: Lease, database_url: str, commit: Commit) -> None:
    with psycopg.connect(database_url) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT FROM service.shards FOR UPDATE")
        outcome = pool.submit(store.commit, lease, commit)
        until(lambda: rows(database_url, BLOCKED))
        rows(database_url, f"SELECT pg_terminate_backend(pid) FROM ({BLOCKED}) AS blocked")
        holder.rollback()
        outcome.result(60)
    applied_once(database_url, commit)


def test_a_takeover_while_the_outcome_is_unknown(
    store: PartitionStore, lease: Lease, proxy: CuttingProxy, database_url: str
) -> None:
    proxy.cut = "before it arrives"
    with psycopg.connect(database_url) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("UPDATE service.shards SET owner = 'another', epoch = epoch + 1")
        outcome = pool.submit(store.commit, lease, COMMITS[0])
        until(lambda: rows(database_url, BLOCKED))
        holder.commit()
        with pytest.raises(FencedError):
            outcome.result(60)
    assert contents(database_url)["events"] == []


def test_a_store_that_is_closed_is_not_tried_again(store: PartitionStore, lease: Lease) -> None:
    store.recorder.datastore.close()
    began = time.monotonic()
    with pytest.raises(OperationalError):
        store.commit(lease, COMMITS[0])
    assert time.monotonic() - began < 15, "an outage is borne for half a minute"

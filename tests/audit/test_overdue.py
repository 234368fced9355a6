"""How late a deadline may be before the auditor calls it missed."""

from __future__ import annotations

from infra.audit.overdue import GRACE, grace_in
from infra.looking.look import BusLook
from infra.looking.streams import StreamLook
from shared.batch_consumer import SETTLED_IN_CLUSTER
from shared.contracts.subjects import MEMBER_EVENTS


def bus(replicas: int) -> BusLook:
    return BusLook(streams=(StreamLook(name=MEMBER_EVENTS, config={"num_replicas": replicas}),), storage=0.0)


def test_with_one_server_a_deadline_may_be_late_by_the_grace() -> None:
    assert grace_in(bus(1)) == GRACE


def test_in_a_cluster_no_deadline_is_missed_that_only_waits_until_nothing_is_pending() -> None:
    assert grace_in(bus(3)) > SETTLED_IN_CLUSTER

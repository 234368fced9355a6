"""The reader of tone is loaded where texts are going to be read, before there are any, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.triage.readings import forget_reader, is_loaded
from services.triage.service import TriageService, triage_codec
from services.triage.tone_loading import load_aside, load_where_read
from shared.contracts.policy import Tone
from shared.event_store.recorder import Commit
from shared.event_store.store import PartitionStore
from shared.event_store.stored import EPOCH
from tests.kernel.kernel_tables import own, stores
from tests.triage.making import LONG_AGO
from tests.triage.partition import Partition
from tests.triage.people import ADA, care_policy, posted
from tests.waiting import until

ON = care_policy(tone=Tone(enabled=True, language="en"))
OFF = care_policy(tone=Tone(enabled=False))


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    forget_reader()
    with stores(database_url, codec=triage_codec()) as made:
        yield made[0]
    forget_reader()


@pytest.mark.parametrize("on", [False, True])
def test_a_partition_that_is_taken_over_has_it_where_a_policy_of_its_communities_turns_it_on(
    store: PartitionStore, database_url: str, *, on: bool
) -> None:
    load_where_read(store)
    assert not is_loaded()
    events, states = Partition(ON if on else OFF, stored=LONG_AGO).stored
    store.commit(own(database_url), Commit(head=0, commits=0, clock=EPOCH, events=events, states=states))
    load_where_read(store)
    assert is_loaded() == on


def test_a_policy_that_turns_it_on_says_so_once_and_one_that_does_not_never() -> None:
    told: list[str] = []
    service = TriageService(tone_turned_on=lambda: told.append("on"))
    acme = Partition(OFF, stored=LONG_AGO, service=service)
    acme.tell(posted(ADA, "m-1"), LONG_AGO + timedelta(hours=1))
    assert told == []
    acme.adopt(ON)
    assert told == ["on"]
    acme.tell(posted(ADA, "m-2"), LONG_AGO + timedelta(hours=2))
    assert told == ["on"]


def test_it_is_loaded_beside_what_goes_on() -> None:
    forget_reader()
    load_aside()
    until(is_loaded, seconds=60)
    forget_reader()

from __future__ import annotations

from datetime import datetime

import pytest

from shared.contracts.member_events import Surveyed
from tests.triage.making import at
from tests.triage.partition import Partition
from tests.triage.people import ADA, MIRA, posted
from tests.triage.reasons.days import acme, asked_for, on, reasons


def answered(partition: Partition, score: int, time: datetime) -> None:
    partition.tell(Surveyed(member=ADA, survey="nps-4", score=score), time)


@pytest.mark.parametrize(("score", "raised"), [(0, 1), (6, 1), (7, 0), (10, 0)])
def test_a_low_score(score: int, raised: int) -> None:
    partition = acme()
    answered(partition, score, at(0))
    partition.pass_time(at(9))
    assert len(partition.raised) == raised


def test_what_it_rests_on() -> None:
    partition = acme()
    answered(partition, 3, at(0))
    partition.pass_time(at(9))
    need = asked_for(partition, ADA, "low-survey")
    assert need is not None
    assert (need.urgency, need.values) == ("soon", {"score": 3, "survey": "nps-4"})
    assert need.thresholds == {"within_hours": 8.0, "at_most": 6}


def test_the_newest_answer_counts_whichever_arrives_first() -> None:
    for order in ((0, 1), (1, 0)):
        partition = acme()
        told = ((3, at(0)), (9, at(1)))
        for which in order:
            answered(partition, *told[which])
        partition.look_at_everything()
        assert partition.raised == []


def test_a_better_answer_ends_it_and_a_worse_one_does_not() -> None:
    partition = acme()
    answered(partition, 5, at(0))
    partition.pass_time(at(9))
    answered(partition, 2, at(10))
    assert reasons(partition, ADA) == ["low-survey"]
    answered(partition, 8, at(11))
    assert reasons(partition, ADA) == []
    assert partition.gone[-1].cause == "a better answer"


def test_a_word_of_the_team_is_enough() -> None:
    partition = acme()
    answered(partition, 2, at(0))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), at(1))
    partition.look_at_everything()
    assert partition.raised == []


def test_what_is_long_past_is_forgotten() -> None:
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps-1", score=0), on(-60), stored=on(0))
    partition.look_at_everything()
    assert partition.raised == []

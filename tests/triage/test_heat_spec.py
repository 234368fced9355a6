from __future__ import annotations

from datetime import timedelta

import pytest

from services.triage.heat import HEAT
from services.triage.reasons.heated import quickens, strength
from services.triage.tone_facts import HeatFelt, NoteTalk, TalkHeard
from tests.triage.making import ADA, BEA, at
from tests.triage.signs import sign, told
from tests.triage.spec import given

MINUTE = 1 / 60


def insult(minutes: float, *, by: object = ADA, score: float = 0.5) -> HeatFelt:
    return HeatFelt(member=by, evidence=told(minutes * MINUTE), score=score)  # type: ignore[arg-type]


def talk(minutes: float) -> NoteTalk:
    return NoteTalk(at=at(minutes * MINUTE), within=timedelta(hours=2))


def test_an_insult_that_the_budget_shows_is_a_need_about_who_wrote_it() -> None:
    [felt, event] = HEAT.decide(sign("hostility", 0), HEAT.initial)
    assert felt == HeatFelt(member=ADA, evidence=told(0), score=0.9)
    need = event.need
    assert (need.reason, need.member, need.urgency, need.conversation) == ("heated", ADA, "soon", "c-51")
    assert need.values["people_insulting"] == 1


def test_an_insult_that_is_not_shown_is_remembered_and_speaks_with_the_next() -> None:
    after = given(HEAT).after(sign("hostility", 0, shown_from=None), sign("hostility", 1, member=BEA))
    [need] = after.state.needs
    assert (need.values["insults"], need.values["people_insulting"], len(need.evidence)) == (2, 2, 2)


def test_an_insult_long_ago_does_not() -> None:
    after = given(HEAT).after(sign("hostility", 0, shown_from=None), sign("hostility", 9, member=BEA))
    assert after.state.needs[0].values["insults"] == 1


def test_two_who_insult_each_other_are_more_heated_than_one_who_does_so_twice() -> None:
    one, two = (insult(0), insult(1)), (insult(0), insult(1, by=BEA))
    assert strength(one[:1], ()) == 0.5
    assert strength(one[:1], ()) < strength(one, ()) < strength(two, ()) < 1
    assert strength((insult(0, score=1.0),), ()) < 1


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((0, 20, 40, 60, 61, 62, 63), True),
        ((0, 10, 20, 30, 40, 50, 60), False),
        ((0, 1, 2, 3), False),
        ((0, 200, 400, 600, 660, 720, 780), False),
        ((63, 62, 61, 60, 40, 20, 0), True),
    ],
)
def test_a_tempo_rises_when_the_later_half_comes_twice_as_fast_and_fast(minutes: list[int], expected: bool) -> None:
    times = [at(minute * MINUTE) for minute in minutes]
    assert quickens(times) is expected
    assert (strength((insult(0),), times) > 0.5) is expected


def test_posts_are_noted_for_a_while_after_an_insult_and_not_otherwise() -> None:
    given(HEAT).when(talk(0)).then()
    insulted = given(HEAT).after(sign("hostility", 0, shown_from=None))
    insulted.when(talk(5)).then(TalkHeard(at=at(5 * MINUTE)))
    insulted.when(talk(-5)).then()
    insulted.when(talk(121)).then()
    insulted.after(*[talk(minute) for minute in range(1, 13)]).when(talk(13)).then()

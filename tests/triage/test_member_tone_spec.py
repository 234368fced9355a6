from __future__ import annotations

from typing import Any

import pytest

from services.triage.member_tone import TONE
from services.triage.needs import CloseNeed, NeedClosed, NeedFound
from services.triage.reasons.frustration import strength
from services.triage.tone_facts import FrustrationHeard, OptOutOfTone, ToneOptedIn, ToneOptedOut
from tests.triage.making import at
from tests.triage.signs import sign, told
from tests.triage.spec import Given, given

OUT, BACK = OptOutOfTone(opted_out=True, at=at(0)), OptOutOfTone(opted_out=False, at=at(1))


def found(after: Given[Any]) -> list[tuple[str, str, int]]:
    return [(need.reason, need.urgency, len(need.evidence)) for need in after.state.needs]


def test_distress_that_the_budget_shows_is_a_need_with_its_measure_and_threshold() -> None:
    [event] = TONE.decide(sign("distress", 1), TONE.initial)
    assert isinstance(event, NeedFound)
    need = event.need
    assert (need.urgency, need.strength, need.evidence) == ("soon", 1.12, (told(1),))
    assert need.values == {"distress": 0.9, "found_at": "5-12", "reader": "lists-model", "crisis": False}
    assert need.thresholds == {"alerts_per_thousand": 1.0, "distress": 0.8}


def test_distress_that_the_budget_does_not_show_leaves_nothing() -> None:
    given(TONE).when(sign("distress", 1, shown_from=None)).then()


def test_crisis_wording_is_urgent_whatever_the_budget_and_each_time() -> None:
    crisis = [sign("distress", hours, score=1.0, crisis=True, shown_from=None) for hours in range(3)]
    assert found(given(TONE).after(*crisis)) == [("distress", "urgent", 3)]


def test_crisis_wording_makes_a_need_that_stands_urgent() -> None:
    after = given(TONE).after(sign("distress", 1), sign("distress", 2, crisis=True, shown_from=None))
    assert found(after) == [("distress", "urgent", 2)]


def test_evidence_that_adds_up_has_an_end() -> None:
    crisis = [sign("distress", hours, crisis=True) for hours in range(30)]
    need = given(TONE).after(*crisis).state.needs[0]
    assert [one.event for one in need.evidence] == ["event:0", *(f"event:{hours}" for hours in range(23, 30))]


@pytest.mark.parametrize("kind", ["distress", "frustration", "gratitude"])
def test_of_who_opted_out_nothing_is_noted_until_they_take_it_back(kind: Any) -> None:
    out = given(TONE).when(OUT).then(ToneOptedOut(at=at(0)))
    out.when(sign(kind, 1, crisis=kind == "distress")).then()
    assert out.when(BACK).then(ToneOptedIn(at=at(1))).after(sign(kind, 2)).state.needs


def test_the_later_word_holds_whichever_arrives_first_and_the_same_twice_says_nothing() -> None:
    back = given(TONE).after(OUT, BACK)
    back.when(OUT).then()
    back.when(BACK).then()


def test_opting_out_forgets_the_signs_there_were() -> None:
    after = given(TONE).after(sign("frustration", 0, shown_from=None), OUT)
    assert after.state.frustrated == ()


def test_frustration_is_surer_the_more_often_it_is_heard_within_the_time() -> None:
    heard = [FrustrationHeard(evidence=told(hours), score=0.5) for hours in (0, 1)]
    assert strength(heard, sign("frustration", 1.5, score=0.5)) == 0.875
    assert strength(heard, sign("frustration", 1, score=0.5)) == 0.75, "the same message, edited, counts once"
    assert strength(heard, sign("frustration", 9, score=0.5)) == 0.5


def test_frustration_brings_what_was_said_before_as_evidence() -> None:
    after = given(TONE).after(sign("frustration", 0, shown_from=None), sign("frustration", 1))
    assert found(after) == [("frustration", "routine", 2)]
    assert after.state.needs[0].values["messages"] == 2


def test_a_thanks_that_the_budget_shows_is_a_light_need_once() -> None:
    after = given(TONE).after(sign("gratitude", 0))
    assert found(after) == [("thanks", "routine", 1)]
    after.when(sign("gratitude", 1)).then()


def test_what_was_settled_may_come_again() -> None:
    settled = CloseNeed(touch="t-1", outcome="reached", reason="thanks")
    closed = given(TONE).after(sign("gratitude", 0)).when(settled)
    again = closed.then(NeedClosed(touch="t-1", outcome="reached", reason="thanks"))
    assert found(again.after(sign("gratitude", 1))) == [("thanks", "routine", 1)]

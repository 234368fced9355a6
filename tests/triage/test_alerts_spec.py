from __future__ import annotations

import random

from services.triage.alerts import (
    ALERTS,
    KEPT,
    AlertGiven,
    AlertJudged,
    AlertsState,
    CountMessages,
    JudgeAlert,
    MessagesCounted,
    ScoreSeen,
    WeighScore,
)
from services.triage.tone.calibration import step_of
from tests.triage.spec import given

SURE = WeighScore(kind="distress", score=0.95, per_thousand=1.0)
UNSURE = WeighScore(kind="distress", score=0.6, per_thousand=1.0)


def test_messages_are_counted() -> None:
    given(ALERTS).when(CountMessages(messages=32)).then(MessagesCounted(messages=32))


def test_the_first_sure_sign_of_a_new_community_is_shown_and_the_next_waits_for_messages_enough() -> None:
    after = given(ALERTS).when(SURE).happens()
    assert after.state.classes["distress"].given == 1
    after.when(SURE).then(ScoreSeen(kind="distress", step=step_of(0.95)))
    later = after.after(CountMessages(messages=2_300)).when(SURE).happens()
    assert later.state.classes["distress"].given == 2


def test_no_more_than_the_budget_is_shown_though_messages_are_counted_by_chance() -> None:
    """Of 5,700 messages 6,000 may be counted; five alerts are within 1 of 1,000, six are not."""
    after = given(ALERTS).after(CountMessages(messages=6_000), *[SURE] * 10)
    assert after.state.classes["distress"].given == 5


def test_an_unsure_sign_is_not_shown_where_little_is_known() -> None:
    given(ALERTS).when(UNSURE).then(ScoreSeen(kind="distress", step=step_of(0.6)))


def test_where_stronger_signs_are_rare_weaker_ones_are_shown() -> None:
    state = given(ALERTS).after(CountMessages(messages=20_000)).when(UNSURE).happens().state
    assert state.classes["distress"].given == 1


def test_each_class_has_a_budget_of_its_own() -> None:
    state = given(ALERTS).after(SURE, WeighScore(kind="hostility", score=0.95, per_thousand=1.0)).state
    assert {kind: one.given for kind, one in state.classes.items()} == {"distress": 1, "hostility": 1}


def test_what_was_not_needed_makes_the_next_stricter_and_what_was_right_takes_it_back() -> None:
    wrong, right = JudgeAlert(kind="distress", right=False), JudgeAlert(kind="distress", right=True)
    given(ALERTS).when(wrong).then(AlertJudged(kind="distress", right=False))
    known = given(ALERTS, MessagesCounted(messages=20_000))
    assert isinstance(ALERTS.decide(UNSURE, known.state)[-1], AlertGiven)
    judged = known.after(*[wrong] * 24)
    assert not any(isinstance(event, AlertGiven) for event in ALERTS.decide(UNSURE, judged.state))
    mended = judged.after(*[right] * 30)
    assert isinstance(ALERTS.decide(UNSURE, mended.state)[-1], AlertGiven)


def test_a_rough_community_and_a_gentle_one_have_the_same_share_of_alerts() -> None:
    """Also while a community's messages become rougher, alerts stay within the budget."""
    chance = random.Random(1)
    for often in (0.3, 0.02):
        state, shown = AlertsState(), 0
        for at in range(60_000):
            if at % 32 == 0:
                state = ALERTS.fold(ALERTS.decide(CountMessages(messages=32), state), state)
            if chance.random() < often / 20:  # every twentieth of them, to be quick
                weigh = WeighScore(kind="hostility", score=chance.random(), per_thousand=1.0)
                events = ALERTS.decide(weigh, state)
                shown += any(isinstance(event, AlertGiven) for event in events)
                state = ALERTS.fold(events, state)
        assert 0.3 <= shown / 60 <= 1.02


def test_older_messages_fade() -> None:
    state = given(ALERTS).after(SURE, SURE, CountMessages(messages=KEPT), CountMessages(messages=2)).state
    assert state.messages == KEPT // 2 + 1
    assert sum(state.classes["distress"].counts) == 1
    assert state.classes["distress"].given == 0

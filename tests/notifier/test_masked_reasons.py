"""What an integrator without the scope ``sensitive`` can make of a touch that it reads with care."""

from __future__ import annotations

from itertools import product
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from services.ingest.platforms.facts import member_fact_id, moderation_id
from services.notifier.deliveries.event_form import CHECK_IN, SENSITIVE, shown
from shared.contracts.names import Reason, digest
from shared.contracts.needs_touch import Evidence, NeedsTouch, NeedsTouchEvent, TouchReason
from shared.contracts.policy import Integrator
from tests.notifier.people import MONDAY, met, need, reason, revised, withdrawn
from tests.triage.test_care_spec import caring, touch_of

CRM = Integrator(name="crm", url="https://crm.example.org/", community="acme")


def seen(event: str) -> tuple[Evidence, ...]:
    return (Evidence(source="/discord/guild", event=event, time=MONDAY),)


MODERATION, LEAVING = seen(moderation_id("ada", "ban", "1")), seen(member_fact_id("left", "ada", "1"))
JOINING = seen("joined:ada")
MODERATED, FAREWELL = reason("moderated", evidence=MODERATION), reason("farewell", evidence=LEAVING)
WELCOME = reason("welcome", evidence=JOINING)


def touch(*reasons: TouchReason) -> NeedsTouch:
    """Return a touch that the last of its reasons has just joined."""
    evidence = tuple(one for each in reasons for one in each.evidence)
    return need(revision=len(reasons), reason=reasons[-1].reason, reasons=reasons, evidence=evidence)


def body(event: NeedsTouchEvent) -> str:
    return msgspec.json.encode(shown(event, CRM)).decode()


@pytest.mark.parametrize("name", sorted(SENSITIVE))
def test_a_touch_is_not_named_after_its_reason(name: str) -> None:
    """Whoever has the id cannot find the reason by trying all that there are."""
    raised = touch_of(caring(reason(name)))
    for tried, episode in product(get_args(Reason), range(1, 50)):
        assert raised.touch != f"t-{digest(raised.community, tried, raised.about, str(episode))}"


@pytest.mark.parametrize(
    "event",
    [
        touch(MODERATED),
        touch(FAREWELL),
        touch(MODERATED, WELCOME),
        touch(WELCOME, FAREWELL),
        need(reason="moderated", evidence=MODERATION),
        revised(touch(MODERATED, WELCOME), "welcome"),
        replace(revised(touch(MODERATED, WELCOME), "welcome"), evidence=MODERATION),
        replace(revised(touch(FAREWELL, WELCOME), "farewell"), evidence=LEAVING, remains=touch(WELCOME)),
        replace(withdrawn(touch(MODERATED)), evidence=MODERATION),
        replace(met(touch(FAREWELL), "mira"), evidence=LEAVING),
    ],
)
def test_no_evidence_says_by_its_name_what_is_told_as_a_check_in(event: NeedsTouchEvent) -> None:
    told = body(event)
    assert CHECK_IN in told
    for word in ("moderate", "left:", "farewell"):
        assert word not in told


def test_the_evidence_of_what_is_told_stays() -> None:
    told = shown(touch(MODERATED, WELCOME), CRM)
    assert isinstance(told, NeedsTouch)
    assert (told.evidence, [one.evidence for one in told.reasons]) == (JOINING, [JOINING, ()])
    ended = replace(withdrawn(touch(WELCOME)), evidence=LEAVING)
    assert shown(ended, CRM) == ended


def test_no_weight_tells_crisis_wording_from_any_check_in() -> None:
    """Neither a figure nor the place among the reasons."""
    unanswered = reason("unanswered", urgency="soon", care_load=2, importance=2.0)
    grave, slight = (
        reason("distress", urgency="urgent", care_load=8, importance=8.0),
        reason("farewell", urgency="soon", care_load=3, importance=2.0),
    )

    def told(*reasons: TouchReason, **touched: object) -> NeedsTouch:
        event = shown(replace(touch(*reasons), **touched), CRM)
        assert isinstance(event, NeedsTouch)
        return event

    alone = told(grave, urgency="urgent", care_load=8, importance=8.0)
    assert alone == told(slight, urgency="soon", care_load=3, importance=2.0)
    assert (alone.urgency, alone.care_load, alone.importance) == ("routine", 1, 0.0)
    joined = told(grave, unanswered, urgency="urgent", care_load=9, importance=9.0)
    assert joined == told(slight, unanswered, urgency="soon", care_load=4, importance=3.0)
    assert joined == told(unanswered, grave, reason="unanswered", urgency="urgent", care_load=9, importance=9.0)
    assert (joined.urgency, joined.care_load, joined.importance) == ("soon", 3, 0.0)


def test_how_a_comment_on_a_survey_sounds_is_not_told() -> None:
    values = {"score": 9, "survey": "nps", "contradicted_by": "distress", "distress": 0.9, "found_at": "1-9"}
    thresholds = {"at_most": 6, "within_hours": 8.0, "distress": 0.8, "alerts_per_thousand": 1.0}
    answer = reason("low-survey", values=values, thresholds=thresholds, difference="a fainter sign in the comment")
    alone = replace(touch(answer), values=values, thresholds=thresholds)
    for event in (alone, touch(answer, WELCOME), touch(answer, FAREWELL), revised(touch(answer, WELCOME), "welcome")):
        told = body(event)
        assert '"low-survey"' in told
        assert '"score":9' in told
        for word in ("distress", "contradict", "found_at", "comment", "alerts"):
            assert word not in told
    granted = Integrator(name="crm", url=CRM.url, community=CRM.community, scopes=("sensitive",))
    assert shown(alone, granted) == alone


@pytest.mark.parametrize("after", ["distress", "low-survey"])
def test_a_follow_up_is_told_alike_from_its_beginning_to_its_end(after: str) -> None:
    """Its end does not say what it followed: it is a check-in there, and so it is before."""
    follow_up = reason("follow-up", values={"after": after})
    raised = touch(follow_up, WELCOME)
    for event in (touch(follow_up), raised, revised(raised, "follow-up"), withdrawn(touch(follow_up))):
        assert "follow-up" not in body(event)
        assert CHECK_IN in body(event)

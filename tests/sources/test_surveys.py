"""Surveys. Payloads: typeform.com/developers/webhooks/example-payload and tally.so/help/webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from services.ingest.platforms import tally, typeform
from services.ingest.platforms.reading import HookSettings, NotUnderstoodError, Reading
from shared.contracts.member_events import Surveyed
from tests.sources.reading import delivery, only_fact, why_passed

NPS = {"type": "number", "number": 3, "field": {"id": "k6TP9oLGgHjl", "type": "opinion_scale", "ref": "recommend"}}
ANSWERS = [
    {"type": "email", "email": "laura@example.com", "field": {"id": "SMEUb7VJz92Q", "type": "email"}},
    {"type": "number", "number": 5, "field": {"id": "NRsxU591jIW9", "type": "number", "ref": "age"}},
    NPS,
    {"type": "text", "text": "Hard to begin.", "field": {"id": "JwWggjAKtOkA", "type": "long_text", "ref": "why"}},
]
FIELDS = [
    {"key": "question_1", "label": "E-mail", "type": "INPUT_EMAIL", "value": "laura@example.com"},
    {"key": "question_2", "label": "Would you recommend us?", "type": "LINEAR_SCALE", "value": 3},
    {"key": "question_3", "label": "Why?", "type": "TEXTAREA", "value": "Hard to begin."},
]


def typeform_answer(
    settings: HookSettings | None = None, *, hidden: Any = None, answers: Any = None, **response: Any
) -> Reading:
    whole = {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "submitted_at": "2018-01-18T18:17:02Z",
        "landed_at": "2018-01-18T18:07:02Z",
        "hidden": {"member": "u1"} if hidden is None else hidden,
        "answers": ANSWERS if answers is None else answers,
        **response,
    }
    payload = {"event_id": "LtWXD3crgy", "event_type": "form_response", "form_response": whole}
    return typeform.read(delivery(payload), settings or HookSettings())


def tally_answer(settings: HookSettings | None = None, *, hidden: Any = None, fields: Any = None) -> Reading:
    named = {"member": "u1"} if hidden is None else hidden
    all_fields = [*(FIELDS if fields is None else fields)]
    all_fields += [
        {"key": f"h_{name}", "label": name, "type": "HIDDEN_FIELDS", "value": value} for name, value in named.items()
    ]
    data = {"responseId": "2wgx4n", "submissionId": "2wgx4n", "respondentId": "dwQKYm", "formId": "VwbNEw"}
    payload = {"eventId": "a4cb", "eventType": "FORM_RESPONSE", "createdAt": "2023-06-28T15:00:21.889Z"}
    return tally.read(delivery({**payload, "data": {**data, "fields": all_fields}}), settings or HookSettings())


PLATFORMS = [pytest.param(typeform_answer, id="typeform"), pytest.param(tally_answer, id="tally")]


@pytest.mark.parametrize("answer", PLATFORMS)
def test_a_score_and_its_reason_are_kept_and_no_address(answer: Any) -> None:
    fact = only_fact(answer())
    assert isinstance(fact.data, Surveyed)
    assert (fact.data.member.id, fact.data.score, fact.data.comment) == ("u1", 3, "Hard to begin.")
    assert fact.id in {"survey:a3a12ec67a1365927098a606107fac15", "survey:2wgx4n"}
    assert "laura" not in repr(fact)


@pytest.mark.parametrize("answer", PLATFORMS)
def test_an_answer_without_a_member_is_anonymous(answer: Any) -> None:
    assert why_passed(answer(hidden={"utm": "x"})) == "no-member"
    assert why_passed(answer(hidden={"member": ""})) == "no-member"


@pytest.mark.parametrize("answer", PLATFORMS)
@pytest.mark.parametrize("member", ["laura@example.com", ["u1"], {"id": 1}])
def test_what_is_no_id_is_refused(answer: Any, member: Any) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        answer(hidden={"member": member})
    assert "laura" not in str(caught.value)


def test_the_questions_and_the_hidden_field_may_be_named() -> None:
    settings = HookSettings(member_field="user", score_field="age", comment_field="nothing")
    fact = only_fact(typeform_answer(settings, hidden={"user": 7}))
    assert isinstance(fact.data, Surveyed)
    assert (fact.data.member.id, fact.data.score, fact.data.comment) == ("7", 5, None)
    settings = HookSettings(score_field="question_2", comment_field="Why?")
    assert only_fact(tally_answer(settings)) == only_fact(tally_answer())


@pytest.mark.parametrize("score", [11, -1, 2.5, 1e300])
def test_a_score_is_a_whole_number_from_0_to_10(score: float) -> None:
    with pytest.raises(NotUnderstoodError, match="0 to 10"):
        typeform_answer(answers=[{**NPS, "number": score}])
    with pytest.raises(NotUnderstoodError, match="0 to 10"):
        tally_answer(fields=[{**FIELDS[1], "value": score}])


def test_an_answer_without_a_score_is_passed() -> None:
    assert why_passed(typeform_answer(answers=ANSWERS[:2])) == "of-no-concern"
    assert why_passed(tally_answer(fields=FIELDS[2:])) == "of-no-concern"
    assert why_passed(typeform.read(delivery({"event_type": "other"}), HookSettings())) == "of-no-concern"

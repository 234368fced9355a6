from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from services.triage.readings import shared_reader
from services.triage.stream_ids import alerts_stream
from services.triage.tone.languages import UNKNOWN
from services.triage.tone.reading import Reader, Reading
from shared.contracts.member_events import Member, Surveyed, Updated
from shared.contracts.policy import Identity, Tone
from shared.contracts.policy_rules import LowSurveyRule
from shared.contracts.rules_of_segment import LowSurveyOfSegment
from shared.contracts.tone_rules import DistressRule, FrustrationRule
from shared.contracts.warmline_facts import ToneOptOut
from tests.triage.making import at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, MIRA, posted
from tests.triage.reasons.days import VIP, acme, asked_for, on, reasons
from tests.triage.signs import CRISIS, DISTRESS, INSULT, THANKS

ON = Tone(enabled=True, language="en")
OFF = DistressRule(enabled=False)


def answered(partition: Partition, score: int, time: datetime, member: Member = ADA) -> None:
    partition.tell(Surveyed(member=member, survey="nps-4", score=score), time)


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


def test_which_score_is_low_may_differ_by_segment() -> None:
    own = LowSurveyOfSegment(segment="vip", at_most=8, within_hours=2)
    partition = acme(segments=(VIP,), low_survey=LowSurveyRule(by_segment=(own,)))
    partition.tell(Updated(member=ADA, tags=("vip",)), at(-1))
    for member in (ADA, BEA):
        answered(partition, 8, at(0), member)
    partition.pass_time(at(9))
    assert [(need.member.id, need.segment, need.raised_at, dict(need.thresholds)) for need in partition.raised] == [
        ("ada", "vip", at(2), {"within_hours": 2, "at_most": 8})
    ]


@pytest.mark.parametrize(("better", "left"), [(8, []), (6, ["low-survey"])])
def test_an_answer_is_better_by_what_is_low_in_ones_own_segment(better: int, left: list[str]) -> None:
    own = LowSurveyOfSegment(segment="vip", at_most=9)
    partition = acme(segments=(VIP,), low_survey=LowSurveyRule(by_segment=(own,)))
    answered(partition, 5, at(0))
    partition.pass_time(at(9))
    answered(partition, better, at(10))
    assert reasons(partition, ADA) == left


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


GOOD = "Your docs are the best there are."


def commented(partition: Partition, score: int, comment: str, time: datetime, member: Member = ADA) -> None:
    partition.tell(Surveyed(member=member, survey="nps-4", score=score, comment=comment), time)


def reading(**rule: Any) -> Partition:
    return acme(tone=ON, low_survey=LowSurveyRule(**rule), distress=OFF, frustration=FrustrationRule(enabled=False))


def test_a_comment_that_contradicts_a_good_score() -> None:
    partition = reading()
    commented(partition, 9, INSULT, at(0))
    assert partition.raised == []
    partition.pass_time(at(9))
    need = asked_for(partition, ADA, "low-survey")
    assert need is not None
    assert [one.event for one in need.evidence] == [partition.event_id]
    places = need.values.pop("found_at")
    assert INSULT[slice(*(int(end) for end in str(places).split()[0].split("-")))] == "You are a pathetic"
    hostility, reader = need.values.pop("hostility"), need.values.pop("reader")
    assert (hostility, reader) == (0.996, shared_reader().version)
    assert need.values == {"score": 9, "survey": "nps-4", "contradicted_by": "hostility"}
    assert need.thresholds == {"within_hours": 8.0, "at_most": 6, "hostility": 0.996, "alerts_per_thousand": 1.0}
    assert need.difference == "a fainter sign in the comment, or a word of the team within 8 h"


def test_one_that_speaks_of_distress_asks_for_a_word_on_that_too() -> None:
    partition = acme(tone=ON)
    commented(partition, 10, DISTRESS, at(0))
    partition.pass_time(at(9))
    assert reasons(partition, ADA) == ["distress", "low-survey"]


def test_one_at_the_end_of_its_patience_where_the_budget_has_room() -> None:
    partition = reading(alerts_per_thousand=100)
    for number in range(200):
        partition.tell(posted(BEA, f"m-{number}", text="The build is green again."), at(-1))
    commented(partition, 8, "I gave up on linking the rings.", at(0))
    commented(partition, 8, "I'm fed up with this nonsense, for the hundredth time.", at(0), BEA)
    partition.pass_time(at(9))
    assert [(need.member.id, need.values["contradicted_by"]) for need in partition.raised] == [("bea", "frustration")]


@pytest.mark.parametrize("comment", [GOOD, THANKS, CRISIS])
def test_any_other_comment_contradicts_nothing(comment: str) -> None:
    partition = reading()
    commented(partition, 9, comment, at(0))
    partition.look_at_everything()
    assert "low-survey" not in {need.reason for need in partition.raised}


def test_crisis_wording_asks_for_somebody_at_once_whatever_the_score() -> None:
    for score in (2, 9):
        partition = reading()
        commented(partition, score, CRISIS, at(0))
        assert [(need.reason, need.urgency) for need in partition.raised] == [("distress", "urgent")]


def test_what_contradicts_a_score_is_told_by_what_is_low_in_the_member_s_segment() -> None:
    lenient = LowSurveyOfSegment(segment="everyone", at_most=3)
    for score, values in ((5, {"hostility", "contradicted_by", "found_at", "reader"}), (3, set())):
        partition = reading(by_segment=(lenient,))
        commented(partition, score, INSULT, at(0))
        partition.pass_time(at(9))
        need = asked_for(partition, ADA, "low-survey")
        assert need is not None
        assert set(need.values) == {"score", "survey"} | values
        assert need.thresholds["at_most"] == 3


def test_a_low_score_says_it_without_its_comment() -> None:
    partition = reading()
    commented(partition, 3, INSULT, at(0))
    partition.pass_time(at(9))
    need = asked_for(partition, ADA, "low-survey")
    assert need is not None
    assert need.values == {"score": 3, "survey": "nps-4"}


@pytest.mark.parametrize("tone", [Tone(), Tone(enabled=True, communities=("other",))])
def test_no_comment_is_read_where_tone_is_not(tone: Tone, monkeypatch: pytest.MonkeyPatch) -> None:
    read, reads = [], Reader.read

    def noting(self: Reader, texts: list[str], usual: str = UNKNOWN) -> list[Reading]:
        read.append(texts)
        return reads(self, texts, usual)

    monkeypatch.setattr(Reader, "read", noting)
    partition = acme(tone=tone)
    commented(partition, 9, INSULT, at(0))
    partition.look_at_everything()
    assert (partition.raised, read) == ([], [])


def opt_out(partition: Partition, hours: float) -> None:
    member = Identity(platform="discord", id="ada")
    partition.tell(ToneOptOut(community=COMMUNITY, member=member, opted_out=True), at(hours))


@pytest.mark.parametrize("hours", [-1, 1, 9])
def test_nobody_is_asked_about_the_comment_of_who_opted_out(hours: float) -> None:
    partition = reading()
    told = [(0, lambda: commented(partition, 9, INSULT, at(0))), (hours, lambda: opt_out(partition, hours))]
    for _, tell in sorted(told, key=lambda one: one[0]):
        tell()
    partition.look_at_everything()
    assert reasons(partition, ADA) == []


def test_who_opted_out_still_said_a_low_score() -> None:
    partition = reading()
    opt_out(partition, -1)
    commented(partition, 2, INSULT, at(0))
    partition.look_at_everything()
    assert reasons(partition, ADA) == ["low-survey"]


def test_the_comments_of_the_team_are_not_read() -> None:
    partition = reading()
    commented(partition, 9, INSULT, at(0), MIRA)
    partition.look_at_everything()
    assert partition.raised == []


def test_nothing_is_asked_where_the_rule_is_off() -> None:
    partition = reading(enabled=False)
    commented(partition, 9, INSULT, at(0))
    partition.look_at_everything()
    assert partition.raised == []


def test_a_better_score_that_its_comment_contradicts_is_no_better_answer() -> None:
    partition = reading()
    answered(partition, 2, at(0))
    partition.pass_time(at(9))
    commented(partition, 9, INSULT, at(10))
    assert reasons(partition, ADA) == ["low-survey"]
    commented(partition, 9, GOOD, at(11))
    assert reasons(partition, ADA) == []


def test_a_kinder_answer_takes_a_comment_back_before_anybody_is_asked() -> None:
    partition = reading()
    commented(partition, 9, INSULT, at(0))
    commented(partition, 9, GOOD, at(1))
    partition.look_at_everything()
    assert partition.raised == []


def test_a_word_of_the_team_is_enough_for_a_comment_too() -> None:
    partition = reading()
    commented(partition, 9, INSULT, at(0))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), at(1))
    partition.look_at_everything()
    assert partition.raised == []


def test_comments_have_an_alert_budget_that_learns() -> None:
    partition = reading()
    commented(partition, 9, INSULT, at(0))
    commented(partition, 9, INSULT, at(1), BEA)
    partition.pass_time(at(20))
    assert [need.member.id for need in partition.raised] == ["ada"]
    partition.settle(partition.touches[0], at(21), "not-needed")
    classes = partition.state(alerts_stream(COMMUNITY)).classes
    assert {kind: (one.given, one.stricter) for kind, one in classes.items()} == {"contradiction": (1, 1)}


def test_a_low_score_teaches_that_budget_nothing() -> None:
    partition = reading()
    answered(partition, 2, at(0))
    partition.pass_time(at(9))
    partition.settle(partition.touches[0], at(10), "not-needed")
    assert partition.state(alerts_stream(COMMUNITY)).classes == {}


def test_comments_that_are_read_together_are_found_as_each_alone() -> None:
    alone, together = reading(), reading()
    texts = (GOOD, INSULT, DISTRESS, INSULT)
    events = [
        (Surveyed(member=Member(id=f"u-{number}"), survey="nps", score=9, comment=text), at(number))
        for number, text in enumerate(texts)
    ]
    for data, time in events:
        alone.tell(data, time)
    together.tell_together(events)
    for one in (alone, together):
        one.look_at_everything()
    assert [need.member.id for need in alone.raised] == ["u-1"]
    assert (together.events, together.states) == (alone.events, alone.states)

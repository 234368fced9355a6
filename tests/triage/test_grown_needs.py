"""While somebody is asked, further signs ask nobody again; the open touch learns what has grown notably."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.triage.heat import HEAT
from services.triage.member_tone import TONE
from services.triage.stream_ids import alerts_stream
from shared.contracts.member_events import Left, Member
from shared.contracts.policy import Tone
from tests.triage.making import ADA, BEA, CLEO, LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import MIRA, care_policy, posted
from tests.triage.signs import CRISIS, DISTRESS, INSULT, sign, told
from tests.triage.spec import Given, given

MINUTE = 1 / 60
QUIET: dict[str, Any] = {"welcome": {"enabled": False}, "unanswered": {"enabled": False}}


def insult(minutes: float, member: Any = ADA) -> Any:
    return sign("hostility", minutes * MINUTE, member=member, shown_from=0.8 if minutes == 0 else None)


def of_heat(after: Given[Any]) -> tuple[Any, ...]:
    [need] = after.state.needs
    return (need.values["people_insulting"], need.values["insults"], need.values["faster"], len(need.evidence))


class TestHeated:
    def test_another_who_insults_is_told_in_the_same_need_with_all_evidence(self) -> None:
        first = given(HEAT).after(insult(0))
        grown = first.after(insult(1, BEA))
        [before], [need] = first.state.needs, grown.state.needs
        assert of_heat(grown) == (2, 2, False, 2)
        assert need.evidence[-1] == told(MINUTE)
        assert (need.member, need.conversation, need.since, need.segment) == (ADA, "c-51", at(0), before.segment)
        assert need.thresholds == before.thresholds
        assert need.strength > before.strength

    def test_insults_are_told_when_they_are_twice_as_many(self) -> None:
        after = given(HEAT).after(insult(0), insult(1))
        assert of_heat(after) == (1, 2, False, 2)
        third = after.after(insult(2))
        assert third.state.needs == after.state.needs
        assert of_heat(third.after(insult(3))) == (1, 4, False, 4)

    def test_it_is_told_when_messages_come_faster_and_stays_so(self) -> None:
        after = given(HEAT).after(*[insult(minute) for minute in (0, 20, 40, 60, 61, 62, 63)])
        assert of_heat(after)[2] is True
        assert of_heat(after.after(insult(100, BEA)))[2] is True

    def test_a_shouting_match_makes_few_revisions_with_bounded_evidence(self) -> None:
        after, tellings = given(HEAT), []
        for minute in range(200):
            after = after.after(insult(minute / 2, (ADA, BEA, CLEO)[minute % 3]))
            if not tellings or after.state.needs != tellings[-1]:
                tellings.append(after.state.needs)
        assert 3 <= len(tellings) <= 8
        assert of_heat(after)[0] == 3
        assert of_heat(after)[3] <= 8
        assert after.state.needs[0].evidence[0] == told(0.0)

    def test_a_fight_of_the_same_size_the_next_day_says_nothing_new(self) -> None:
        after = given(HEAT).after(insult(0), insult(1, BEA))
        later = after.after(insult(1440, CLEO), insult(1441, BEA))
        assert later.state.needs == after.state.needs


class TestDistress:
    def test_a_second_message_joins_what_stands(self) -> None:
        [need] = given(TONE).after(sign("distress", 1), sign("distress", 2, shown_from=None)).state.needs
        assert need.evidence == (told(1), told(2))
        assert need.urgency == "soon"

    def test_a_third_is_told_only_where_it_is_surer(self) -> None:
        two = given(TONE).after(sign("distress", 1), sign("distress", 2, shown_from=None))
        two.when(sign("distress", 3, shown_from=None)).then()
        [before], [need] = two.state.needs, two.after(sign("distress", 3, score=0.98, shown_from=None)).state.needs
        assert (len(need.evidence), need.values["distress"]) == (3, 0.98)
        assert need.strength > before.strength

    def test_what_the_budget_would_not_have_shown_does_not_join(self) -> None:
        given(TONE).after(sign("distress", 1)).when(sign("distress", 2, score=0.7, shown_from=None)).then()

    def test_what_was_said_before_the_team_turned_to_them_does_not_join(self) -> None:
        late = replace(sign("distress", 0, shown_from=None), adds=False)
        given(TONE).after(sign("distress", 1)).when(late).then()

    def test_plain_distress_leaves_a_crisis_as_it_is(self) -> None:
        crisis = given(TONE).after(sign("distress", 1, crisis=True, shown_from=None))
        crisis.when(sign("distress", 2, shown_from=None)).then()


class TestFrustration:
    def test_it_is_told_when_it_is_said_twice_as_often(self) -> None:
        after = given(TONE).after(sign("frustration", 0))
        twice = after.after(sign("frustration", 1, shown_from=None))
        [need] = twice.state.needs
        assert (need.values["messages"], need.evidence) == (2, (told(0), told(1)))
        assert twice.after(sign("frustration", 2, shown_from=None)).state.needs == (need,)
        assert len(twice.state.frustrated) == 2


def community() -> Partition:
    """A community with room in its budget, so that it is not what decides."""
    rules = {name: {"alerts_per_thousand": 100} for name in ("heated", "distress", "frustration")}
    tone = Tone(enabled=True, language="en")
    acme = Partition(care_policy(tone=tone, **rules, **QUIET), stored=LONG_AGO)
    for number in range(200):
        acme.tell(posted(Member(id="dora"), f"m-d{number}", text="The build is green again."), at(-1))
    return acme


def fight(acme: Partition, times: int) -> None:
    for number in range(times):
        who = Member(id=("ada", "bea", "cleo")[number % 3])
        acme.tell(posted(who, f"m-{number}", text=INSULT), at(number * MINUTE))


def test_one_touch_learns_of_all_who_insult_and_counts_more() -> None:
    acme = community()
    fight(acme, 1)
    [first] = acme.touches
    given_before = acme.state(alerts_stream(COMMUNITY)).classes["hostility"].given
    fight(acme, 7)
    [touch] = acme.touches
    assert (touch.touch, touch.urgency, touch.member.id) == (first.touch, "soon", "ada")
    assert touch.values["people_insulting"] == 3
    assert len(touch.evidence) > 3
    assert touch.importance > first.importance
    assert touch.reasons[0].why != first.reasons[0].why
    assert 1 < touch.revision <= 6
    assert acme.state(alerts_stream(COMMUNITY)).classes["hostility"].given == given_before


def test_in_whatever_batches_they_come_what_grows_is_the_same() -> None:
    alone, together = community(), community()
    texts = (INSULT, DISTRESS, INSULT, INSULT, DISTRESS, INSULT, CRISIS, INSULT, INSULT)
    who = [Member(id=("ada", "bea", "cleo")[number % 3]) for number in range(len(texts))]
    events = [(posted(who[number], f"m-{number}", text=text), at(number * MINUTE)) for number, text in enumerate(texts)]
    for data, time in events:
        alone.tell(data, time)
    together.tell_together(events[:2])
    together.tell_together(events[2:])
    assert max(touch.revision for touch in alone.touches) > 1
    assert together.events == alone.events
    assert together.states == alone.states


def test_of_a_touch_that_was_settled_nothing_grows() -> None:
    acme = community()
    fight(acme, 3)
    acme.settle(acme.touches[0], at(1))
    acme.tell(posted(Member(id="ada"), "m-late", text=INSULT), at(1.1))
    assert acme.touches == []


def test_what_grew_while_it_was_settled_is_asked_anew_and_goes_on_growing() -> None:
    acme = community()
    fight(acme, 1)
    [seen] = acme.touches
    fight(acme, 2)
    acme.settle(seen, at(0.5))
    [again] = acme.touches
    assert again.touch != seen.touch
    acme.tell(posted(Member(id="eva"), "m-eva", text=INSULT), at(0.6))
    [grown] = acme.touches
    assert (grown.touch, grown.values["people_insulting"]) == (again.touch, 3)


def test_a_second_message_of_distress_joins_the_touch_unless_the_team_has_turned_to_them_since() -> None:
    acme = community()
    acme.tell(posted(Member(id="ada"), "m-1", text=DISTRESS), at(0))
    acme.tell(posted(Member(id="ada"), "m-2", text=DISTRESS), at(1))
    [touch] = acme.touches
    assert (touch.revision, len(touch.evidence)) == (2, 2)
    acme.tell(posted(MIRA, "m-3", mentions=("ada",)), at(2))
    assert acme.touches == []
    acme.tell(posted(Member(id="ada"), "m-4", text=CRISIS), at(1.5), stored=at(3))
    [crisis] = acme.touches
    acme.tell(posted(Member(id="ada"), "m-5", text=DISTRESS), at(1.6), stored=at(4))
    assert acme.touches == [crisis]


def test_an_insult_of_somebody_who_has_left_since_is_no_news() -> None:
    acme = community()
    fight(acme, 2)
    before = acme.touches
    acme.tell(Left(member=Member(id="eva")), at(2))
    acme.tell(posted(Member(id="eva"), "m-eva", text=INSULT), at(0.1), stored=at(3))
    assert acme.touches == before

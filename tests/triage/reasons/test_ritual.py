from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.triage.reasons.ritual import ENTRIES_KEPT, Entry, listed, news_of, with_entry
from services.triage.stream_ids import ritual_stream
from shared.contracts.member_events import Left, Member, Solved
from shared.contracts.policy import Identity, Tone
from shared.contracts.policy_rules import RitualRule
from shared.contracts.warmline_facts import ContactDeclined, ImportBegan, ImportEnded, MemberLinked
from tests.triage.making import at, seen_at, who
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, HELPER, ROBOT, asked, care_policy, joined, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, on
from tests.triage.signs import THANKS

ON = RitualRule(enabled=True, day="friday", at="10:00")
DORA: dict[str, Any] = {
    "community": COMMUNITY,
    "member": Identity(platform="discord", id="dora"),
    "responder": "mira",
}
FRIDAY = on(4, 1)
"""Ten o'clock, as the Monday begins at nine."""


def acme(rule: RitualRule = ON, **more: Any) -> Partition:
    return Partition(care_policy(**QUIET, ritual=rule, **more), stored=LONG_BEFORE)


def lists(partition: Partition) -> dict[str, list[str]]:
    """The lists that are open, and whose events they name."""
    return {str(one.values["list"]): [shown.event for shown in one.evidence] for one in partition.open}


def told(partition: Partition, data: Any, *, day: float) -> str:
    """Tell it, and return the id of its event."""
    partition.tell(data, on(day))
    return str(partition.event_id)


def test_who_joined_in_the_week_is_on_one_list_for_a_human() -> None:
    partition = acme()
    events = [told(partition, joined(member), day=day) for day, member in enumerate((ADA, BEA))]
    told(partition, joined(HELPER), day=2)
    told(partition, joined(ROBOT), day=2)
    told(partition, joined(CLEO), day=2)
    told(partition, Left(member=CLEO), day=3)
    told(partition, joined(Member(id="dora")), day=2)
    partition.tell(ContactDeclined(**DORA), on(3))
    assert partition.open == []
    partition.pass_time(FRIDAY)
    assert lists(partition) == {"welcome-thread": events}
    (touch,) = partition.touches
    assert (touch.reason, touch.urgency, touch.raised_at, touch.care_load) == ("ritual", "routine", FRIDAY, 2)
    assert (touch.member.platform, touch.member.id, touch.values["members"]) == ("warmline", "community", 2)
    assert touch.thresholds == {"day": "friday", "at": "10:00", "at_most": 20}


def test_who_left_as_one_identity_and_is_there_as_another_is_on_it() -> None:
    partition = acme()
    came = told(partition, joined(ADA), day=0)
    told(partition, Left(member=ADA), day=1)
    told(partition, joined(BEA), day=0)
    told(partition, Left(member=BEA), day=1)
    both = {"member": Identity(platform="discord", id="ada"), "other": Identity(platform="slack", id="ada-s")}
    partition.tell(MemberLinked(community=COMMUNITY, **both, why="She said so.", responder="mira"), on(2))
    partition.tell(posted(Member(id="ada-s"), "m-1"), on(3), platform="slack")
    partition.pass_time(FRIDAY)
    assert lists(partition) == {"welcome-thread": [came]}


def test_each_is_listed_once_and_a_week_without_anybody_asks_nobody() -> None:
    partition = acme()
    told(partition, joined(ADA), day=0)
    partition.pass_time(FRIDAY)
    partition.settle(partition.touches[0], on(5))
    partition.pass_time(on(30))
    assert len(partition.raised) == 1


def test_a_list_in_somebodys_hands_goes_on_with_the_next_for_as_long_as_it_is_news() -> None:
    partition = acme()
    first, second = told(partition, joined(ADA), day=0), told(partition, joined(BEA), day=3)
    partition.pass_time(on(5))
    later = told(partition, joined(CLEO), day=6)
    told(partition, Left(member=BEA), day=7)
    partition.pass_time(on(12))
    (touch,) = partition.touches
    assert (lists(partition), touch.values["members"]) == ({"welcome-thread": [first, later]}, 2)
    last = told(partition, joined(Member(id="dora")), day=15)
    partition.pass_time(on(19))
    assert (lists(partition), len(partition.touches)) == ({"welcome-thread": [later, last]}, 1)
    partition.settle(partition.touches[0], on(20))
    after = told(partition, joined(Member(id="emil")), day=20)
    partition.pass_time(on(26))
    assert lists(partition) == {"welcome-thread": [after]}
    assert second not in [one.event for one in partition.raised[-1].evidence]


def test_who_helped_most_comes_first_and_is_shown_by_their_answers() -> None:
    partition = acme()
    answers = []
    for number, helper in enumerate((ADA, BEA, ADA)):
        conversation, message = f"c-{number}", f"a-{number}"
        told(partition, asked(CLEO, f"q-{number}", conversation=conversation), day=number)
        answers.append(told(partition, posted(helper, message, conversation=conversation), day=number + 0.1))
        told(partition, Solved(member=CLEO, conversation=conversation, message=message), day=number + 0.2)
    partition.pass_time(FRIDAY)
    assert lists(partition) == {"spotlight": [answers[0], answers[2], answers[1]]}


def test_who_is_thanked_by_name_has_helped() -> None:
    partition = acme(tone=Tone(enabled=True, language="en"), thanks=replace(care_policy().rules.thanks, enabled=False))
    told(partition, posted(BEA, "m-1"), day=0)
    thanks = told(partition, posted(ADA, "m-2", text=THANKS, mentions=("bea",)), day=1)
    told(partition, posted(ADA, "m-3", text=THANKS), day=1)
    partition.pass_time(FRIDAY)
    assert lists(partition) == {"spotlight": [thanks]}


def test_it_is_off_unless_asked_for_and_as_the_newest_policy_says() -> None:
    off = acme(RitualRule())
    told(off, joined(ADA), day=0)
    assert not any(stream.startswith("ritual:") for stream in off.states)
    partition = acme()
    told(partition, joined(ADA), day=0)
    partition.adopt(care_policy(**QUIET, ritual=replace(ON, day="thursday", lists=("welcome-thread",))))
    partition.pass_time(on(3, 1))
    assert lists(partition).keys() == {"welcome-thread"}
    partition.adopt(care_policy(**QUIET))
    told(partition, joined(BEA), day=5)
    partition.pass_time(on(20))
    assert len(partition.raised) == 1


def test_on_a_free_day_it_waits_for_the_next_on_which_somebody_is_there() -> None:
    policy = care_policy(**QUIET, ritual=ON)
    partition = Partition(policy, stored=LONG_BEFORE)
    told(partition, joined(ADA), day=0)
    closed = replace(policy.hours, closed=(FRIDAY.date().isoformat(),))
    partition.adopt(replace(policy, hours=closed))
    partition.pass_time(on(4, 14))
    assert partition.raised == []
    partition.pass_time(on(4, 15))
    assert [need.raised_at for need in partition.raised] == [on(4, 15)]
    told(partition, joined(BEA), day=6)
    partition.pass_time(on(11, 1))
    assert len(partition.raised) == 2


def test_what_comes_late_waits_for_somebody_to_be_there() -> None:
    policy = care_policy(**QUIET, ritual=ON)
    weekdays = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00-17:00",))
    partition = Partition(replace(policy, hours=replace(policy.hours, days=weekdays)), stored=LONG_BEFORE)
    told(partition, joined(ADA), day=0)
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(4))
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(4, 11))
    partition.pass_time(on(10))
    assert [need.raised_at for need in partition.raised] == [on(7)]


def test_history_is_no_news() -> None:
    partition = acme()
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(0))
    for number in range(30):
        partition.tell(joined(Member(id=f"old-{number}")), on(-20 - number), stored=on(0))
    partition.tell(joined(ADA), on(-1), stored=on(0))
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(0))
    partition.pass_time(FRIDAY)
    assert [need.values["members"] for need in partition.raised] == [1]
    assert len(partition.state(ritual_stream(COMMUNITY, "welcome-thread")).entries) == 0


def entry(name: str, hours: int) -> Entry:
    return Entry(member=who(name), evidence=seen_at(hours))


def all_of(entries: list[Entry], of_one: int) -> tuple[Entry, ...]:
    kept: tuple[Entry, ...] = ()
    for one in entries:
        kept = with_entry(kept, one, of_one)
    return kept


@given(
    data=st.data(),
    entries=st.lists(st.builds(entry, st.sampled_from("abc"), st.integers(0, 40)), max_size=40),
    of_one=st.sampled_from((1, 8)),
)
def test_the_same_are_kept_whatever_order_they_are_told_in(data: Any, entries: list[Entry], of_one: int) -> None:
    kept = all_of(entries, of_one)
    assert all_of(data.draw(st.permutations(entries)), of_one) == kept
    assert all(len([one for one in kept if one.member == member]) <= of_one for member in map(who, "abc"))


def test_what_is_kept_and_what_is_listed_have_an_end() -> None:
    kept = all_of([entry(f"u-{number}", number) for number in range(ENTRIES_KEPT + 50)], 1)
    assert (len(kept), kept[0].evidence.time) == (ENTRIES_KEPT, at(50))
    keys = [one.member.key for one in kept]
    news = news_of(kept, keys, at(ENTRIES_KEPT + 50))
    assert (len(news), len(listed(news, 20))) == (ENTRIES_KEPT, 20)

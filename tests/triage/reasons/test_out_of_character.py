from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations, product
from typing import Any

import pytest

from services.triage import tone_handlers
from services.triage.alerts import AlertGiven
from services.triage.reasons.out_of_character import DAYS_KEPT, change, with_day
from services.triage.stream_ids import identity, tone_stream
from services.triage.taken import take
from services.triage.tone_facts import DayNoted
from shared.contracts.needs_touch import Evidence
from shared.contracts.policy import Identity, Tone
from shared.contracts.policy_rules import FadingRule
from shared.contracts.redaction import TAKEN
from shared.contracts.tone_rules import OutOfCharacterRule
from shared.contracts.warmline_facts import ToneOptOut
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, MIRA, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, on, reasons

USUAL = range(-30, 0)
STREAM = tone_stream(COMMUNITY, identity(COMMUNITY, "discord", "ada")[0].key)


def noted(day: float, *, hour: float = 1, words: int = 40, ill: float = 0.0) -> DayNoted:
    return DayNoted(evidence=Evidence(source="/s", event=f"e:{day}", time=on(day, hour)), words=words, ill=ill)


def days(*recent: DayNoted, usual: Iterable[float] = USUAL) -> list[DayNoted]:
    return [*(noted(day) for day in usual), *recent]


def differs(*recent: DayNoted, usual: Iterable[float] = USUAL) -> str | None:
    found = change(days(*recent, usual=usual))
    return str(found.values["differs_in"]) if found else None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"words": 1, "ill": 0.6}, "length, tone"),
        ({"words": 400, "hour": 12}, "length, hours"),
        ({"hour": 12, "ill": 0.4}, "hours, tone"),
        ({"words": 1}, None),
        ({"words": 20, "ill": 0.6}, None),
        ({"hour": 3, "ill": 0.6}, None),
        ({"hour": 12, "ill": 0.2}, None),
    ],
    ids=str,
)
def test_they_differ_in_two_ways_at_least_on_each_of_three_days(changed: dict[str, Any], expected: str | None) -> None:
    recent = [noted(day, **changed) for day in range(3)]
    assert differs(*recent) == expected
    assert differs(*recent[:2], noted(2)) is None, "one day as ever, and it is nothing"


def test_whose_days_become_fewer_or_more() -> None:
    assert differs(*(noted(day, ill=0.5) for day in (5, 10, 15))) == "rhythm, tone"
    weekly = range(-140, 0, 7)
    assert differs(*(noted(day, ill=0.5) for day in (-5, -4, -3)), usual=weekly) is None, "the first came after days"
    assert differs(*(noted(day, ill=0.5) for day in (-6, -5, -4)), usual=weekly) == "rhythm, tone"


def test_of_whom_little_is_known_nothing_is_told_nor_of_who_always_sounds_so() -> None:
    recent = [noted(day, words=1, ill=0.6) for day in range(3)]
    assert differs(*recent, usual=range(-14, 0)) is None
    assert change([*(noted(day, ill=0.6, words=40) for day in USUAL), *recent]) is None


@pytest.mark.parametrize("hours", list(permutations((1, 2, 3))), ids=str)
def test_of_a_day_the_first_text_is_noted_and_of_days_the_newest(hours: Sequence[float]) -> None:
    kept: tuple[DayNoted, ...] = ()
    for day, hour in product(range(DAYS_KEPT + 5), hours):
        kept = with_day(kept, noted(day, hour=hour))
    assert [one.evidence.time for one in kept] == [on(day, 1) for day in range(5, DAYS_KEPT + 5)]
    assert with_day(with_day((), noted(0.5)), noted(0)) == with_day(with_day((), noted(0)), noted(0.5))


ON = OutOfCharacterRule(enabled=True)
TONE = Tone(enabled=True, language="en")
LONG_TEXT = "The build is green and the partitions are handed over as they should be. " * 5


def usual(rule: OutOfCharacterRule = ON) -> Partition:
    policy = care_policy(tone=TONE, out_of_character=rule, fading=FadingRule(enabled=False), **QUIET)
    partition = Partition(policy, stored=LONG_BEFORE)
    for day in USUAL:
        partition.tell(posted(ADA, f"m-{day}", text=LONG_TEXT), on(day, 1))
    return partition


def short_at_night(partition: Partition) -> None:
    for day in range(3):
        partition.tell(posted(ADA, f"m-{day}", text="No."), on(day, 14))


def test_somebody_is_asked_to_look_with_what_is_not_as_usual() -> None:
    partition = usual()
    short_at_night(partition)
    (need,) = partition.open
    assert (need.reason, need.urgency, need.member.id) == ("out-of-character", "routine", "ada")
    assert [one.time for one in need.evidence] == [on(day, 14) for day in range(3)]
    assert (need.values["differs_in"], need.values["words"], need.baseline["words"]) == ("length, hours", 1, 70)
    assert (need.thresholds["ways"], need.thresholds["times_usual"]) == (2, 4.0)
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(3))
    assert reasons(partition, ADA) == []


def test_after_it_was_settled_nothing_is_weighed_until_its_rest_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tone_handlers, "_COUNTED", "")  # else the budget has room for the first alone
    partition = usual(OutOfCharacterRule(enabled=True, alerts_per_thousand=100.0, cool_down_days=1.0))

    def shown() -> tuple[int, int]:
        return sum(isinstance(event, AlertGiven) for event in partition.events), len(partition.raised)

    for day, expected in ((2, 1), (3, 1), (4, 2)):
        for missed in range(3) if day == 2 else (day,):
            partition.tell(posted(ADA, f"m-{missed}", text="No."), on(missed, 5 + 4 * missed))
        assert shown() == (expected, expected)
        if day == 2:
            partition.settle(partition.touches[0], on(3))


def test_it_is_off_unless_asked_for_and_leaves_nothing_of_who_opts_out() -> None:
    off = usual(OutOfCharacterRule())
    short_at_night(off)
    assert off.raised == []
    assert STREAM not in off.states
    partition = usual()
    said = ToneOptOut(community=COMMUNITY, member=Identity(platform="discord", id="ada"), opted_out=True)
    partition.tell(said, on(-0.1))
    short_at_night(partition)
    assert (partition.raised, partition.state(STREAM).days) == ([], ())


def test_of_redacted_texts_the_same_is_known() -> None:
    told = usual()
    short_at_night(told)
    redacted = usual()
    for day in range(3):
        redacted.tell(posted(ADA, f"m-{day}", text=""), on(day, 14), headers={TAKEN: take("No.", TONE)})
    assert redacted.state(STREAM) == told.state(STREAM)

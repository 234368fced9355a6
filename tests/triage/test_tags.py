"""Tags that the team gives, and what segments make of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.json import encode

from shared.contracts.member_events import Joined, Updated
from shared.contracts.policy import Identity, Segment
from shared.contracts.warmline_facts import NoteWritten, TagGiven, TagTaken, TouchAsked
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, care_policy
from tests.triage.reasons.days import LONG_BEFORE, QUIET, on

WHOM: dict[str, Any] = {
    "community": COMMUNITY,
    "member": Identity(platform="discord", id=ADA.id),
    "responder": "mira",
}
BY_TAG = Segment(name="mentors", tags=("mentor",))
BY_CONDITION = Segment(name="mentors", when="member.tags.exists(tag, tag == 'mentor')")


def acme(segment: Segment = BY_TAG) -> Partition:
    partition = Partition(care_policy(segments=(segment,), **QUIET), stored=LONG_BEFORE)
    partition.tell(Joined(member=ADA), on(0))
    return partition


def segment_of(partition: Partition, hour: float) -> str:
    partition.tell(TouchAsked(**WHOM, why="So.", urgency="soon"), on(1, hour))
    return partition.raised[-1].segment


@pytest.mark.parametrize("segment", [BY_TAG, BY_CONDITION], ids=["tags", "cel"])
def test_segments_see_a_tag_until_it_is_taken_away(segment: Segment) -> None:
    partition = acme(segment)
    partition.tell(TagGiven(**WHOM, tag="mentor"), on(0, 1))
    partition.tell(TagGiven(**WHOM, tag="mentor"), on(0, 2))
    assert segment_of(partition, 0) == "mentors"
    partition.tell(TagTaken(**WHOM, tag="mentor"), on(1, 1))
    assert segment_of(partition, 2) == "everyone"


def test_what_the_platform_tells_and_what_the_team_gives_leave_each_other_alone() -> None:
    partition = acme()
    partition.tell(TagGiven(**WHOM, tag="mentor"), on(0, 1))
    partition.tell(Updated(member=ADA, tags=("vip",)), on(0, 2))
    assert segment_of(partition, 0) == "mentors"
    partition.tell(Updated(member=ADA, tags=("mentor",)), on(1, 1))
    partition.tell(TagTaken(**WHOM, tag="mentor"), on(1, 2))
    assert segment_of(partition, 3) == "mentors"


def test_they_are_bounded() -> None:
    partition = acme()
    for number in range(101):
        partition.tell(TagGiven(**WHOM, tag=f"tag-{number}"), on(0, 1))
    partition.tell(TagGiven(**WHOM, tag="mentor"), on(0, 2))
    assert segment_of(partition, 0) == "everyone"


def test_of_a_note_triage_keeps_nothing() -> None:
    partition = acme()
    before = dict(partition.states)
    partition.tell(NoteWritten(**WHOM, text="Her mother is ill."), on(0, 1))
    assert partition.states == before
    assert b"mother" not in encode(partition.events)

"""The events of the measurements: what stands open must be as much after many events as after few."""

from __future__ import annotations

from benchmarks.workload import ANSWERED_AFTER, member_events
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.member_events import Posted

_COUNT = 2_000


def _talks(events: list[MemberEvent]) -> dict[tuple[str, str], MemberEvent]:
    posts = ((event, event.data) for event in events)
    return {
        (event.community, data.conversation): event
        for event, data in posts
        if isinstance(data, Posted) and data.conversation.startswith("q-")
    }


def test_each_question_is_answered_so_many_events_later() -> None:
    asked = _talks(list(member_events(_COUNT, answered=True)))
    answers = _talks(list(member_events(_COUNT, first=ANSWERED_AFTER, answered=True)))
    own = {talk for talk, event in answers.items() if event.id == f"event:{talk[1].removeprefix('q-')}:1"}
    assert len(asked) == _COUNT // 10
    assert answers.keys() - own == asked.keys()
    assert all(event.time > asked[talk].time for talk, event in answers.items() if talk not in own)


def test_without_answers_nobody_answers() -> None:
    late = _talks(list(member_events(_COUNT, first=ANSWERED_AFTER)))
    assert all(event.id == f"event:{talk[1].removeprefix('q-')}:1" for talk, event in late.items())

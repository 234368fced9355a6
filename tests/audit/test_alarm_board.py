"""An alarm is raised by what lasts, not by a moment; what cannot be seen changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infra.audit.alarm_board import AlarmBoard
from infra.audit.alarm_kinds import ALARM_KINDS, AlarmKind

KIND = AlarmKind(name="test", mend="mend it", after=5, clear=6)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Looks:
    """Looks three seconds apart."""

    def __init__(self) -> None:
        self.board = AlarmBoard(kinds=(KIND,))
        self.seconds = 0.0

    def look(self, *found: str | None) -> list[tuple[bool, float]]:
        """Look once for each; return what changed and when."""
        changes = []
        for wrong in found:
            self.seconds += 3
            at = NOON + timedelta(seconds=self.seconds)
            changes += [(change.raised, self.seconds) for change in self.board.update(self.seconds, at, {KIND: wrong})]
        return changes

    def blind(self, looks: int) -> None:
        for _ in range(looks):
            self.seconds += 3
            assert self.board.update(self.seconds, NOON, {}) == []


def test_it_is_raised_once_when_it_has_lasted_and_told_since_when() -> None:
    looks = Looks()
    assert looks.look(None, "it", "it") == []
    assert looks.look("it", "it now", "it now") == [(True, 12)]
    (alarm,) = looks.board.standing
    assert (alarm.name, alarm.since, alarm.wrong, alarm.mend) == (
        "test", NOON + timedelta(seconds=6), "it now", "mend it",
    )  # fmt: skip
    assert looks.board.stands(KIND)


def test_what_is_to_come_is_an_alarm_and_all_is_well_meanwhile() -> None:
    ahead = AlarmKind(name="ahead", mend="mend it", after=0, ahead=True)
    board = AlarmBoard(kinds=(KIND, ahead))
    for seconds in range(3):
        board.update(seconds, NOON, {KIND: None, ahead: "it"})
    assert board.stands(ahead)
    assert board.well({KIND: None, ahead: "it"})
    assert not board.well({KIND: "it", ahead: None})


def test_a_moment_raises_nothing() -> None:
    looks = Looks()
    assert looks.look("it", None, "it", None, "it", "it", None) == []
    assert not looks.board.standing


def test_it_clears_when_all_has_been_well_for_a_while_and_a_relapse_keeps_it() -> None:
    looks = Looks()
    looks.look("it", "it", "it")
    assert looks.look(None, None, "it", None, None) == []
    assert looks.board.standing
    assert looks.look(None) == [(False, 27)]
    assert not looks.board.standing
    assert not looks.board.stands(KIND)


def test_what_cannot_be_seen_neither_raises_nor_clears() -> None:
    looks = Looks()
    looks.blind(3)
    looks.look("it", "it", "it")
    looks.blind(5)
    (alarm,) = looks.board.standing
    assert alarm.since == NOON + timedelta(seconds=12)


def test_one_look_alone_never_raises_whatever_the_kind_asks() -> None:
    board = AlarmBoard(kinds=(AlarmKind(name="at-once", mend="m", after=0),))
    (kind,) = board.kinds
    assert board.update(1, NOON, {kind: "it"}) == []
    assert [change.raised for change in board.update(2, NOON, {kind: "it"})] == [True]


@pytest.mark.parametrize("kind", ALARM_KINDS, ids=lambda kind: kind.name)
def test_every_alarm_says_how_to_mend_it_and_is_documented(kind: AlarmKind) -> None:
    from pathlib import Path

    documented = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text(encoding="utf-8")
    assert len(kind.mend) > 30
    assert f"`{kind.name}`" in documented


def test_the_names_are_different() -> None:
    assert len({kind.name for kind in ALARM_KINDS}) == len(ALARM_KINDS)

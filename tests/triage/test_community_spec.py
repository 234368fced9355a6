from __future__ import annotations

from typing import Any

from services.triage.community import (
    COMMUNITY,
    IMPORT_LAPSE,
    IMPORT_LAPSES_AFTER,
    CloseImport,
    CommunityKnownSince,
    ImportClosed,
    ImportOpened,
    LapseImports,
    NoteTime,
    OpenImport,
    PolicyTaken,
    TakePolicy,
)
from shared.contracts.policy import Hours, Policy, Responder
from shared.decider import Deadline, Standing
from tests.triage.making import at
from tests.triage.spec import Given, given

POLICY = Policy(
    organisation="harbour",
    hours=Hours(timezone="UTC", days={"monday": ("09:00-17:00",)}),
    responders=(Responder(name="mira", display_name="Mira Okafor"),),
)


def take(version: str) -> TakePolicy:
    return TakePolicy(community="acme", organisation="harbour", version=version, policy=POLICY)


def importing(*ids: str) -> Given[Any]:
    return given(COMMUNITY, *(ImportOpened(import_id=one, at=at(hours)) for hours, one in enumerate(ids)))


class TestPolicy:
    def test_a_new_one_is_taken_and_the_same_is_not_taken_twice(self) -> None:
        taken = PolicyTaken(community="acme", organisation="harbour", version="v1", policy=POLICY)
        given(COMMUNITY).when(take("v1")).then(taken).when(take("v1")).then()

    def test_an_earlier_one_can_hold_again(self) -> None:
        state = given(COMMUNITY).after(take("v1"), take("v2"), take("v1")).state
        assert state.policy_version == "v1"


class TestKnownSince:
    def test_the_earliest_time_counts_in_any_order(self) -> None:
        known = given(COMMUNITY).when(NoteTime(at=at(5))).then(CommunityKnownSince(at=at(5)))
        known.when(NoteTime(at=at(6))).then()
        known.when(NoteTime(at=at(5))).then()
        known.when(NoteTime(at=at(1))).then(CommunityKnownSince(at=at(1)))


class TestImports:
    def test_an_open_import_stands_in_line(self) -> None:
        opened = given(COMMUNITY).when(OpenImport(import_id="i1", at=at(0)))
        state = opened.then(ImportOpened(import_id="i1", at=at(0))).state
        assert COMMUNITY.standing(state) == Standing(line="importing", rank=0.0)
        assert COMMUNITY.deadlines(state) == (Deadline(name=IMPORT_LAPSE, due=at(0) + IMPORT_LAPSES_AFTER),)

    def test_closed(self) -> None:
        closed = importing("i1").when(CloseImport(import_id="i1", at=at(2)))
        state = closed.then(ImportClosed(import_id="i1", lapsed=False, at=at(2))).state
        assert (state.imported_at, COMMUNITY.standing(state), COMMUNITY.deadlines(state)) == (at(2), None, ())

    def test_the_last_of_several_ends_the_import(self) -> None:
        one_left = importing("i1", "i2").after(CloseImport(import_id="i1", at=at(2)))
        assert COMMUNITY.standing(one_left.state) is not None
        assert COMMUNITY.standing(one_left.after(CloseImport(import_id="i2", at=at(3))).state) is None

    def test_one_that_was_not_open_closes_nothing(self) -> None:
        importing("i1").when(CloseImport(import_id="i2", at=at(2))).then()

    def test_taken_up_again_it_lapses_later(self) -> None:
        again = importing("i1").after(OpenImport(import_id="i1", at=at(5)))
        assert again.deadlines == (Deadline(name=IMPORT_LAPSE, due=at(5) + IMPORT_LAPSES_AFTER),)

    def test_one_that_is_heard_of_no_more_lapses(self) -> None:
        late = at(0) + IMPORT_LAPSES_AFTER
        lapsed = (
            importing("i1", "i2").when(LapseImports(at=late)).then(ImportClosed(import_id="i1", lapsed=True, at=late))
        )
        assert lapsed.deadlines == (Deadline(name=IMPORT_LAPSE, due=at(1) + IMPORT_LAPSES_AFTER),)
        lapsed.when(CloseImport(import_id="i1", at=late)).then()


def test_unknown_commands_and_events_change_nothing() -> None:
    importing("i1").when(object()).then()
    state = importing("i1").state
    assert COMMUNITY.evolve(state, object()) == state

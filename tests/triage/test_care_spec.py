"""One touch about a member, whatever the reasons: joined, revised, ended, settled, and at rest for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from services.triage.care import CARE, next_told
from services.triage.care_facts import (
    CloseTouch,
    CountedGone,
    DropNeed,
    NeedRevised,
    ReasonClosed,
    ReasonRests,
    TakeNeed,
    TouchClosed,
)
from services.triage.importance import Weights
from services.triage.needs import NeedMet, NeedRaised, NeedWithdrawn, met, withdrawn
from shared.contracts.names import touch_id
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchRevised, TouchReason
from tests.triage import questions
from tests.triage.making import ADA, MIRA, at, seen_at
from tests.triage.spec import Given, given

STREAM = "care:acme:m-ada"
UNANSWERED = questions.need(about="conversation:acme:c")
WELCOME = TouchReason(
    reason="welcome",
    about="member:acme:m-ada",
    member=ADA,
    segment="everyone",
    since=at(-4),
    at=at(4.5),
    urgency="routine",
    care_load=1,
    evidence=(seen_at(-4), seen_at(0)),
    rule="welcome.v1",
    policy_version="v1",
    values={"greetings": 0},
    thresholds={"within_hours": 8.0},
)
DISTRESS = replace(UNANSWERED, reason="distress", urgency="urgent", care_load=8, at=at(5), evidence=(seen_at(5),))
WEIGHTS = Weights(urgent=8.0, soon=2.0, routine=1.0, segment=1.0)
WEEK = timedelta(days=7)


def take(need: TouchReason, **changes: Any) -> TakeNeed:
    basis = TakeNeed(
        need=need,
        stream=STREAM,
        organisation="harbour",
        community="acme",
        weights=WEIGHTS,
        cool_down=timedelta(0),
    )
    return replace(basis, **changes)


def close(touch: NeedsTouch, hours: float, known: int | None = None) -> CloseTouch:
    return CloseTouch(stream=touch.about, touch=touch.touch, outcome="reached", need_revision=known, at=at(hours))


def caring(*needs: TouchReason) -> Given[Any]:
    return given(CARE).after(*map(take, needs))


def touch_of(known: Given[Any]) -> NeedsTouch:
    touch = known.state.touch
    assert isinstance(touch, NeedsTouch)
    return touch


def told(known: Given[Any]) -> list[tuple[str, int]]:
    return [(one.reason, one.revision) for one in touch_of(known).reasons]


class TestJoined:
    def test_the_first_reason_raises_a_touch(self) -> None:
        touch = touch_of(caring(UNANSWERED))
        assert (touch.touch, touch.revision) == (touch_id("acme", STREAM, 1), 1)
        assert (touch.about, touch.member, touch.conversation) == (STREAM, ADA, "c-51")
        assert touch.reasons == (replace(UNANSWERED, revision=1, importance=2.0, why="soon, because of unanswered"),)

    def test_another_joins_it_and_is_told_with_all_its_evidence(self) -> None:
        known = caring(UNANSWERED)
        joined = touch_of(known.after(take(WELCOME)))
        known.when(take(WELCOME)).then(NeedRaised(need=joined))
        assert (joined.touch, joined.revision) == (touch_of(known).touch, 2)
        assert (joined.reason, joined.rule, joined.values) == ("welcome", "welcome.v1", {"greetings": 0})
        assert (joined.since, joined.raised_at) == (at(-4), at(4.5))
        assert joined.evidence == (seen_at(0), seen_at(-4))
        assert [one.reason for one in joined.reasons] == ["unanswered", "welcome"]

    def test_the_touch_is_as_grave_as_the_gravest_and_a_little_heavier_than_the_heaviest(self) -> None:
        touch = touch_of(caring(WELCOME, UNANSWERED, DISTRESS))
        assert [one.reason for one in touch.reasons] == ["distress", "unanswered", "welcome"]
        assert (touch.urgency, touch.care_load, touch.importance) == ("urgent", 10, 9.5)
        assert touch.why == "urgent, because of distress; also unanswered, welcome"

    def test_more_of_the_same_takes_its_place(self) -> None:
        more = replace(DISTRESS, strength=1.5, at=at(6), evidence=(seen_at(5), seen_at(6)))
        known = caring(DISTRESS, more)
        assert told(known) == [("distress", 2)]
        assert touch_of(known).importance == 12
        assert touch_of(known).why == "urgent, because of distress; 1.5 times as strong as the rule asks for"

    def test_the_same_reason_of_another_conversation_joins(self) -> None:
        known = caring(UNANSWERED, replace(UNANSWERED, about="conversation:acme:d"))
        assert told(known) == [("unanswered", 1), ("unanswered", 2)]
        assert touch_of(known).why == "soon, because of unanswered; also unanswered"

    def test_importance_is_urgency_times_segment_times_strength(self) -> None:
        vip = replace(UNANSWERED, segment="vip", strength=1.25)
        touch = touch_of(given(CARE).after(take(vip, weights=replace(WEIGHTS, soon=3.0, segment=2.0))))
        assert touch.importance == 7.5
        assert touch.why == (
            "soon, because of unanswered; vip counts 2 times; 1.25 times as strong as the rule asks for"
        )
        assert touch.ranked_from == at(0) - timedelta(hours=2 + 7.5 * 4)


class TestMany:
    """Of one kind eight reasons are told: each telling holds all that are told, and must stay small."""

    def asked(self, count: int, known: Given[Any] | None = None) -> Given[Any]:
        known = known or given(CARE)
        asks = [
            replace(UNANSWERED, about=f"conversation:acme:{n}", at=at(n), evidence=(seen_at(n),)) for n in range(count)
        ]
        return known.after(*map(take, asks))

    def test_the_most_important_are_told_and_the_newest_and_the_rest_is_counted(self) -> None:
        known = self.asked(30, caring(replace(UNANSWERED, strength=3.0)))
        touch = touch_of(known)
        assert [one.about[18:] for one in touch.reasons] == ["c", *map(str, range(23, 30))]
        assert (touch.values["more_of_it"], len(known.state.counted)) == (23, 23)
        assert len(touch.evidence) == 8

    def test_one_that_goes_makes_room_for_the_next(self) -> None:
        known = self.asked(9)
        gone = withdrawn(replace(UNANSWERED, about="conversation:acme:8"), at(30), "solved")
        (counted,) = known.state.counted
        assert next_told(known.state, gone) == counted
        first = replace(UNANSWERED, about=counted.about)
        after = known.after(DropNeed(gone=gone, instead=first))
        assert (len(touch_of(after).reasons), after.state.counted) == (8, ())
        assert [one.about for one in touch_of(after).reasons if one.revision == 10] == [counted.about]

    def test_one_that_is_counted_goes_untold(self) -> None:
        known = self.asked(9)
        gone = withdrawn(replace(UNANSWERED, about="conversation:acme:0"), at(30), "solved")
        assert next_told(known.state, gone) is None
        after = known.when(DropNeed(gone=gone)).then(CountedGone(reason="unanswered", about="conversation:acme:0"))
        assert (after.state.counted, after.state.touch) == ((), known.state.touch)

    def test_settling_settles_all(self) -> None:
        known = self.asked(20)
        closed = known.when(close(touch_of(known), 30, known=20)).happens()
        assert (closed.state.touch, closed.state.counted) == (None, ())

    def test_beyond_some_dozens_the_oldest_is_told_to_nobody(self) -> None:
        known = self.asked(32)
        another = take(replace(UNANSWERED, about="conversation:acme:new", at=at(300)))
        (_, rests) = CARE.decide(another, known.state)
        assert (rests.about, rests.why) == ("conversation:acme:0", "24 newer ones stand beside those of the touch")
        assert len(known.after(another).state.counted) == 24


class TestGone:
    def test_one_of_several_leaves_the_others(self) -> None:
        known = caring(UNANSWERED, WELCOME, DISTRESS)
        before, gone = touch_of(known), withdrawn(DISTRESS, at(7), "calm again", (seen_at(7),))
        after = known.after(DropNeed(gone=gone))
        remains = touch_of(after)
        revised = NeedsTouchRevised(
            touch=before.touch,
            revision=4,
            organisation="harbour",
            community="acme",
            segment="everyone",
            reason="distress",
            about=STREAM,
            at=at(7),
            cause="calm again",
            evidence=(seen_at(7),),
            remains=remains,
        )
        known.when(DropNeed(gone=gone)).then(NeedRevised(revision=revised))
        assert (remains.revision, remains.urgency, remains.care_load, remains.reason) == (4, "soon", 3, "unanswered")
        assert told(after) == [("unanswered", 1), ("welcome", 2)]

    def test_the_last_is_withdrawn(self) -> None:
        known = caring(UNANSWERED)
        (event,) = CARE.decide(DropNeed(gone=withdrawn(UNANSWERED, at(6), "solved")), known.state)
        assert isinstance(event, NeedWithdrawn)
        assert (event.end.revision, event.end.reason, event.end.about) == (2, "unanswered", STREAM)
        assert CARE.evolve(known.state, event).touch is None

    def test_or_met_and_what_comes_then_is_another_touch(self) -> None:
        known = caring(UNANSWERED)
        answered = DropNeed(gone=met(UNANSWERED, at(6), "answered by the team", MIRA, (seen_at(6),)))
        (event,) = CARE.decide(answered, known.state)
        assert isinstance(event, NeedMet)
        assert event.end.by == MIRA
        again = touch_of(known.after(answered, take(WELCOME)))
        assert (again.touch, again.revision) == (touch_id("acme", STREAM, 2), 1)

    def test_what_is_no_reason_of_it_ends_nothing(self) -> None:
        caring(UNANSWERED).when(DropNeed(gone=withdrawn(WELCOME, at(6), "left"))).then()
        given(CARE).when(DropNeed(gone=withdrawn(WELCOME, at(6), "left"))).then()

    def test_what_an_earlier_build_raised_by_itself_ends_under_its_own_touch(self) -> None:
        earlier = replace(touch_of(caring(WELCOME)), touch="t-earlier", about=WELCOME.about, reasons=())
        known = caring(UNANSWERED)
        gone = DropNeed(gone=withdrawn(earlier, at(6), "the member left"))
        (event,) = CARE.decide(gone, known.state)
        assert (event.end.touch, event.end.revision, event.end.about) == ("t-earlier", 2, WELCOME.about)
        assert known.after(gone).state == known.state


class TestSettled:
    def test_it_is_over_with_all_its_reasons(self) -> None:
        known = caring(UNANSWERED, WELCOME)
        touch = touch_of(known)
        reasons = tuple(ReasonClosed(reason=one.reason, about=one.about) for one in touch.reasons)
        closed = TouchClosed(touch=touch.touch, outcome="reached", at=at(9), reasons=reasons)
        assert known.when(close(touch, 9, known=2)).then(closed).state.touch is None

    def test_what_joined_while_it_was_being_settled_is_another_touch(self) -> None:
        known = caring(UNANSWERED, DISTRESS)
        after = known.after(close(touch_of(known), 9, known=1))
        again = touch_of(after)
        assert (again.touch, again.revision, again.raised_at) == (touch_id("acme", STREAM, 2), 1, at(9))
        assert told(after) == [("distress", 1)]

    def test_by_an_earlier_build_it_settles_all(self) -> None:
        known = caring(UNANSWERED, DISTRESS)
        assert known.after(close(touch_of(known), 9)).state.touch is None

    def test_another_touch_settles_nothing(self) -> None:
        known = caring(UNANSWERED)
        known.when(close(replace(touch_of(known), touch="t-other"), 9)).then()


class TestRest:
    """After a touch was settled, the same reason rests, unless it is urgent."""

    def settled(self) -> Given[Any]:
        known = caring(UNANSWERED)
        return known.after(close(touch_of(known), 9, known=1))

    def later(self, hours: float, **changes: Any) -> TakeNeed:
        return take(replace(UNANSWERED, at=at(hours), **changes), cool_down=WEEK)

    def test_for_as_long_as_the_policy_says(self) -> None:
        why = "settled 2026-11-23, and rests for 7 days"
        rests = ReasonRests(reason="unanswered", about=UNANSWERED.about, why=why, at=at(100))
        self.settled().when(self.later(100)).then(rests)
        assert told(self.settled().after(self.later(9 + 7 * 24))) == [("unanswered", 1)]

    def test_another_reason_does_not(self) -> None:
        assert told(self.settled().after(take(WELCOME, cool_down=WEEK))) == [("welcome", 1)]

    def test_nor_what_is_urgent(self) -> None:
        assert told(self.settled().after(self.later(10, urgency="urgent"))) == [("unanswered", 1)]

    def test_also_when_the_cause_was_gone_before_it_was_settled(self) -> None:
        known = caring(UNANSWERED)
        touch = touch_of(known)
        gone = known.after(DropNeed(gone=withdrawn(UNANSWERED, at(6), "solved")))
        closed = TouchClosed(
            touch=touch.touch, outcome="reached", at=at(9), reasons=(ReasonClosed(reason="unanswered"),)
        )
        rested = gone.when(close(touch, 9, known=1)).then(closed)
        rested.when(close(touch, 9, known=1)).then()
        assert rested.after(self.later(10)).state.touch is None

    def test_also_when_another_was_settled_before(self) -> None:
        first = caring(UNANSWERED)
        ended = first.after(DropNeed(gone=withdrawn(UNANSWERED, at(6), "solved")))
        second = ended.after(take(WELCOME))
        closed = second.after(close(touch_of(second), 8, known=1))
        late = closed.after(close(touch_of(first), 9, known=1))
        assert {one.reason for one in late.state.settled} == {"unanswered", "welcome"}
        assert late.state.endings == ()

    def test_a_few_that_ended_are_kept(self) -> None:
        known = given(CARE)
        for hour in range(6):
            known = known.after(take(UNANSWERED), DropNeed(gone=withdrawn(UNANSWERED, at(hour), "solved")))
        assert [one.touch for one in known.state.endings] == [touch_id("acme", STREAM, n) for n in (3, 4, 5, 6)]
        assert all(not reason.evidence for one in known.state.endings for reason in one.told)


def test_unknown_commands_and_events_change_nothing() -> None:
    known = caring(UNANSWERED)
    known.when(object()).then()
    assert CARE.evolve(known.state, object()) == known.state

"""A reason that joins a touch, and one that goes: what that means for whoever has the touch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.notifier.notices.recipient import Occasion
from services.projections.queue.rows import need_row, revised_row
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEvent
from shared.contracts.policy import EmergencyContact, Escalation, Limits, UrgentPatience
from shared.contracts.touch_facts import TouchAnnotated, TouchAssigned, TouchEscalated, TouchReminded, TouchSettled
from shared.decider import Refused
from tests.notifier.partition import Partition
from tests.notifier.people import at, need, policy, reason, revised, withdrawn
from tests.notifier.standing import JONAS, MIRA, assigned, load, partition

WELCOME, DISTRESS = reason("welcome"), reason("distress", urgency="urgent", care_load=8, importance=8.0)
ALONE = need(reasons=(WELCOME,))
JOINED = need(revision=2, reason="distress", urgency="urgent", care_load=9, reasons=(DISTRESS, WELCOME))


def test_whoever_has_it_keeps_it_and_is_told_at_once_that_it_is_urgent_now() -> None:
    made = partition(policy(MIRA))
    for one in (ALONE, JOINED, JOINED):
        made.tell(one)
    assert assigned(made) == {"t-1": "mira"}
    (told,) = made.of(TouchReminded)
    assert (told.responder, told.to) == ("mira", "responder")
    assert made.touch("t-1").need == JOINED
    assert made.touch("t-1").watch.look_due is not None


@pytest.mark.parametrize(("share", "hours"), [(0.75, 0.25), (1.0, 1.0)])
def test_whoever_is_told_that_it_is_urgent_now_has_time_to_act(share: float, hours: float) -> None:
    """Also where the policy asks for no reminder, so that none of the time is set apart for after it."""
    urgent = UrgentPatience(acknowledge_within_hours=1)
    made = partition(policy(MIRA, escalation=Escalation(urgent=urgent, remind_at_share=share)))
    for one in (ALONE, JOINED):
        made.tell(one)
    watch = made.touch("t-1").watch
    assert watch.reminded_at is not None
    assert watch.look_due == watch.reminded_at + timedelta(hours=hours)


@pytest.mark.parametrize(("limit", "carried"), [(11, 9), (10, 2)])
def test_it_weighs_what_it_does_now_unless_that_exceeds_a_limit(limit: int, carried: int) -> None:
    made = partition(policy(MIRA, limits=Limits(care_load=limit)))
    made.tell(ALONE)
    made.tell(need("t-2"))
    made.tell(JOINED)
    assert (made.touch("t-1").care_load, load(made, "mira")) == (carried, (carried + 2, 2))
    made.claim("t-2", "mira")
    made.settle("t-2", "mira")
    made.tell(revised(JOINED, "distress"))
    made.claim("t-1", "mira")
    made.settle("t-1", "mira")
    assert load(made, "mira") == (0, 0)


def test_who_carries_nothing_else_may_have_a_touch_that_weighs_more_than_anybodys_limit() -> None:
    made = partition(policy(MIRA, JONAS, limits=Limits(care_load=8)))
    made.tell(JOINED)
    made.tell(need("t-2"))
    made.tell(need("t-2", revision=2, care_load=9))
    assert assigned(made) == {"t-1": "jonas", "t-2": "mira"}
    assert (load(made, "jonas"), load(made, "mira")) == ((9, 1), (9, 1))
    made.tell(need("t-3"))
    assert made.touch("t-3").hold == "over-limit"


def test_what_is_no_more_urgent_than_before_reminds_nobody() -> None:
    made = partition(policy(MIRA))
    made.tell(ALONE)
    made.tell(need(revision=2, reasons=(WELCOME, reason("unanswered"))))
    assert made.of(TouchReminded) == []


def test_in_somebodys_hands_it_is_annotated_and_they_look_again_before_they_settle() -> None:
    made = partition(policy(MIRA))
    made.tell(ALONE)
    seen = made.claim("t-1", "mira")
    made.tell(JOINED)
    (note,) = made.of(TouchAnnotated)
    assert note.note == "another reason, or more of one: distress"
    with pytest.raises(Refused, match="Look again"):
        made.settle("t-1", "mira", seen)
    made.settle("t-1", "mira")
    (settled,) = made.of(TouchSettled)
    assert settled.need_revision == 2
    assert len(made.of(TouchAssigned)) == 1


class TestUrgentInSomebodysHands:
    """What became urgent in somebody's hands waits for them to act, as if it were offered anew."""

    def pressing(self, contact: EmergencyContact | None = None) -> Partition:
        made = partition(policy(MIRA, JONAS, escalation=Escalation(emergency_contact=contact)))
        made.tell(ALONE)
        made.claim("t-1", "mira")
        made.tell(JOINED)
        return made

    def test_they_are_told_at_once_and_by_a_notice(self) -> None:
        made = self.pressing()
        (told,) = made.of(TouchReminded)
        assert (told.responder, told.to) == ("mira", "responder")
        notice = Occasion(kind="reminder", responder="mira", revision=told.revision)
        assert notice.holds(made.touch("t-1"))
        made.tell(need(revision=3, urgency="urgent", reasons=(DISTRESS, WELCOME, reason("thanks"))))
        assert notice.holds(made.touch("t-1"))
        assert len(made.of(TouchReminded)) == 1

    def test_it_escalates_and_is_told_of_again_until_somebody_else_takes_it(self) -> None:
        made = self.pressing(EmergencyContact(responder="jonas"))
        made.pass_time(at(0.4))
        assert made.of(TouchEscalated) == []
        made.pass_time(at(2.1))
        (escalated,) = made.of(TouchEscalated)
        assert (escalated.responder, escalated.at, escalated.cause) == ("jonas", at(0.5), "not-claimed-again")
        assert [(one.to, one.at) for one in made.of(TouchReminded)[1:]] == [("emergency-contact", at(1.5))]
        made.claim("t-1", "jonas")
        made.pass_time(at(9))
        assert (made.touch("t-1").responder, load(made, "mira"), load(made, "jonas")) == ("jonas", (0, 0), (9, 1))
        assert len(made.of(TouchReminded)) == 2

    def test_with_no_contact_whoever_has_it_is_told_again_and_again(self) -> None:
        made = self.pressing()
        made.pass_time(at(2.6))
        assert [(one.responder, one.at) for one in made.of(TouchReminded)] == [
            ("mira", at(0)),
            ("mira", at(1.5)),
            ("mira", at(2.5)),
        ]

    def test_who_claims_it_again_has_it_in_hand(self) -> None:
        made = self.pressing()
        made.claim("t-1", "mira")
        made.pass_time(at(9))
        assert made.of(TouchEscalated) == []
        assert (made.touch("t-1").responder, load(made, "mira")) == ("mira", (2, 1))

    def test_a_further_crisis_asks_who_has_the_first_in_hand_to_act_again(self) -> None:
        made = self.pressing()
        made.claim("t-1", "mira")
        made.pass_time(at(1))
        made.tell(further(3))
        assert [one.at for one in made.of(TouchReminded)] == [at(0), at(1)]
        made.pass_time(at(1.4))
        made.tell(further(4))
        assert len(made.of(TouchReminded)) == 2, "nor has what goes on meanwhile more time"
        made.pass_time(at(1.6))
        (escalated,) = made.of(TouchEscalated)
        assert (escalated.at, escalated.cause) == (at(1.5), "not-claimed-again")

    def test_a_further_crisis_gives_no_more_time_to_who_was_asked_for_the_first(self) -> None:
        made = partition(policy(MIRA))
        made.tell(ALONE)
        made.tell(JOINED)
        due = made.touch("t-1").watch.look_due
        made.tell(further(3))
        assert (len(made.of(TouchReminded)), made.touch("t-1").watch.look_due) == (1, due)

    def test_given_back_it_is_offered_as_what_it_is_now(self) -> None:
        made = self.pressing()
        made.release("t-1", "mira")
        made.fire_due()
        assert assigned(made) == {"t-1": "jonas"}
        assert load(made, "jonas") == (9, 1)

    @pytest.mark.parametrize("end", [revised(JOINED, "distress"), withdrawn(JOINED)])
    def test_once_it_is_urgent_no_more_nobody_is_told(self, end: NeedsTouchEvent) -> None:
        made = self.pressing()
        made.tell(end)
        made.pass_time(at(9))
        assert made.of(TouchEscalated) == []

    def test_what_does_not_press_stays_in_the_hands_it_is_in(self) -> None:
        made = self.pressing()
        with pytest.raises(Refused, match="once they release it"):
            made.claim("t-1", "jonas")


def test_a_reason_that_goes_takes_nothing_out_of_anybodys_hands() -> None:
    made = partition(policy(MIRA))
    made.tell(ALONE)
    made.tell(JOINED)
    made.claim("t-1", "mira")
    carried = made.touch("t-1").care_load
    made.tell(revised(JOINED, "distress"))
    (note,) = made.of(TouchAnnotated)
    assert note.note == "distress is no reason any more: calm again"
    state = made.touch("t-1")
    assert (state.status, state.responder, state.care_load) == ("claimed", "mira", carried)
    assert told_reasons(state.need) == ["welcome"]


def test_what_joins_after_it_was_settled_is_not_taken_in() -> None:
    """Triage hears of the settling, and raises it anew."""
    made = partition(policy(MIRA))
    made.tell(ALONE)
    made.settle("t-1", "mira")
    made.tell(JOINED)
    assert made.touch("t-1").status == "settled"
    (settled,) = made.of(TouchSettled)
    assert settled.need_revision == 1


def test_the_queue_has_it_under_its_most_important_reason() -> None:
    joined = need_row(need(revision=2, urgency="urgent", reasons=(DISTRESS, WELCOME)))
    assert (joined.reason, joined.rank) == ("distress", 0)
    remains = revised_row(revised(JOINED, "distress"))
    assert (remains.reason, remains.need_revision, remains.rank) == ("welcome", 3, 1)


def further(revision: int) -> NeedsTouch:
    """Return the touch with more crisis wording."""
    again = replace(DISTRESS, revision=revision)
    return replace(JOINED, revision=revision, reasons=(again, WELCOME))


def told_reasons(touch: NeedsTouch | None) -> list[str]:
    return [one.reason for one in touch.reasons] if touch else []

"""What people do to touches: claim, settle, give back; what may not be is refused."""

from __future__ import annotations

import pytest

from shared.contracts.policy import Limits
from shared.contracts.touch_facts import TouchSettled
from shared.decider import Refused
from tests.notifier.people import at, need, policy, responder
from tests.notifier.standing import MIRA, assigned, load, partition


def test_claim_and_settle_by_whom_it_was_assigned_to() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    assert made.claim("t-1", "mira") == 2
    assert made.settle("t-1", "mira") == 3
    (fact,) = made.of(TouchSettled)
    assert (fact.responder, fact.outcome, fact.about) == ("mira", "reached", "member:t-1")
    assert load(made, "mira") == (0, 0)
    assert made.roster.load_of("mira").granted == 1


def test_a_claim_by_somebody_else_moves_the_load() -> None:
    made = partition()
    made.tell(need())
    assert assigned(made) == {"t-1": "jonas"}
    made.claim("t-1", "mira")
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (2, 1))


def test_a_claim_may_exceed_a_limit_as_nobody_but_the_human_decides_it() -> None:
    made = partition(policy(MIRA, limits=Limits(touches=1)))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.claim("t-2", "mira")
    assert load(made, "mira") == (4, 2)


def test_what_is_given_back_goes_to_somebody_else() -> None:
    made = partition()
    made.tell(need())
    made.release("t-1", "jonas")
    made.fire_due()
    assert assigned(made) == {"t-1": "mira"}
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (2, 1))


def test_what_is_given_back_by_everybody_comes_back_the_next_day_at_the_earliest() -> None:
    made = partition()
    made.tell(need())
    made.release("t-1", "jonas")
    made.release("t-1", "mira")
    assert made.touch("t-1").hold == "given-back"
    made.pass_time(at(23.9))
    assert made.touch("t-1").status == "held"
    made.pass_time(at(24))
    assert made.touch("t-1").status == "assigned"


def test_who_gave_it_back_may_still_claim_it() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.release("t-1", "mira")
    made.claim("t-1", "mira")
    assert load(made, "mira") == (2, 1)


def test_a_need_that_grows_in_somebodys_hands_weighs_as_granted_until_it_ends() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(need(revision=2, care_load=9))
    assert load(made, "mira") == (2, 1)
    made.settle("t-1", "mira")
    assert load(made, "mira") == (0, 0)


def test_a_held_need_that_changes_is_offered_again() -> None:
    made = partition(policy(responder("mira", segments=("partners",))))
    made.tell(need())
    made.tell(need(revision=2, segment="partners"))
    assert assigned(made) == {"t-1": "mira"}


@pytest.mark.parametrize(
    ("act", "code", "words"),
    [
        (lambda made: made.claim("t-9", "mira"), "unknown-touch", "reload"),
        (lambda made: made.claim("t-1", "nobody"), "unknown-responder", "policy of harbour has no responder 'nobody'"),
        (lambda made: made.claim("t-1", "mira", 7), "stale-revision", "changed since you saw it"),
        (lambda made: made.settle("t-1", "jonas"), "not-allowed", "claim it first"),
        (lambda made: made.release("t-1", "jonas"), "not-allowed", "assigned to mira"),
        (lambda made: made.claim("t-2", "jonas"), "not-allowed", "claimed by mira"),
        (lambda made: made.claim("t-2", "mira"), "not-allowed", "in your hands already"),
        (lambda made: made.claim("t-3", "mira"), "already-ended", "settled already"),
        (lambda made: made.settle("t-3", "mira"), "already-ended", "settled already"),
    ],
)
def test_what_may_not_be_is_refused_in_words_that_help(act, code: str, words: str) -> None:
    made = partition(policy(MIRA, responder("jonas", segments=("partners",))))
    for number in (1, 2, 3):
        made.tell(need(f"t-{number}"))
    made.claim("t-2", "mira")
    made.settle("t-3", "mira")
    before = len(made.events)
    with pytest.raises(Refused) as refused:
        act(made)
    assert refused.value.code == code
    assert words in refused.value.detail
    assert len(made.events) == before


def test_a_touch_of_another_organisation_is_unknown() -> None:
    made = partition()
    made.tell(need(organisation="elsewhere"))
    with pytest.raises(Refused, match="no such touch"):
        made.claim("t-1", "mira")

"""A message that was deleted, or edited to show it no more, asks for nobody; a crisis is for a human to see."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Literal

from services.triage.heat import HEAT
from services.triage.member_tone import TONE
from services.triage.needs import NeedFound, NeedGone
from services.triage.shown_signs import SIGNS, ForgetSigns, NoteShown, SignShown
from services.triage.tone_facts import LoseSigns, SignGone
from shared.contracts.member_events import Deleted, Edited, Member
from shared.contracts.names import Reason
from shared.contracts.policy import Tone
from tests.triage.making import BEA as BEA_REF
from tests.triage.making import LONG_AGO, at, seen_at
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, CLEO, care_policy, posted
from tests.triage.signs import CRISIS, DISTRESS, INSULT, THANKS, sign, told
from tests.triage.spec import given

QUIET: dict[str, Any] = {"welcome": {"enabled": False}, "unanswered": {"enabled": False}}
NOBODY = Member(id="nobody")
FRUSTRATED = "I give up, nothing works, I am so fed up with this crap. I hate it."


def lose(reason: Reason, *hours: float, how: Literal["deleted", "edited"] = "deleted") -> LoseSigns:
    evidence = tuple(told(one) for one in hours)
    return LoseSigns(reason=reason, evidence=evidence, how=how, because=seen_at(9, "gone"), at=at(9))


def causes(events: list[Any]) -> list[tuple[str, str]]:
    return [(event.reason, event.cause) for event in events if isinstance(event, NeedGone)]


class TestWhatRestsOnASign:
    def test_alone_it_ends_with_its_message(self) -> None:
        [need] = given(TONE).after(sign("distress", 1)).state.needs
        given(TONE).after(sign("distress", 1)).when(lose("distress", 1)).then(
            SignGone(reason="distress", evidence=told(1)),
            NeedGone(
                reason="distress",
                about=need.about,
                member=need.member,
                at=at(9),
                cause="the message was deleted",
                evidence=(seen_at(9, "gone"),),
            ),
        )

    def test_it_stands_while_another_message_does_and_ends_with_the_last(self) -> None:
        two = given(TONE).after(sign("distress", 1), sign("distress", 2, shown_from=None))
        one = two.when(lose("distress", 2)).then(SignGone(reason="distress", evidence=told(2)))
        assert one.state.needs == two.state.needs
        last = one.after(lose("distress", 1, how="edited"))
        assert last.state.needs == ()
        assert last.after(lose("distress", 1)).state.gone == ()

    def test_what_another_need_rests_on_is_left_alone(self) -> None:
        both = given(TONE).after(sign("distress", 1), sign("frustration", 1))
        [need] = both.after(lose("frustration", 1)).state.needs
        assert need.reason == "distress"

    def test_a_crisis_stands_and_says_what_became_of_its_message(self) -> None:
        crisis = given(TONE).after(sign("distress", 1, crisis=True), sign("distress", 2, crisis=True))
        one = crisis.after(lose("distress", 1))
        assert [need.values["afterwards"] for need in one.state.needs] == ["one of the messages was deleted"]
        [need] = one.after(lose("distress", 2)).state.needs
        assert (need.values["afterwards"], need.urgency, len(need.evidence)) == ("the message was deleted", "urgent", 2)

    def test_a_deleted_insult_counts_no_more(self) -> None:
        after = given(HEAT).after(
            sign("hostility", 0, shown_from=None), lose("heated", 0), sign("hostility", 1, member=BEA_REF)
        )
        [need] = after.state.needs
        assert (need.values["insults"], need.values["people_insulting"], need.evidence) == (1, 1, (told(1),))

    def test_a_deleted_sigh_counts_no_more(self) -> None:
        after = given(TONE).after(
            sign("frustration", 0, shown_from=None), lose("frustration", 0), sign("frustration", 1)
        )
        assert [need.values["messages"] for need in after.state.needs] == [1]


class TestWhichMessagesShowedSigns:
    SHOWN = SignShown(message="m-1", reason="distress", evidence=told(1), noted_in="tone:acme:m-ada")

    def test_each_is_noted_once(self) -> None:
        given(SIGNS).when(NoteShown(shown=self.SHOWN)).then(self.SHOWN).when(NoteShown(shown=self.SHOWN)).then()

    def test_it_is_forgotten_with_the_message(self) -> None:
        after = given(SIGNS, self.SHOWN).after(ForgetSigns(message="m-1", reasons=("distress",)))
        assert after.state.shown == ()
        after.when(ForgetSigns(message="m-1", reasons=("distress",))).then()

    def test_they_have_an_end(self) -> None:
        many = [
            SignShown(message=f"m-{number}", reason="heated", evidence=told(number), noted_in="heat:acme:c")
            for number in range(200)
        ]
        state = given(SIGNS, *many).state
        assert len(state.shown) == 64
        assert state.of("m-199") == (many[-1],)


def community() -> Partition:
    rules = {name: {"alerts_per_thousand": 100} for name in ("heated", "distress", "frustration", "thanks")}
    acme = Partition(care_policy(tone=Tone(enabled=True, language="en"), **rules, **QUIET), stored=LONG_AGO)
    for number in range(200):
        acme.tell(posted(Member(id="dora"), f"m-d{number}", text="The build is green again."), at(-1))
    return acme


def delete(acme: Partition, message: str, hours: float, by: Member = NOBODY) -> None:
    acme.tell(Deleted(member=by, conversation="c-1", message=message), at(hours))


def edit(acme: Partition, member: Member, message: str, text: str, hours: float, *, recovered: bool = False) -> None:
    acme.tell(Edited(member=member, conversation="c-1", message=message, text=text, recovered=recovered), at(hours))


def asked_for(acme: Partition) -> list[tuple[str, str]]:
    return [(need.reason, need.member.id) for need in acme.open]


def test_the_touch_is_withdrawn_whoever_the_platform_says_deleted_it() -> None:
    for text, reason in ((DISTRESS, "distress"), (INSULT, "heated"), (FRUSTRATED, "frustration"), (THANKS, "thanks")):
        acme = community()
        acme.tell(posted(ADA, "m-1", text=text, mentions=("dora",) if reason == "thanks" else ()), at(0))
        assert asked_for(acme) == [(reason, "dora" if reason == "thanks" else "ada")]
        delete(acme, "m-1", 1)
        assert acme.touches == []
        assert causes(acme.events) == [(reason, "the message was deleted")]
        assert acme.left[-1].end.cause == "the message was deleted"


def test_the_touch_stays_where_there_is_more() -> None:
    acme = community()
    for number, who in enumerate((ADA, BEA)):
        acme.tell(posted(who, f"m-{number}", text=INSULT), at(number / 60))
    [before] = acme.touches
    delete(acme, "m-0", 1)
    assert acme.touches == [before]
    delete(acme, "m-7", 1)
    delete(acme, "m-1", 1)
    assert acme.touches == []


def test_a_crisis_stays_and_whoever_looks_is_told() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    delete(acme, "m-1", 1, ADA)
    [touch] = acme.touches
    assert (touch.urgency, touch.revision, touch.values["afterwards"]) == ("urgent", 2, "the message was deleted")
    assert touch.values["crisis"] is True
    edit(acme, ADA, "m-1", "Hello.", 2)
    assert acme.touches == [touch]


def test_what_was_edited_to_show_it_no_more_is_withdrawn() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    edit(acme, ADA, "m-1", f"{DISTRESS} Oh well.", 1)
    assert [(touch.revision, len(touch.evidence)) for touch in acme.touches] == [(1, 1)]
    edit(acme, ADA, "m-1", "The build is green again.", 2)
    assert acme.touches == []
    assert causes(acme.events) == [("distress", "the message was edited")]


def test_an_edited_insult_is_no_second_one() -> None:
    acme = community()
    acme.tell(posted(BEA, "m-0", text="Hello."), at(0))
    acme.tell(posted(ADA, "m-1", text=INSULT), at(0))
    edit(acme, ADA, "m-1", f"{INSULT} Yes, you.", 1)
    assert [(touch.revision, touch.values["insults"]) for touch in acme.touches] == [(1, 1)]
    delete(acme, "m-1", 2)
    assert acme.touches == []


def test_an_edited_thanks_asks_for_nobody_else() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=THANKS, mentions=("dora",)), at(0))
    edit(acme, ADA, "m-1", f"{THANKS} Really.", 1)
    assert asked_for(acme) == [("thanks", "dora")]


def test_of_a_message_that_was_deleted_before_it_arrived_only_a_crisis_is_told() -> None:
    acme = community()
    for number, text in enumerate((DISTRESS, CRISIS)):
        delete(acme, f"m-{number}", 1)
        acme.tell(posted(CLEO, f"m-{number}", text=text), at(0))
    assert [need.urgency for need in acme.open] == ["urgent"]
    assert len(acme.open[0].evidence) == 1
    assert acme.open[0].values["afterwards"] == "the message was deleted"


def test_what_a_later_edit_shows_holds_whichever_is_heard_of_first() -> None:
    for texts, asked in (((DISTRESS, "Hello."), []), (("Hello.", DISTRESS), [("distress", "ada")])):
        versions = [
            (posted(ADA, "m-1", text="Good morning."), at(0)),
            *(
                (Edited(member=ADA, conversation="c-1", message="m-1", text=text), at(hour))
                for hour, text in enumerate(texts, 1)
            ),
        ]
        for order in permutations(versions):
            acme = community()
            for data, time in order:
                acme.tell(data, time, stored=at(3))
            assert asked_for(acme) == asked


def test_a_message_that_was_edited_before_it_arrived_asks_for_nobody() -> None:
    acme = community()
    edit(acme, ADA, "m-1", "Hello.", 1)
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    assert acme.touches == []


def test_what_was_edited_to_nothing_is_withdrawn() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    edit(acme, ADA, "m-1", "", 1)
    assert causes(acme.events) == [("distress", "the message was edited")]


def test_a_message_that_is_there_again_is_read_again() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    delete(acme, "m-1", 1)
    edit(acme, ADA, "m-1", DISTRESS, 2, recovered=True)
    assert asked_for(acme) == [("distress", "ada")]


def test_what_was_settled_is_left_alone() -> None:
    acme = community()
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    acme.settle(acme.touches[0], at(1))
    delete(acme, "m-1", 2)
    assert causes(acme.events) == []


def test_in_whatever_batches_they_come_it_is_the_same() -> None:
    alone, together = community(), community()
    events: list[tuple[Any, Any]] = [
        (posted(ADA, "m-1", text=DISTRESS), at(0)),
        (posted(BEA, "m-2", text=INSULT), at(0)),
        (Deleted(member=NOBODY, conversation="c-1", message="m-1"), at(1)),
        (posted(CLEO, "m-3", text=INSULT), at(1)),
        (Edited(member=BEA, conversation="c-1", message="m-2", text="Sorry."), at(1)),
    ]
    for data, time in events:
        alone.tell(data, time)
    together.tell_together(events)
    assert together.events == alone.events
    assert together.states == alone.states
    assert any(isinstance(event, NeedFound) for event in alone.events)

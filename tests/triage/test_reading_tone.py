"""What members write, from the event to the touch, where a community turned the reading of tone on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.triage.stream_ids import alerts_stream, community_of, heat_stream, tone_stream
from services.triage.taken import take
from services.triage.tone.languages import UNKNOWN
from services.triage.tone.reading import Reader, Reading
from services.triage.tone_facts import HeatFelt
from shared.contracts.member_events import Cancelled, Edited, Member, Surveyed
from shared.contracts.policy import Identity, Tone
from shared.contracts.redaction import TAKEN
from shared.contracts.tone_rules import DistressRule
from shared.contracts.warmline_facts import PolicyAdopted, ToneOptOut
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, MIRA, ROBOT, care_policy, posted
from tests.triage.signs import CRISIS, DISTRESS, INSULT, THANKS

ON = Tone(enabled=True, language="en")
QUIET: dict[str, Any] = {"welcome": {"enabled": False}, "unanswered": {"enabled": False}}


def community(tone: Tone = ON) -> Partition:
    return Partition(care_policy(tone=tone, **QUIET), stored=LONG_AGO)


@pytest.fixture
def acme() -> Partition:
    return community()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts that are read from now on, those that are read together as one list."""
    together: list[list[str]] = []
    reads = Reader.read

    def noting(self: Reader, texts: list[str], usual: str = UNKNOWN) -> list[Reading]:
        together.append(texts)
        return reads(self, texts, usual)

    monkeypatch.setattr(Reader, "read", noting)
    return together


def reasons(partition: Partition) -> list[tuple[str, str, str]]:
    return [(need.reason, need.member.id, need.urgency) for need in partition.raised]


def opt_out(partition: Partition, hours: float, *, opted_out: bool = True) -> None:
    member = Identity(platform="discord", id="ada")
    partition.tell(ToneOptOut(community=COMMUNITY, member=member, opted_out=opted_out), at(hours))


@pytest.mark.parametrize("text", [CRISIS, THANKS, INSULT, "Hello."], ids=["crisis", "thanks", "insult", "nothing"])
def test_what_was_redacted_is_what_it_was_to_a_replay(read: list[list[str]], text: str) -> None:
    told, replayed = community(), community()
    for one in (told, replayed):
        one.tell(posted(BEA, "m-0", text="Hello, everybody."), at(0))
    told.tell(posted(ADA, "m-1", text=text), at(1))
    taken = take(text, ON)
    read.clear()
    replayed.tell(posted(ADA, "m-1", text=""), at(1), headers={TAKEN: taken})
    assert read == []
    assert (replayed.events, replayed.states) == (told.events, told.states)


@pytest.mark.parametrize("tone", [Tone(), Tone(enabled=True, communities=("other",))])
def test_nothing_is_read_where_it_was_not_turned_on(tone: Tone) -> None:
    off = community(tone)
    off.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    assert off.raised == []
    assert not any(stream.startswith(("tone:", "heat:", "alerts:")) for stream in off.states)


def test_crisis_wording_asks_for_somebody_at_once_with_the_places_and_without_the_text(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    [need] = acme.raised
    assert (need.reason, need.urgency, need.conversation, need.raised_at) == ("distress", "urgent", "c-1", at(0))
    start, _, end = str(need.values["found_at"]).partition("-")
    assert CRISIS[int(start) : int(end)] == "kill myself"
    assert need.values["crisis"] is True
    assert not any(b"kill" in state for _, state in acme.states.values())
    assert b"kill" not in msgspec.json.encode(acme.events)


@pytest.mark.parametrize(
    "data",
    [
        Edited(member=ADA, conversation="c-1", message="m-1", text=CRISIS),
        Surveyed(member=ADA, survey="nps", score=2, comment=CRISIS),
        Cancelled(member=ADA, comment=CRISIS),
    ],
)
def test_edits_and_comments_are_read_as_posts_are(acme: Partition, data: Any) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(data, at(1))
    assert reasons(acme) == [("distress", "ada", "urgent")]


@pytest.mark.parametrize("member", [MIRA, ROBOT])
def test_the_team_and_bots_are_not_read(acme: Partition, member: Member) -> None:
    acme.tell(posted(member, "m-1", text=CRISIS), at(0))
    assert acme.raised == []


def test_crisis_wording_is_shown_also_where_the_plain_signs_of_distress_are_not_asked_for() -> None:
    partition = Partition(care_policy(tone=ON, distress=DistressRule(enabled=False), **QUIET), stored=LONG_AGO)
    partition.tell(posted(ADA, "m-1", text=DISTRESS), at(0))
    assert partition.raised == []
    partition.tell(posted(ADA, "m-2", text=CRISIS), at(1))
    assert reasons(partition) == [("distress", "ada", "urgent")]


def test_what_arrives_long_after_it_was_written_is_not_read(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0), stored=at(49))
    assert acme.raised == []


def test_who_opts_out_is_not_read_from_the_next_message_on(acme: Partition) -> None:
    opt_out(acme, 0)
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(1))
    acme.tell(posted(BEA, "m-2", text=CRISIS), at(2))
    assert reasons(acme) == [("distress", "bea", "urgent")]
    opt_out(acme, 3, opted_out=False)
    acme.tell(posted(ADA, "m-3", text=CRISIS), at(4))
    assert [need.member.id for need in acme.raised] == ["bea", "ada"]


def test_an_insult_counts_where_there_is_somebody_else(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=INSULT), at(0))
    assert acme.raised == []
    acme.tell(posted(BEA, "m-2", text=INSULT), at(0.1))
    assert reasons(acme) == [("heated", "bea", "soon")]


def patient() -> Partition:
    """A community with room in its budget, so that it is not what decides."""
    acme = Partition(care_policy(tone=ON, frustration={"alerts_per_thousand": 100}, **QUIET), stored=LONG_AGO)
    for number in range(200):
        acme.tell(posted(BEA, f"m-b{number}", text="The build is green again."), at(-1))
    return acme


def test_a_lone_sigh_is_kept_in_mind_and_somebody_is_asked_at_the_next() -> None:
    acme = patient()
    acme.tell(posted(ADA, "m-0", text="I gave up on linking the two rings, so I took another road."), at(0))
    assert reasons(acme) == []
    acme.tell(posted(ADA, "m-1", text="I am at my wits' end with the second ring."), at(30))
    assert reasons(acme) == [("frustration", "ada", "routine")]
    [need] = acme.raised
    assert len(need.evidence) == 2


def test_two_sighs_in_one_message_are_more_than_one() -> None:
    acme = patient()
    acme.tell(posted(ADA, "m-0", text="I'm fed up with this nonsense, for the hundredth time."), at(0))
    assert reasons(acme) == [("frustration", "ada", "routine")]


def test_a_named_peer_who_is_thanked_is_who_the_word_is_for(acme: Partition) -> None:
    acme.tell(posted(BEA, "m-1"), at(0))
    acme.tell(posted(ADA, "m-2", text=THANKS, mentions=("bea",)), at(1))
    assert reasons(acme) == [("thanks", "bea", "routine")]


def test_where_the_team_is_thanked_it_is_who_thanks(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=THANKS, mentions=("mira",)), at(1))
    assert reasons(acme) == [("thanks", "ada", "routine")]


def test_beyond_the_budget_nobody_is_asked_but_for_a_crisis(acme: Partition) -> None:
    for hours, member in enumerate(("ada", "bea", "cleo")):
        acme.tell(posted(Member(id=member), f"m-{hours}", text=THANKS, conversation=f"c-{hours}"), at(hours))
    assert len(acme.raised) == 1
    acme.tell(posted(ADA, "m-9", text=CRISIS), at(9))
    assert acme.raised[-1].urgency == "urgent"


def test_what_people_say_of_an_alert_is_learnt_but_never_of_a_crisis(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=THANKS), at(0))
    acme.settle(acme.raised[-1], at(1), "not-needed")
    acme.tell(posted(BEA, "m-2", text=CRISIS), at(2))
    acme.settle(acme.raised[-1], at(3), "not-needed")
    classes = acme.state(alerts_stream(COMMUNITY)).classes
    assert {kind: one.stricter for kind, one in classes.items()} == {"gratitude": 1}


def test_nothing_is_learnt_of_an_alert_that_nobody_had_seen(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=THANKS), at(0))
    (need,) = acme.raised
    acme.settle(replace(need, revision=need.revision - 1), at(1), "not-needed")
    assert {one.stricter for one in acme.state(alerts_stream(COMMUNITY)).classes.values()} == {0}


def test_a_crisis_is_asked_for_again_after_it_was_settled(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    acme.settle(acme.raised[-1], at(1))
    acme.tell(posted(ADA, "m-2", text=CRISIS), at(2))
    assert reasons(acme) == [("distress", "ada", "urgent")] * 2


def test_messages_are_counted_by_their_share(acme: Partition) -> None:
    for number in range(400):
        acme.tell(posted(ADA, f"m-{number}", text="The build is green."), at(number / 100))
    assert 200 <= acme.state(alerts_stream(COMMUNITY)).messages <= 700


def test_what_is_read_together_is_found_as_what_is_read_alone(acme: Partition) -> None:
    alone, texts = community(), (CRISIS, "Hello", INSULT, THANKS, "Hm", CRISIS)
    events = [
        (posted(Member(id=f"u-{number % 3}"), f"m-{number}", text=text), at(number))
        for number, text in enumerate(texts)
    ]
    for data, time in events:
        alone.tell(data, time)
    acme.tell_together(events)
    assert acme.events == alone.events
    assert acme.states == alone.states


def test_where_the_language_changes_within_a_batch_it_is_as_if_each_were_alone(acme: Partition) -> None:
    alone, german = community(), care_policy(tone=Tone(enabled=True, language="de"), **QUIET)
    events = [
        (posted(ADA, "m-1"), at(1)),
        (PolicyAdopted(community=COMMUNITY, version="german", policy=german), at(2)),
        (posted(BEA, "m-2", text="@x du Idiot"), at(3)),
    ]
    for one in (acme, alone):
        one.tell(posted(BEA, "m-0"), at(0))
    for data, time in events:
        alone.tell(data, time)
    acme.tell_together(events)
    assert any(isinstance(event, HeatFelt) for event in alone.events)
    assert acme.events == alone.events


def test_what_must_not_be_read_is_not_read_with_others_either(acme: Partition, read: list[list[str]]) -> None:
    cleo = Identity(platform="discord", id="cleo")
    acme.tell(ToneOptOut(community=COMMUNITY, member=cleo, opted_out=True), at(99))
    acme.tell(posted(ADA, "m-0", text="Before"), at(100))
    acme.tell_together(
        [
            (posted(ADA, "m-1", text="Ada's"), at(100)),
            (posted(MIRA, "m-2", text="The team's"), at(100)),
            (posted(ROBOT, "m-3", text="A bot's"), at(100)),
            (posted(CLEO, "m-4", text="Of one who opted out"), at(100)),
            (posted(BEA, "m-5", text="Of days ago"), at(100 - 49)),
            (posted(BEA, "m-6", text="Bea's"), at(100)),
        ]
    )
    assert read == [["Before"], ["Ada's", "Bea's"]]


def test_what_was_redacted_is_not_read_with_others_either(acme: Partition, read: list[list[str]]) -> None:
    acme.tell(posted(ADA, "m-0", text="Before"), at(0))
    texts = ("Ada's", "", "Bea's")
    events = [(posted(BEA, f"m-{number}", text=text), at(1)) for number, text in enumerate(texts, 1)]
    acme.tell_together(events, headers={1: {TAKEN: take("Redacted", None)}})
    assert read == [["Before"], ["Ada's", "Bea's"]]


def test_imports_suspend_the_streams_of_their_community() -> None:
    streams = (tone_stream(COMMUNITY, "m-1"), heat_stream("conversation:acme:c"), alerts_stream(COMMUNITY))
    assert {community_of(stream) for stream in streams} == {COMMUNITY}

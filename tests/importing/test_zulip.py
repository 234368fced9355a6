from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.reading import Skipped
from infra.importing.zulip import ZulipArchive, stream_names
from infra.importing.zulip_names import topic_of
from services.ingest.platforms.reading import HookSettings
from services.ingest.platforms.zulip import read as read_webhook
from shared.contracts.member_events import Posted, Solved
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export
from tests.sources.reading import delivery, only_fact

EXPORT = ZulipArchive(site="https://acme.zulipchat.com/")
PATH = "17-new-members/Is.20it.20a.2Eb.3F.json"


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sender_full_name": "Ada Byron",
        "timestamp": 1_600_000_000 + number,
        "content": f"<p>text {number}</p>",
    } | changes


def read(messages: Any, path: str = PATH, index: Any = None) -> ReadExport:
    streams = {} if index is None else {"stream_index.json": index}
    return read_export(EXPORT, {path: messages} | streams)


def test_a_message_becomes_a_post() -> None:
    (event,) = read([message(7)]).facts
    assert (event.id, event.time.isoformat()) == ("post:7:1", "2020-09-13T12:26:47+00:00")
    assert isinstance(event.data, Posted)
    assert event.data.member.id == event.data.member.name == "Ada Byron"
    assert not event.data.member.bot
    assert (event.data.conversation, event.data.channel, event.data.message) == ("17/Is it a.b?", "new members", "7")
    assert (event.data.text, event.data.audience, event.data.reply_to) == ("text 7", "public", None)
    assert event.data.url == (
        "https://acme.zulipchat.com/#narrow/stream/17-new-members/topic/Is.20it.20a.2Eb.3F/near/7"
    )


def test_messages_come_oldest_first_whatever_the_file_says() -> None:
    events = read([message(3), message(1), message(2, timestamp=1_600_000_001)]).facts
    assert [event.id for event in events] == ["post:1:1", "post:2:1", "post:3:1"]


def test_zulips_own_bots_are_bots_and_who_is_named_as_one() -> None:
    names = ("Notification Bot", "Welcome Bot", "Talbot", "CI bot")
    messages = [message(1, sender_full_name=name) for name in names]
    assert [event.member.bot for event in read(messages).data] == [True, True, False, False]
    named = read_export(ZulipArchive(bots=frozenset({"CI bot"})), {PATH: messages})
    assert [event.member.bot for event in named.data] == [True, True, False, True]


def test_a_topic_is_solved_by_the_first_person_in_it() -> None:
    messages = [message(1, sender_full_name="CI bot"), message(2)]
    named = read_export(ZulipArchive(bots=frozenset({"CI bot"})), {"17-help/.E2.9C.94.20Topic.json": messages})
    assert named.data[-1].member.id == "Ada Byron"


def test_a_resolved_topic_is_solved_by_its_opener_at_the_end_and_stays_the_same_conversation() -> None:
    path = "17-new-members/.E2.9C.94.20Is.20it.20a.2Eb.3F.json"
    events = read(
        [message(1, sender_full_name="Notification Bot"), message(2), message(3, sender_full_name="Bo")], path
    ).facts
    solved = events[-1]
    assert isinstance(solved.data, Solved)
    assert solved.data.member.id == "Ada Byron"
    assert solved.data.conversation == "17/Is it a.b?"
    assert solved.time == events[-2].time
    assert solved.id.startswith("solved:")
    assert {event.data.conversation for event in events} == {"17/Is it a.b?"}  # type: ignore[attr-defined]


def test_a_long_topic_is_bounded_and_stays_apart_from_others() -> None:
    topics = [topic_of(f"1-general/{'x' * 400}{end}.json", {}) for end in "ab"]
    conversations = {topic.conversation for topic in topics if topic}
    assert len(conversations) == 2
    assert {len(conversation) for conversation in conversations} == {300}


def test_the_index_knows_a_streams_name_better_than_its_folder() -> None:
    (post,) = read([message(1)], index={"streams": {"new-members": {"id": 17}}, "time": 1}).data
    assert post.channel == "new-members"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"streams": []}',
        b'{"streams": {"x": {"id": "y"}}}',
        b'{"streams": {"x": {"id": 1e999}}}',
        b"\xff",
    ],
)
def test_an_unreadable_index_is_no_obstacle(body: bytes) -> None:
    assert stream_names(body) == {}


def test_half_a_character_in_the_index_does_not_reach_an_event() -> None:
    assert stream_names(b'{"streams": {"a\\ud800": {"id": 1}}}') == {1: "a?"}


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("text", "not a message but another value"),
        ({"id": 1}, "sender_full_name is missing"),
        (message(1, id="1"), "id has the wrong type"),
        (message(1, id=True), "id has the wrong type"),
        (message(1, content=None), "content has the wrong type"),
        (message(1, timestamp="soon"), "timestamp has the wrong type"),
        (message(1, timestamp=1e300), "timestamp 1e+300 is no time"),
        (message(1, timestamp=float("nan")), "timestamp nan is no time"),
        (message(1, sender_full_name=" "), "sender_full_name is empty"),
        (message(1, content="\ud800"), "the text holds half a character (a lone surrogate)"),
    ],
)
def test_a_faulty_message_is_skipped_with_its_place_and_the_rest_is_read(item: Any, why: str) -> None:
    result = read([message(5), item])
    assert result.skipped == [Skipped(file=PATH, place="item 2", why=why)]
    assert len(result.facts) == 1


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        (PATH, b"[{", "not JSON: "),
        (PATH, b"\xff\xfe\xff", "not JSON: "),
        (PATH, b"[" * 100_000, "not JSON: "),
        (PATH, b"{}", "not a list of messages"),
        ("general/topic.json", b"[]", "not in a folder such as 123-general"),
    ],
)
def test_an_unreadable_file_is_skipped(path: str, body: bytes, why: str) -> None:
    (skipped,) = read(body, path).skipped
    assert (skipped.file, skipped.place) == (path, None)
    assert skipped.why.startswith(why)


@given(st.binary(), st.text(min_size=1).map(lambda name: f"1-x/{name}.json"))
def test_no_bytes_crash_the_reader(body: bytes, path: str) -> None:
    read(body, path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(message(1))), inner),
)


@given(json_values)
def test_no_json_crashes_the_reader(value: Any) -> None:
    read(value)


def test_the_same_message_by_webhook_is_the_same_event_in_the_same_conversation() -> None:
    (imported,) = read([message(7)]).facts
    sent = {"id": 7, "type": "stream", "stream_id": 17, "subject": "✔ Is it a.b?", "display_recipient": "new members"}
    sent |= {"sender_id": 3, "sender_full_name": "Ada Byron", "timestamp": 1_600_000_007, "content": "text 7"}
    reading = read_webhook(delivery({"token": "t", "message": sent}), HookSettings(public=("17",)))
    posted = only_fact(reading)
    assert (posted.id, posted.time) == (imported.id, imported.time)
    assert isinstance(imported.data, Posted)
    assert isinstance(posted.data, Posted)
    assert posted.data.conversation == imported.data.conversation

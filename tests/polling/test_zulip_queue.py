"""Zulip's event queue, read without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ingest.platforms import zulip
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from services.ingest.platforms.zulip_queue import read
from shared.contracts.member_events import Deleted, Edited, Joined, Posted, Reacted, Solved
from tests.polling.reading import RoundMade, make_round
from tests.polling.zulip_server import DIRECT, SECRETS, Zulip, message
from tests.sources.reading import delivery, only_fact

SITE = "https://chat.example"


def round_over(
    server: Zulip,
    mark: str | None = None,
    *,
    private: tuple[str, ...] = (),
    public: tuple[str, ...] = (),
    **more: Any,
) -> RoundMade:
    marks = {} if mark is None else {"events": mark}
    settings = PollSettings(site=SITE, private=private, public=public)
    return make_round(read, server.answer, settings, marks=marks, **more)


def after_registering(server: Zulip) -> str:
    """Return the mark of a first round."""
    return round_over(server).marks["events"]


def test_a_first_round_registers_a_queue_and_reads_what_nobody_waited_for() -> None:
    server = Zulip(messages=[message(1, 60 * 48), message(2, 3), DIRECT])
    made = round_over(server)
    assert [fact.id for fact in made.facts] == ["post:2:1"]
    assert [ask.path for ask in made.asked] == ["/streams", "/register", "/messages", "/users"]
    assert made.marks == {"events": '{"queue_id":"queue-1","last_event_id":-1}'}


def test_a_message_by_the_queue_is_the_one_that_an_outgoing_webhook_brings() -> None:
    server = Zulip()
    mark = after_registering(server)
    written = message(4)
    server.write(written)
    made = round_over(server, mark)
    hook = zulip.read(delivery({"message": written}), HookSettings(site=SITE, public=("5",)))
    assert made.facts == [only_fact(hook)]
    assert round_over(server, made.marks["events"]).facts == []


def test_the_last_events_are_acknowledged_heartbeats_too() -> None:
    server = Zulip()
    made = round_over(server, after_registering(server))
    assert made.marks == {"events": '{"queue_id":"queue-1","last_event_id":0}'}
    assert [ask.path for ask in made.asked] == ["/streams", "/events"]


def test_a_lost_queue_is_registered_anew_and_the_gap_is_closed() -> None:
    server = Zulip()
    mark = after_registering(server)
    server.lose_queue("queue-2")
    server.write(message(4))
    made = round_over(server, mark, until={"events": timedelta(minutes=30)})
    assert [fact.id for fact in made.facts] == ["post:4:1"]
    assert "queue-2" in made.marks["events"]


def test_a_gap_is_read_page_by_page_down_to_what_is_known() -> None:
    server = Zulip(messages=[message(number, 3_000 - number) for number in range(1, 3_000)])
    made = round_over(server, first=timedelta(days=9), until={"events": timedelta(minutes=1_491)})
    assert len(made.facts) in {1_500, 1_501}
    assert sum(ask.path == "/messages" for ask in made.asked) == 2


def test_reactions_edits_deletions_and_who_came() -> None:
    server = Zulip()
    mark = after_registering(server)
    at = int(datetime.now(UTC).timestamp())
    old = message(2, 60 * 24 * 30)
    server.messages.append({**old, "content": "Otherwise"})
    server.happen(type="reaction", op="add", message_id=2, user_id=8, emoji_name="tada")
    server.happen(type="reaction", op="remove", message_id=2, user_id=8, emoji_name="tada")
    server.happen(type="update_message", message_id=2, user_id=3, edit_timestamp=at, content="Otherwise", stream_id=5)
    server.happen(type="update_message", message_id=2, user_id=None, rendering_only=True, content="Otherwise")
    server.happen(type="delete_message", message_type="stream", message_ids=[2, 3], stream_id=5, topic="✔ First steps")
    person = {
        "user_id": 8,
        "full_name": "Grace",
        "email": SECRETS[0],
        "role": 400,
        "date_joined": "2026-11-22T08:00:00Z",
    }
    server.happen(type="realm_user", op="add", person=person)
    server.happen(type="realm_user", op="add", person={**person, "user_id": 9, "is_bot": True})
    made = round_over(server, mark)
    assert made.kinds() == ["Deleted", "Deleted", "Edited", "Joined", "Reacted"]
    reacted = made.only(Reacted)
    assert (reacted.member.id, reacted.message, reacted.conversation) == ("8", "2", "5/First steps")
    assert (made.only(Edited).text, made.only(Edited).member.id) == ("Otherwise", "3")
    assert (made.only(Joined).member.id, made.only(Joined).member.roles) == ("8", ("member",))
    gone = [fact.data for fact in made.facts if isinstance(fact.data, Deleted)]
    assert {(one.message, one.conversation, one.member.bot) for one in gone} == {
        ("2", "5/First steps", True),
        ("3", "5/First steps", True),
    }


def test_a_topic_that_gets_the_tick_is_solved_and_one_that_moves_is_not() -> None:
    server = Zulip()
    mark = after_registering(server)
    moved = {"type": "update_message", "message_id": 2, "user_id": 8, "edit_timestamp": 1_795_335_300, "stream_id": 5}
    server.happen(**moved, orig_subject="First steps", subject="✔ First steps")
    server.happen(**moved, orig_subject="First steps", subject="Second steps")
    server.happen(**moved, orig_subject="✔ First steps", subject="First steps")
    made = round_over(server, mark)
    assert (made.only(Solved).conversation, made.only(Solved).member.id) == ("5/First steps", "8")
    assert [fact.id.split(":")[0] for fact in made.facts] == ["solved"]


def test_direct_messages_and_what_concerns_them_are_dropped() -> None:
    server = Zulip()
    mark = after_registering(server)
    server.write(DIRECT)
    server.happen(type="reaction", op="add", message_id=90, user_id=8, emoji_name="tada")
    server.happen(type="update_message", message_id=90, user_id=3, edit_timestamp=1, content="psst!")
    server.happen(type="delete_message", message_type="private", message_ids=[90])
    assert round_over(server, mark).facts == []


def test_private_channels_are_read_only_where_they_are_listed() -> None:
    def lively(private: tuple[str, ...]) -> list[Any]:
        server = Zulip(messages=[message(1, 2, stream=6)])
        first = round_over(server, private=private)
        server.write(message(4, stream=6))
        server.write(message(5, stream=7))
        server.happen(type="reaction", op="add", message_id=4, user_id=8, emoji_name="tada")
        return first.facts + round_over(server, first.marks["events"], private=private).facts

    assert lively(()) == []
    taken = lively(("6",))
    assert [fact.id.split(":")[0] for fact in taken] == ["post", "post", "react"]
    assert {fact.data.audience for fact in taken if isinstance(fact.data, Posted)} == {"private"}


def test_a_channel_that_becomes_private_is_left_at_once() -> None:
    server = Zulip()
    mark = after_registering(server)
    server.channels[5] = True
    server.happen(type="stream", op="update", property="invite_only", value=True, stream_id=5)
    server.write(message(4))
    assert round_over(server, mark).facts == []


def test_what_a_queue_tells_stays_there_until_it_is_known_who_can_read_a_channel_now() -> None:
    server = Zulip()
    mark = after_registering(server)
    server.happen(type="stream", op="update", property="invite_only", value=True, stream_id=6)
    server.write(message(4))
    asked: list[str] = []

    def answer(path: str, params: dict[str, str]) -> Any:
        asked.append(path)
        return 500 if asked.count("/streams") == 2 else server.answer(path, params)

    made = make_round(read, answer, PollSettings(site=SITE), marks={"events": mark})
    assert (made.facts, made.read, len(made.odd)) == ([], set(), 1)
    assert [fact.id for fact in round_over(server, mark).facts] == ["post:4:1"]


@pytest.mark.parametrize(
    ("public", "private", "taken"),
    [
        ((), (), {"5": "members", "8": "members"}),
        (("*",), (), {"5": "members", "8": "members"}),
        (("5", "6"), (), {"5": "members"}),
        (("5",), ("6", "8"), {"5": "members", "6": "private", "8": "private"}),
        (("*",), ("8",), {"5": "members", "8": "private"}),
    ],
)
def test_channels_are_taken_as_the_webhook_takes_them(
    public: tuple[str, ...], private: tuple[str, ...], taken: dict[str, str]
) -> None:
    server = Zulip(
        channels={5: False, 6: True, 8: False}, messages=[message(number, 2, stream=number) for number in (5, 6, 8)]
    )
    made = round_over(server, public=public, private=private)
    assert {fact.data.message: fact.data.audience for fact in made.facts if isinstance(fact.data, Posted)} == taken


def test_a_round_for_which_somebody_waits_does_not_wait_for_what_may_happen() -> None:
    server = Zulip()
    mark = after_registering(server)
    quiet = round_over(server, mark, at_once=True)
    assert (quiet.read, quiet.odd, quiet.marks) == ({"events"}, [], {"events": mark})
    server.write(message(4))
    made = round_over(server, mark, at_once=True)
    assert [fact.id for fact in made.facts] == ["post:4:1"]
    assert [ask.params.get("dont_block") for ask in made.asked] == [None, "true"]


def test_bots_are_marked_and_addresses_stay_outside() -> None:
    server = Zulip(messages=[message(1, 2, sender_email="helper-bot@zulip.example"), message(2, 1)])
    made = round_over(server)
    assert [fact.data.member.bot for fact in made.facts] == [True, False]
    written = msgspec.json.encode([fact.data for fact in made.facts]).decode()
    assert not [secret for secret in SECRETS if secret in written]


def test_one_odd_event_is_told_and_passed() -> None:
    server = Zulip()
    mark = after_registering(server)
    server.happen(type="message", message={"id": "Ada said"})
    server.write(message(4))
    made = round_over(server, mark)
    assert [fact.id for fact in made.facts] == ["post:4:1"]
    assert len(made.odd) == 1
    assert "Ada" not in made.odd[0]
    assert '"last_event_id":2' in made.marks["events"]


@pytest.mark.parametrize("odd", [b"", b"[]", b'{"events":[]}', b'{"events":[{"id":"x"}]}', 401, 404])
def test_an_answer_of_another_form_breaks_nothing(odd: Any) -> None:
    server = Zulip()
    mark = after_registering(server)
    made = make_round(
        read,
        lambda path, params: server.answer(path, params) if path == "/streams" else odd,
        PollSettings(site=SITE),
        marks={"events": mark},
    )
    assert made.facts == []
    assert made.odd
    assert made.read == set()

"""Discord's gateway and its API, listened to without a network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.discord import DiscordExport
from services.ingest.platforms import discord_events
from services.ingest.platforms.discord_gateway import read
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from shared.contracts.member_events import (
    Deleted,
    Edited,
    Joined,
    Left,
    Moderated,
    Posted,
    Reacted,
    Solved,
    Updated,
)
from tests.importing.exported import read as read_export
from tests.polling.discord_line import Line, listen
from tests.polling.discord_server import (
    FORUM,
    GUILD,
    HELP,
    HELPER_ROLE,
    SITE,
    SOLVED_TAG,
    STAFF,
    STAFF_CATEGORY,
    Discord,
    at,
    member,
    message,
    reply,
    snowflake,
    thread,
    user,
)
from tests.polling.reading import RoundMade, make_round
from tests.sources.reading import delivery, only_fact

ACK, LOST = ({"op": op, "d": data, "s": None, "t": None} for op, data in ((11, None), (9, False)))


def ids(made: RoundMade) -> list[str]:
    return [fact.id for fact in made.facts]


def mark(made: RoundMade) -> dict[str, Any]:
    return dict(json.loads(made.marks["gateway"]))


def test_a_session_is_begun_and_what_happens_in_it_is_told() -> None:
    discord = Discord()
    written: list[Any] = []
    made = listen(discord, lambda: written.append(discord.write(message())))
    [fact] = made.facts
    assert fact.id == f"post:{written[0]['id']}:1"
    posted = made.only(Posted)
    assert (posted.member.id, posted.member.name, posted.member.handle) == ("3", "Ada", "ada")
    assert (posted.conversation, posted.place, posted.channel) == (posted.message, HELP, "help")
    assert posted.url == f"https://discord.com/channels/{GUILD}/{HELP}/{posted.message}"
    assert mark(made) == {"id": "session-1", "url": discord.url, "seq": 3}
    assert discord.identified[0]["intents"] == 0b1_1000_0110_0000_0111
    assert not discord.identified[0]["intents"] & (1 << 12 | 1 << 13)  # direct messages


def test_a_session_is_resumed_behind_what_was_kept_and_no_list_of_messages_is_read() -> None:
    discord = Discord()
    before = listen(discord, lambda: discord.write(message()))
    discord.write(message())
    made = listen(discord, lambda: discord.write(message()), marks=before.marks, until={"gateway": timedelta()})
    assert len(made.facts) == 2
    assert discord.resumed == [{"session_id": "session-1", "seq": 3}]
    assert len(discord.identified) == 1
    assert not [ask.path for ask in made.asked if "messages" in ask.path]
    assert made.current == 1


def test_what_is_told_again_has_the_ids_that_it_had() -> None:
    discord = Discord()
    listen(discord)
    discord.write(message())
    discord.happen("GUILD_MEMBER_REMOVE", user=user())
    discord.happen("GUILD_MEMBER_UPDATE", **member(roles=(HELPER_ROLE,)))
    stored = {"gateway": json.dumps({"id": "session-1", "url": discord.url, "seq": 2})}
    first = listen(discord, marks=stored, until={"gateway": timedelta()})
    again = listen(discord, marks=stored, until={"gateway": timedelta()})
    assert ids(first) == ids(again)
    assert len(ids(first)) == 3


def test_a_lost_session_is_begun_anew_and_the_gap_is_read_from_the_cursor() -> None:
    discord = Discord(threads={"60": thread("60", owner_id="4")})
    before = listen(discord)
    discord.sessions.clear()
    old, lost = message(60 * 5), message(60)
    discord.write(old)
    discord.write(lost)
    in_thread = discord.write(message(50, channel="60"))
    until = {"gateway": timedelta(hours=2)}
    made = listen(discord, lambda: discord.write(message()), marks=before.marks, until=until)
    assert [fact.id.split(":")[1] for fact in made.facts][:2] == [in_thread["id"], lost["id"]]
    assert len(made.facts) == 3
    assert (len(discord.resumed), len(discord.identified)) == (1, 2)
    assert mark(made)["id"] == "session-2"
    assert made.current == 1


def test_no_place_is_kept_before_the_gap_is_closed() -> None:
    discord = Discord(messages=[message(number) for number in range(300, 0, -1)])
    discord.channels[HELP]["last_message_id"] = discord.messages[-1]["id"]

    def answer(path: str, params: dict[str, str]) -> Any:
        if path == f"/channels/{HELP}/messages":
            discord.write(message())  # while it is read
        return discord.answer(path, params)

    line = Line(discord, ())
    made = make_round(
        read,
        answer,
        PollSettings(site=SITE),
        first=timedelta(hours=6),
        connection=line.do,
    )
    pages = [ask.params["after"] for ask in made.asked if ask.path == f"/channels/{HELP}/messages"]
    assert len(pages) == len(set(pages)) == 4
    assert len(set(ids(made))) == 304
    assert made.read == {"gateway"}
    dying = Line(discord, ())
    discord.sessions.clear()

    def ends(path: str, params: dict[str, str]) -> Any:
        if params.get("after") == pages[1]:
            dying.waiting += [ACK, 4009]
        return discord.answer(path, params)

    cut = make_round(read, ends, PollSettings(site=SITE), first=timedelta(hours=6), connection=dying.do)
    assert cut.facts
    assert (cut.read, cut.current) == (set(), 0)
    assert cut.odd == ["gateway: the connection is closed (4009)"]
    assert len(dying.opened) == 1


def test_reading_the_gap_goes_on_where_it_was_when_the_connection_ends() -> None:
    discord = Discord(messages=[message(number) for number in range(300, 0, -1)])
    discord.channels[HELP]["last_message_id"] = discord.messages[-1]["id"]
    line = Line(discord, ())
    ended: list[Any] = [1006, {"op": 7, "d": None, "s": None, "t": None}]

    def answer(path: str, params: dict[str, str]) -> Any:
        if path.endswith("/messages") and ended:
            discord.write(message())
            line.waiting.append(ended.pop())
            discord.write(message())  # while nobody is connected
        return discord.answer(path, params)

    made = make_round(read, answer, PollSettings(site=SITE), first=timedelta(hours=6), connection=line.do)
    pages = [ask.params["after"] for ask in made.asked if ask.path.endswith("/messages")]
    assert len(pages) == len(set(pages)) == 4
    assert len(set(ids(made))) == 304
    assert [frame["seq"] for frame in discord.resumed] == [3, 6]
    assert (len(discord.identified), made.odd, made.current) == (1, [], 1)
    assert mark(made)["seq"] == len(discord.sessions["session-1"].told)


def test_a_session_that_brings_the_gap_no_further_is_left_until_the_next_round() -> None:
    discord = Discord()
    discord.write(message(9))
    line = Line(discord, ())

    def answer(path: str, params: dict[str, str]) -> Any:
        if path.endswith("/members") or (path.endswith("/roles") and discord.resumed):
            line.waiting.append(1006)
        return discord.answer(path, params)

    made = make_round(read, answer, PollSettings(site=SITE), connection=line.do)
    assert (len(line.opened), made.read, made.odd) == (2, set(), ["gateway: the connection is closed (1006)"])


def test_quiet_channels_are_not_asked_for_messages() -> None:
    discord = Discord()
    discord.channels[HELP]["last_message_id"] = snowflake(60 * 24 * 9)
    made = listen(discord)
    assert f"/channels/{HELP}/messages" not in {ask.path for ask in made.asked}


def test_edits_deletions_and_reactions() -> None:
    discord = Discord()
    first, second = message(3), message(2)
    edited = {**first, "content": "Otherwise", "edited_timestamp": "2026-11-22T08:00:00.500000+00:00"}

    def happen() -> None:
        discord.write(first)
        discord.happen("MESSAGE_UPDATE", **first, member=member())  # its link is shown now
        discord.happen("MESSAGE_UPDATE", **edited, member=member())
        discord.happen("MESSAGE_REACTION_ADD", **reacted, emoji={"id": None, "name": "🎉"}, member=member(4))
        discord.happen("MESSAGE_REACTION_ADD", **reacted, emoji={"id": "99", "name": None})  # it was deleted
        discord.happen("MESSAGE_REACTION_REMOVE", **reacted, emoji={"id": None, "name": "🎉"})
        discord.happen("MESSAGE_DELETE", id=first["id"], channel_id=HELP)
        discord.happen("MESSAGE_DELETE_BULK", ids=[second["id"], first["id"]], channel_id=HELP)

    reacted = {"user_id": "4", "channel_id": HELP, "message_id": first["id"]}
    made = listen(discord, happen)
    assert made.kinds() == ["Deleted", "Deleted", "Deleted", "Edited", "Posted", "Reacted"]
    edit = next(fact for fact in made.facts if isinstance(fact.data, Edited))
    assert edit.id == f"edit:{first['id']}:1795334400500"
    assert made.only(Edited).text == "Otherwise"
    assert (made.only(Reacted).member.id, made.only(Reacted).reaction) == ("4", "🎉")
    gone = [fact.data for fact in made.facts if isinstance(fact.data, Deleted)]
    assert [(one.message, one.member.id) for one in gone] == [
        (first["id"], "3"),
        (second["id"], "0"),
        (first["id"], "3"),
    ]
    assert gone[1].member.bot
    assert made.odd == []


def test_replies_go_on_with_what_they_answer_and_a_thread_with_its_first_message() -> None:
    discord = Discord()
    first = message(9)
    second, unknown = reply(first, 8), message(60 * 24 * 90)
    between = reply(unknown, 60 * 24 * 85)
    before = reply(between, 60 * 24 * 80)
    discord.messages += [unknown, between, before]

    def happen() -> None:
        for written in (first, second, reply(second, 7), reply(before, 6)):
            discord.write(written)
        discord.threads[first["id"]] = thread(first["id"], HELP)
        discord.happen("THREAD_CREATE", **discord.threads[first["id"]])
        discord.write(message(5, channel=first["id"]))

    made = listen(discord, happen)
    posts = [fact.data for fact in made.facts if isinstance(fact.data, Posted)]
    assert [post.conversation for post in posts] == [first["id"], first["id"], first["id"], unknown["id"], first["id"]]
    assert [post.reply_to for post in posts] == [None, first["id"], second["id"], before["id"], None]
    assert [post.place for post in posts] == [HELP] * 4 + [None]


def test_who_comes_goes_and_gets_another_role() -> None:
    discord = Discord()

    def happen() -> None:
        discord.happen("GUILD_MEMBER_ADD", **member(joined=0))
        discord.happen("GUILD_MEMBER_ADD", **member(4, joined=0, flags=1))
        discord.happen("GUILD_MEMBER_UPDATE", **member(joined=0, avatar="new"))
        discord.happen("GUILD_MEMBER_UPDATE", **member(joined=0, roles=(HELPER_ROLE,)))
        discord.happen("GUILD_ROLE_UPDATE", role={"id": HELPER_ROLE, "name": "guide", "permissions": "0"})
        discord.happen("GUILD_MEMBER_UPDATE", **member(joined=0, roles=(HELPER_ROLE,)))
        discord.happen("GUILD_MEMBER_REMOVE", user=user(4))

    made = listen(discord, happen)
    assert made.kinds() == ["Joined", "Joined", "Left", "Updated", "Updated"]
    joined = [fact for fact in made.facts if isinstance(fact.data, Joined)]
    assert joined[0].id.endswith(":1")
    assert not joined[1].id.endswith(":1")  # who comes again joins again
    assert [fact.data.member.roles for fact in made.facts if isinstance(fact.data, Updated)] == [
        ("helper",),
        ("guide",),
    ]
    assert made.only(Left).member.id == "4"


def test_who_came_meanwhile_and_what_moderators_did_is_read() -> None:
    discord = Discord(members=[member(3), member(4, joined=30), member(5, joined=20, flags=1)])
    kicked = {"id": snowflake(25), "action_type": 20, "target_id": "9", "user_id": "4", "changes": [], "reason": "rude"}
    before = {**kicked, "id": snowflake(60 * 24 * 9), "action_type": 22}
    discord.audit = [before, kicked]
    made = listen(discord)
    assert made.kinds() == ["Joined", "Joined", "Moderated"]
    moderated = next(fact for fact in made.facts if isinstance(fact.data, Moderated))
    assert (made.only(Moderated).action, made.only(Moderated).member.id) == ("kicked", "9")
    assert abs(datetime.now(UTC) - timedelta(minutes=25) - moderated.time) < timedelta(minutes=1)
    assert b"rude" not in msgspec.json.encode([fact.data for fact in made.facts])

    live = Discord()
    by_gateway = listen(live, lambda: live.happen("GUILD_AUDIT_LOG_ENTRY_CREATE", **kicked))
    assert ids(by_gateway) == [moderated.id]


def test_what_happens_is_taken_between_the_messages_of_a_page() -> None:
    sign = {"emoji": {"id": None, "name": "🎉"}, "count": 1}
    discord = Discord()
    first, second = (discord.write(message(ago, reactions=[sign])) for ago in (9, 8))
    discord.reacted = {(one["id"], "%F0%9F%8E%89"): [user(4)] for one in (first, second)}
    meanwhile: list[Any] = []

    def answer(path: str, params: dict[str, str]) -> Any:
        if "/reactions/" in path and not meanwhile:
            meanwhile.append(discord.write(message()))
        return discord.answer(path, params)

    made = make_round(read, answer, PollSettings(site=SITE), connection=Line(discord, ()).do)
    posts = [fact.data.message for fact in made.facts if isinstance(fact.data, Posted)]
    assert posts == [meanwhile[0]["id"], first["id"], second["id"]]


def test_who_reacted_meanwhile_is_read_with_the_message() -> None:
    discord = Discord()
    signs = [{"emoji": {"id": None, "name": "🎉"}, "count": 130}, {"emoji": {"id": "99", "name": "wave"}, "count": 1}]
    written = discord.write(message(9, reactions=[*signs, {"emoji": {"id": "98", "name": None}, "count": 1}]))
    hidden = discord.write(message(8, channel=STAFF, reactions=signs))
    discord.reacted = {
        (written["id"], "%F0%9F%8E%89"): [user(number) for number in range(100, 230)],
        (written["id"], "wave%3A99"): [user(4)],
    }
    made = listen(discord)
    reacted = [fact for fact in made.facts if isinstance(fact.data, Reacted)]
    assert len({fact.id for fact in reacted}) == 131
    assert {fact.time for fact in reacted} == {datetime.fromisoformat(written["timestamp"])}
    assert not [ask.path for ask in made.asked if hidden["id"] in ask.path]
    assert made.odd == []
    live = Discord()
    of = {"user_id": "4", "channel_id": HELP, "message_id": written["id"], "emoji": {"id": "99", "name": "wave"}}
    [told] = listen(live, lambda: live.happen("MESSAGE_REACTION_ADD", **of)).facts
    assert told.id == reacted[-1].id


@pytest.mark.parametrize(
    ("entry", "action"),
    [
        ({"action_type": 24, "changes": [{"key": "communication_disabled_until", "new_value": at(-60)}]}, "timed out"),
        ({"action_type": 24, "changes": [{"key": "communication_disabled_until", "old_value": at(-60)}]}, None),
        ({"action_type": 24, "changes": [{"key": "nick", "new_value": "Ada"}]}, None),
        ({"action_type": 22}, "banned"),
        ({"action_type": 72, "options": {"channel_id": HELP, "count": "1"}}, "message deleted"),
        ({"action_type": 145}, "timed out"),
        ({"action_type": 23}, None),
        ({"action_type": 20, "target_id": None}, None),
    ],
    ids=["timeout", "timeout-ended", "nickname", "ban", "message", "by-rule", "pardon", "nobody"],
)
def test_what_moderation_is_told_of(entry: dict[str, Any], action: str | None) -> None:
    discord = Discord()
    whole = {"id": snowflake(), "target_id": "9", "user_id": "4", **entry}
    made = listen(discord, lambda: discord.happen("GUILD_AUDIT_LOG_ENTRY_CREATE", **whole))
    assert [fact.data.action for fact in made.facts if isinstance(fact.data, Moderated)] == ([action] if action else [])


def test_a_post_of_a_forum_that_gets_the_tag_is_solved() -> None:
    discord = Discord()
    post = thread("60", owner_id="4", applied_tags=["41"])

    def happen() -> None:
        discord.happen("THREAD_CREATE", **post)
        discord.happen("THREAD_UPDATE", **{**post, "applied_tags": [SOLVED_TAG]})

    made = listen(discord, happen)
    solved = made.only(Solved)
    assert (solved.conversation, solved.member.id, solved.url) == (
        "60",
        "4",
        f"https://discord.com/channels/{GUILD}/60",
    )
    assert len(made.facts) == 1


def test_what_stood_in_a_thread_is_gone_with_it_and_in_a_text_channel_its_first_message_stays() -> None:
    discord = Discord()
    first = message(9)
    threads = {"60": thread("60"), first["id"]: thread(first["id"], HELP)}
    within = [message(8, channel=channel) for channel in threads]

    def happen() -> None:
        discord.write(first)
        discord.threads |= threads
        for one in threads.values():
            discord.happen("THREAD_CREATE", **one)
        for written in within:
            discord.write(written)
        discord.write(reply(first, 7))
        discord.threads.clear()
        for one in threads.values():
            discord.happen("THREAD_DELETE", **{name: one[name] for name in ("id", "parent_id", "type")})
        discord.happen("THREAD_DELETE", id="61", parent_id=STAFF, type=11)
        discord.happen("CHANNEL_DELETE", **{**discord.channels[HELP], "id": "12", "guild_id": GUILD})

    made = listen(discord, happen)
    gone = [fact.data.message for fact in made.facts if isinstance(fact.data, Deleted)]
    assert gone == [within[0]["id"], "60", within[1]["id"]]
    assert made.odd == []


def test_threads_that_were_put_away_meanwhile_are_read() -> None:
    discord = Discord()
    for number, minutes in ((60, 10), (61, 20), (62, 30), (63, 60 * 24 * 9)):
        away = {"archived": True, "archive_timestamp": at(minutes)}
        discord.threads[str(number)] = thread(str(number), thread_metadata=away, applied_tags=[SOLVED_TAG])
        discord.write(message(minutes + 5, channel=str(number), author=4))
    discord.threads["64"] = thread("64", applied_tags=[SOLVED_TAG], last_message_id=snowflake(60 * 24 * 9))
    made = listen(discord)
    posts = {fact.data.conversation for fact in made.facts if isinstance(fact.data, Posted)}
    assert (
        posts == {fact.data.conversation for fact in made.facts if isinstance(fact.data, Solved)} == {"60", "61", "62"}
    )


def test_direct_messages_and_other_servers_are_dropped() -> None:
    discord = Discord()
    said = message()
    direct = {**said, "channel_id": "77", "channel_type": 1}

    def happen() -> None:
        for session in discord.sessions.values():
            session.tell("MESSAGE_CREATE", direct)
            session.tell("MESSAGE_CREATE", {**said, "guild_id": "1"})
            session.tell("MESSAGE_DELETE", {"id": "5", "channel_id": "77"})
            session.tell("GUILD_MEMBER_ADD", {**member(), "guild_id": "1"})

    made = listen(discord, happen)
    assert (made.facts, made.odd) == ([], [])
    assert "/channels/77" not in {ask.path for ask in made.asked}


@pytest.mark.parametrize(
    ("private", "audience"),
    [((), None), ((STAFF,), "private"), ((STAFF_CATEGORY,), "private"), ((HELP,), None)],
    ids=["unlisted", "channel", "category", "another"],
)
def test_what_not_everybody_can_see_is_taken_only_where_it_is_listed(
    private: tuple[str, ...], audience: str | None
) -> None:
    discord = Discord()
    discord.threads["60"] = thread("60", STAFF)
    discord.threads["61"] = thread("61", HELP, type=12)

    def happen() -> None:
        for channel in (STAFF, "60", "61"):
            written = discord.write(message(channel=channel))
            reacted = {"user_id": "4", "channel_id": channel, "message_id": written["id"]}
            discord.happen("MESSAGE_REACTION_ADD", **reacted, emoji={"name": "🎉"}, member=member(4))
            discord.happen("MESSAGE_DELETE", id=written["id"], channel_id=channel)

    for channel in (STAFF, "60", "61"):  # of the gap
        discord.write(message(5, channel=channel))
    made = listen(discord, happen, private=private)
    posts = [fact.data for fact in made.facts if isinstance(fact.data, Posted)]
    assert {post.audience for post in posts} == ({audience} if audience else set())
    assert len(posts) == (4 if audience else 0)
    assert len(made.facts) == (8 if audience else 0)


def test_a_private_thread_is_taken_only_where_it_is_listed_itself() -> None:
    discord = Discord(threads={"61": thread("61", HELP, type=12)})
    away = {"archived": True, "archive_timestamp": at()}
    discord.threads["63"] = thread("63", HELP, guild_id="1", thread_metadata=away)
    made = listen(discord, lambda: discord.write(message(channel="61")), private=("61", "62", "63"))
    assert made.only(Posted).audience == "private"
    assert [why[:24] for why in made.odd] == ["the bot does not see 62,", "the bot does not see 63,"]


def test_a_channel_that_becomes_private_is_left_at_once() -> None:
    discord = Discord()
    hidden = [{"id": GUILD, "type": 0, "allow": "0", "deny": str(1 << 10)}]

    def happen() -> None:
        discord.happen("CHANNEL_UPDATE", **{**discord.channels[HELP], "permission_overwrites": hidden})
        discord.write(message())

    assert listen(discord, happen).facts == []


@pytest.mark.parametrize("kind", [2, 13], ids=["voice", "stage"])
def test_the_text_of_a_voice_channel_is_everybodys_only_if_everybody_may_join_it(kind: int) -> None:
    view, join = 1 << 10, 1 << 20
    discord = Discord()
    discord.roles[0]["permissions"] = str(view | join)
    denied = [{"id": GUILD, "type": 0, "allow": "0", "deny": str(join)}]
    for number, overwrites in (("10", []), ("11", denied)):
        voice = {"id": number, "type": kind, "permission_overwrites": overwrites}
        discord.channels[number] = {**discord.channels[HELP], **voice}

    def happen() -> None:
        discord.write(message(channel="10"))
        discord.write(message(channel="11"))

    assert listen(discord, happen).only(Posted).place == "10"
    posts = listen(discord, private=("11",)).facts
    assert {(fact.data.place, fact.data.audience) for fact in posts} == {("10", "members"), ("11", "private")}


def test_a_role_that_everybody_loses_closes_the_channels_that_do_not_allow_it_themselves() -> None:
    discord = Discord()
    opened = [{"id": GUILD, "type": 0, "allow": str(1 << 10), "deny": "0"}]
    discord.channels["10"] = {**discord.channels[HELP], "id": "10", "permission_overwrites": opened}

    def happen() -> None:
        discord.happen("GUILD_ROLE_UPDATE", role={"id": GUILD, "name": "@everyone", "permissions": "0"})
        discord.write(message())
        discord.write(message(channel="10"))

    assert listen(discord, happen).only(Posted).place == "10"


@pytest.mark.parametrize(
    ("public", "taken"),
    [((FORUM,), 1), (("9",), 1), (("*",), 2), (("7",), 0)],
    ids=["forum", "category", "all", "other"],
)
def test_public_places_that_are_named_are_the_only_ones(public: tuple[str, ...], taken: int) -> None:
    discord = Discord(threads={"60": thread("60")})

    def happen() -> None:
        discord.write(message())
        discord.write(message(channel="60"))

    assert len(listen(discord, happen, public=public).facts) == taken


def test_bots_and_webhooks_are_marked() -> None:
    discord = Discord()

    def happen() -> None:
        discord.write({**message(), "author": user(9, bot=True)})
        discord.write({**message(), "webhook_id": "88"})
        discord.write(message())

    made = listen(discord, happen)
    assert [fact.data.member.bot for fact in made.facts] == [True, True, False]


def test_a_post_of_a_forum_begins_with_its_title() -> None:
    discord = Discord()
    opening = message(3, channel="60")
    opening["id"] = "60"
    discord.threads["60"] = thread("60")
    made = listen(discord, lambda: discord.write(opening), lambda: discord.write(message(channel="60")))
    texts = [fact.data.text for fact in made.facts if isinstance(fact.data, Posted)]
    assert texts == ["How?\n\nWhere do I begin?", "Where do I begin?"]


def test_the_same_message_by_the_gateway_the_api_and_an_export_is_one_event() -> None:
    discord = Discord()
    ada = {"id": "3", "name": "ada", "nickname": "Ada B.", "isBot": False, "roles": [{"name": "helper"}]}
    first = message(9, content="<@4> look in <#5>, <@&30> knows <:wave:99>", mentions=[user(4)])
    answer = reply(first, 8, edited_timestamp=at(7))
    told = {"member": {"nick": "Ada B.", "roles": [HELPER_ROLE]}}
    by_gateway = listen(discord, lambda: discord.write(first, **told), lambda: discord.write(answer, **told)).facts
    by_api = listen(discord).facts
    exported = [
        {
            "id": one["id"],
            "type": kind,
            "timestamp": one["timestamp"],
            "timestampEdited": one["edited_timestamp"],
            "content": text,
            "author": ada,
            "mentions": [{"id": each["id"], "name": each["username"]} for each in one["mentions"]],
            "reference": {"messageId": first["id"], "channelId": HELP} if kind == "Reply" else None,
        }
        for one, kind, text in (
            (first, "Default", "@Grace look in #help, @helper knows :wave:"),
            (answer, "Reply", answer["content"]),
        )
    ]
    of = {"id": HELP, "type": "GuildTextChat", "categoryId": "9", "name": "help"}
    export = {"guild": {"id": GUILD}, "channel": of, "messages": exported}
    imported = read_export(DiscordExport(settings=HookSettings(public=("*",))), {"1.json": export}).facts
    assert len(imported) == 3
    assert [fact.id for fact in by_api] == [fact.id for fact in by_gateway]
    assert by_gateway == imported


def test_what_a_user_bought_and_ended_by_the_gateway_and_the_webhook_is_one_event() -> None:
    bought = {"id": "1234", "sku_id": "99", "application_id": "1", "user_id": "42", "type": 8, "deleted": False}
    ended = {**bought, "ends_at": "2026-11-18T14:42:53.064834+00:00"}
    told = [("ENTITLEMENT_CREATE", bought), ("ENTITLEMENT_UPDATE", ended), ("ENTITLEMENT_DELETE", bought)]
    discord = Discord()

    def happen() -> None:
        for session in discord.sessions.values():
            for name, data in told:
                session.tell(name, data)
            session.tell("ENTITLEMENT_CREATE", {**bought, "user_id": None})

    by_hook = [
        only_fact(
            discord_events.read(
                delivery({"version": 1, "type": 1, "event": {"type": name, "timestamp": at(), "data": data}}),
                HookSettings(),
            )
        )
        for name, data in told
    ]
    by_gateway = listen(discord, happen).facts
    assert [(fact.id, fact.data) for fact in by_gateway] == [(fact.id, fact.data) for fact in by_hook]
    assert len({fact.id for fact in by_gateway}) == 2


def test_every_beat_is_answered_or_the_connection_is_left() -> None:
    discord = Discord()
    line = Line(discord, ())
    line.moments = [lambda: discord.write(message()), line.beats, line.beats]
    made = listen(discord, line=line)
    assert discord.beats == [2, 3]  # what is kept
    assert made.current == 3  # when the gap is closed, too
    assert made.odd == []

    zombie = Discord(deaf=True)
    line = Line(zombie, ())
    line.moments = [line.beats, lambda: pytest.fail("it goes on listening")]
    left = listen(zombie, line=line)
    assert line.waited[-1] == pytest.approx(41.25 * 1.5)
    assert left.current == 1


def test_what_is_no_word_of_the_gateway_is_told_and_passed_over() -> None:
    discord = Discord()
    line = Line(discord, ())

    def happen() -> None:
        line.waiting.append(b"no word")
        discord.happen("GUILD_DELETE", id=None)
        discord.write(message())

    line.moments = [happen]
    made = listen(discord, line=line)
    assert len(made.facts) == 1
    assert made.odd == ["gateway: the body is no JSON", "gateway: id: must be text, not null"]


def test_the_gateway_may_ask_for_a_beat_and_for_another_connection() -> None:
    discord = Discord()
    line = Line(discord, ())

    def asks() -> None:
        line.waiting.append({"op": 1, "d": None, "s": None, "t": None})
        discord.write(message())
        line.waiting.append({"op": 7, "d": None, "s": None, "t": None})

    line.moments = [asks, lambda: pytest.fail("it goes on listening")]
    made = listen(discord, line=line)
    assert discord.beats == [2]
    assert len(made.facts) == 1
    assert mark(made)["seq"] == 3


def test_a_session_that_is_lost_while_it_is_listened_to_is_looked_for_in_the_next_round() -> None:
    discord = Discord()
    begun = listen(discord)
    line = Line(discord, ())
    line.moments = [lambda: discord.write(message()), lambda: line.waiting.append(LOST)]
    made = listen(discord, line=line, marks=begun.marks, until={"gateway": timedelta(hours=2)})
    assert len(line.opened) == 1
    until = made.until["gateway"]
    assert until is not None
    discord.sessions.clear()
    discord.write(message())
    again = listen(discord, marks=made.marks, until={"gateway": until})
    assert len(again.facts) == 2
    assert again.until["gateway"] is None  # the beginning of the round


@pytest.mark.parametrize(
    ("code", "said"), [(4004, "the token is not taken"), (4014, "Server Members Intent or Message")]
)
def test_what_the_operator_has_to_mend_stops_the_source(code: int, said: str) -> None:
    denied = listen(Discord(close_with=code)).denied
    assert denied is not None
    assert denied.startswith(said)


def test_no_session_is_begun_when_none_is_left() -> None:
    discord = Discord(remaining=0)
    made = listen(discord)
    assert made.odd == ["no more sessions may be begun for 241 min: is the bot's token used elsewhere, too?"]
    assert (discord.identified, made.read) == ([], set())


def test_a_server_that_the_bot_is_not_in_is_told() -> None:
    assert "guilds/1/" in listen(Discord(), site="https://discord.com/channels/1/2").odd[0]
    assert "as the browser shows it" in listen(Discord(), site="https://discord.gg/abc").odd[0]
    discord = Discord()
    line = Line(discord, ())

    def taken_out() -> None:
        for session in discord.sessions.values():
            session.tell("GUILD_DELETE", {"id": GUILD, "unavailable": True})  # an outage
            session.tell("GUILD_DELETE", {"id": "1"})
            session.tell("GUILD_DELETE", {"id": GUILD})

    line.moments = [taken_out, lambda: pytest.fail("it goes on listening")]
    assert listen(discord, line=line).odd == ["the bot was taken out of the server: invite it again"]


def test_one_odd_event_is_told_and_passed() -> None:
    discord = Discord()

    def happen() -> None:
        discord.happen("MESSAGE_CREATE", id="Ada said", channel_id=HELP)
        discord.write(message())

    made = listen(discord, happen)
    assert len(made.facts) == 1
    assert len(made.odd) == 1
    assert "Ada" not in made.odd[0]


def test_what_is_known_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.platforms.discord_hearing._MOST_KNOWN", 3)
    monkeypatch.setattr("services.ingest.platforms.discord_server._MOST_THREADS", 3)
    discord = Discord()

    def happen() -> None:
        for number in range(100, 110):
            discord.threads[str(number)] = thread(str(number))
            discord.happen("THREAD_CREATE", **discord.threads[str(number)])
        for number in range(100, 110):
            discord.write(message(channel=str(number)))

    made = listen(discord, happen)
    assert len(made.facts) == 10
    assert sum(ask.path.startswith("/channels/10") and "/" not in ask.path[10:] for ask in made.asked) >= 7


WHOLE = {
    **thread("60"),
    **member(),
    **message(),
    "message_id": "5",
    "ids": ["5"],
    "user_id": "4",
    "emoji": {"id": None, "name": "🎉"},
    "role": {"id": "31", "name": "guide", "permissions": "0"},
    "role_id": "31",
    "threads": [thread("61")],
    "permission_overwrites": [],
    "available_tags": [],
    "action_type": 20,
    "target_id": "9",
    "changes": [],
    "status": 2,
    "scheduled_start_time": at(1),
    "guild_scheduled_event_id": "70",
    "referenced_message": None,
    "reactions": [],
    "webhook_id": None,
}
"""What each event is told with here: all fields that any of them has."""
ODD = [None, True, -1, 99, "", "x", "9" * 19, [], {}, [None], {"id": None}, {"id": "5"}]
HAPPENINGS = [
    f"{what}_{befell}"
    for what, befalls in {
        "MESSAGE": ("CREATE", "UPDATE", "DELETE", "DELETE_BULK", "REACTION_ADD"),
        "GUILD": ("CREATE", "DELETE", "MEMBER_ADD", "MEMBER_UPDATE", "MEMBER_REMOVE", "AUDIT_LOG_ENTRY_CREATE"),
        "GUILD_ROLE": ("CREATE", "UPDATE", "DELETE"),
        "GUILD_SCHEDULED_EVENT": ("CREATE", "UPDATE", "DELETE", "USER_ADD"),
        "CHANNEL": ("CREATE", "UPDATE", "DELETE"),
        "THREAD": ("CREATE", "UPDATE", "DELETE", "LIST_SYNC"),
    }.items()
    for befell in befalls
]
odd_fields = st.dictionaries(st.sampled_from(sorted(WHOLE)), st.sampled_from(ODD), max_size=2)


@given(st.lists(st.tuples(st.sampled_from(HAPPENINGS), odd_fields), max_size=5))
def test_whatever_is_told_what_follows_is_taken(told: list[tuple[str, dict[str, Any]]]) -> None:
    discord = Discord()
    written: list[Any] = []

    def happen() -> None:
        for name, odd in told:
            discord.happen(name, **{**WHOLE, **odd})
        written.append(discord.write(message()))

    made = listen(discord, happen)
    assert f"post:{written[0]['id']}:1" in ids(made)
    assert mark(made)["seq"] == 3 + len(told)

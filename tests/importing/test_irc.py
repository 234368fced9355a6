"""Logs written after those of irssi, WeeChat, ZNC and of irclogs.ubuntu.com: their forms, with own words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.irc import IrcLogs
from shared.contracts.member_events import Posted
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export

DAY = "#help/2026-11-20.log"
ALL = frozenset(("*",))
FORMS = {
    "ubuntu": "[08:15] <ada> Good morning\n[08:16]  * bo waves\n=== cleo [~c@host]  has joined #help []\n",
    "irssi": "--- Log opened Fri Nov 20 08:00:00 2026\n08:15 <@ada> Good morning\n08:16  * bo waves\n"
    "08:17 -!- cleo [c@host] has joined #help\n",
    "weechat": "2026-11-20 08:15:00\t@ada\tGood morning\n2026-11-20 08:16:00\t *\tbo waves\n"
    "2026-11-20 08:17:00\t-->\tcleo (c@host) has joined #help\n",
    "znc": "[08:15:00] <ada> Good morning\n[08:16:00] * bo waves\n[08:17:00] *** Joins: cleo (c@host)\n",
}
NOWHERE = (
    "its path names no channel: perhaps it is a private talk. If not, put it in a folder such as '#help', "
    "or give the file itself with --channel; where none of many is one, --channel with --no-private-talks"
)


def read(log: str | bytes, path: str = DAY, export: IrcLogs | None = None) -> ReadExport:
    return read_export(export or IrcLogs(public=ALL), {path: log})


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_log_is_read(form: str) -> None:
    result = read(FORMS[form], "#help/log.log" if form == "irssi" else DAY)
    assert [(post.member.id, post.text) for post in result.data] == [("ada", "Good morning"), ("bo", "waves")]
    assert [fact.time.isoformat() for fact in result.facts] == [
        "2026-11-20T08:15:00+00:00",
        "2026-11-20T08:16:00+00:00",
    ]
    assert "coming or going" in result.why.values()


def test_a_line_becomes_a_post_under_an_id_of_its_own() -> None:
    (found,) = read("[08:15] <Ada> hello\n").found
    assert found.place == "line 1"
    post = found.fact.data
    assert isinstance(post, Posted)
    assert (post.member.id, post.member.name, post.channel, post.audience) == ("ada", "Ada", "#help", "public")
    assert (post.conversation, found.fact.id) == (f"#help:{post.message}", f"post:{post.message}:1")
    again = read("[07:00] <bo> earlier\n[08:15] <Ada> hello\n").facts
    assert again[-1].id == found.fact.id


def test_the_same_words_twice_are_two_posts_in_their_order() -> None:
    facts = read("[08:15] <ada> ping\n[08:15] <ada> ping\n[08:15] <bo> pong\n").facts
    assert len({fact.id for fact in facts}) == 3
    assert [fact.time for fact in facts] == sorted(fact.time for fact in facts)
    assert len({fact.time for fact in facts}) == 3


def test_who_is_addressed_is_answered() -> None:
    posts = read(
        "[08:00] <ada> How do I reset it?\n"
        "[08:01] <cleo> Does anybody use the new form?\n"
        "[08:02] <bo> Ada: in the settings\n"
        "[08:03] <bo> the second page\n"
        "[08:04] <ada> bo, thanks\n"
        "[08:05] <dan> cleo: I do\n"
        "[08:07] <bo> something else\n"
    ).data
    question, form, answer, more, thanks, other, new = posts
    assert {post.conversation for post in (question, answer, more, thanks)} == {question.conversation}
    assert (form.conversation, other.conversation) == (form.conversation, form.conversation)
    assert len({question.conversation, form.conversation, new.conversation}) == 3
    assert (answer.reply_to, answer.mentions) == (question.message, ("ada",))
    assert (more.reply_to, more.mentions) == (None, ())
    assert thanks.reply_to == more.message


@pytest.mark.parametrize("answer", ["adalove try the settings", "it is in the settings, adalove.", "@AdaLove so"])
def test_a_nick_without_a_sign_at_either_end_addresses_who_spoke_within_the_hour(answer: str) -> None:
    question, post = read(f"[08:00] <adalove> How?\n[08:59] <bo> {answer}\n").data
    assert (post.conversation, post.mentions) == (question.conversation, ("adalove",))
    question, post = read(f"[08:00] <adalove> How?\n[09:01] <bo> {answer}\n").data
    assert (post.conversation == question.conversation, post.mentions) == (False, ())


def test_a_short_nick_without_a_sign_is_a_word() -> None:
    question, post = read("[08:00] <the> How?\n[08:01] <bo> the settings\n").data
    assert post.conversation != question.conversation


def test_what_was_said_long_ago_is_not_answered() -> None:
    log = "2026-11-20 08:00:00\tada\tHow?\n2026-11-22 08:00:00\tbo\tada: are you there?\n"
    question, other = read(log).data
    assert (other.reply_to, other.conversation == question.conversation) == (None, False)


def test_words_before_a_colon_that_are_nobodys_nick_address_nobody() -> None:
    (post,) = read("[08:00] <ada> note: it rains\n").data
    assert (post.reply_to, post.mentions) == (None, ())


def test_a_change_of_nick_keeps_the_conversation() -> None:
    question, answer = read("[08:00] <ada> How?\n=== ada is now known as ada_\n[08:01] <bo> ada_: so\n").data
    assert answer.conversation == question.conversation


def test_the_clock_may_be_anywhere_and_the_day_may_turn() -> None:
    berlin = IrcLogs(public=ALL, channel="#help", zone=ZoneInfo("Europe/Berlin"))
    log = "--- Day changed Fri Nov 20 2026\n23:59 <ada> late\n--- Day changed Sat Nov 21 2026\n00:01 <ada> early\n"
    times = [fact.time.astimezone(ZoneInfo("UTC")).isoformat() for fact in read(log, "freenode.log", berlin).facts]
    assert times == ["2026-11-20T22:59:00+00:00", "2026-11-20T23:01:00+00:00"]


@pytest.mark.parametrize(
    ("clock", "hours"), [(("23:50", "00:10"), 24), (("12:50", "01:10"), 13), (("11:50", "12:10", "01:00"), 13)]
)
def test_a_clock_that_goes_back_has_gone_on(clock: tuple[str, ...], hours: int) -> None:
    facts = read("".join(f"[{stamp}] <ada> {number}\n" for number, stamp in enumerate(clock))).facts
    midnight = facts[0].time.replace(hour=0, minute=0)
    assert (facts[-1].time - midnight).total_seconds() // 3600 == hours


def test_bots_are_marked_by_name() -> None:
    posts = read(
        "[08:00] <UBottu> hi\n[08:00] <ada> hi\n", export=IrcLogs(public=ALL, bots=frozenset(("ubottu",)))
    ).data
    assert [post.member.bot for post in posts] == [True, False]


def test_what_nobody_said_is_skipped_with_its_line() -> None:
    log = "[08:00] -bot:#help- news\n[08:00] -!- mode/#help [+o ada]\nloose words\n[99:00] <ada> x\n[08:01] <ada> y\n"
    result = read(log)
    assert result.why == {
        f"{DAY}, line 1": "a notice",
        f"{DAY}, line 2": "of the log itself",
        f"{DAY}, line 3": "not a line of IRC",
        f"{DAY}, line 4": "not a line of IRC",
    }
    assert len(result.found) == 1


def test_a_log_without_a_channel_or_a_day_says_so() -> None:
    assert read("", "2026-11-20.log").why == {
        "2026-11-20.log": NOWHERE,
    }
    assert read("[08:00] <ada> hi\n", "#help.log").why == {"#help.log, line 1": "no date"}


@pytest.mark.parametrize("path", ["#help.2026-11-20.log", "#help_20261120.log", "#help/2026-11-20.log", "20/#help.txt"])
def test_the_channel_stands_in_the_path(path: str) -> None:
    (post,) = read("[2026-11-20 08:00:00] <ada> hi\n", path).data
    assert post.channel == "#help"


def test_only_listed_channels_are_taken_and_private_talks_never() -> None:
    files = {f"libera/{name}.log": "[2026-11-20 08:00] <ada> hi\n" for name in ("#Help", "#staff", "#board", "bob")}
    result = read_export(IrcLogs(public=frozenset(("#help",)), private=frozenset(("#board",))), files)
    assert [(post.channel, post.audience) for post in result.data] == [("#Help", "public"), ("#board", "private")]
    assert result.why == {
        "libera/#staff.log": "a channel that neither --public nor --private names",
        "libera/bob.log": NOWHERE,
    }


@pytest.mark.parametrize(
    "line",
    [
        "[08:00] * ada (~ada@192.0.2.7) has joined #help",
        "[08:00] * ada [~ada@192.0.2.7] has joined #help",
        "[08:00] * ada (~ada@192.0.2.7) Quit (Ping timeout)",
        "[08:00] * ada has quit (Connection reset)",
        "[08:00] * ada has left #help",
        "[08:00] * ada has left",
        "[08:00] * Joins: ada (~ada@192.0.2.7)",
        "[08:00] * ada is now known as bo",
        "[08:00] * ada sets mode: +b *!*@192.0.2.7",
        "2026-11-20 08:00:00\t<--\tada (~ada@192.0.2.7) has quit (bye)",
    ],
)
def test_coming_and_going_is_nobodys_word_in_any_form(line: str) -> None:
    result = read(f"{line}\n[08:01] * ada has left the building\n")
    assert [post.text for post in result.data] == ["has left the building"]
    assert result.why[f"{DAY}, line 1"] in ("coming or going", "a change of nick", "of the log itself")


stamps = st.sampled_from(
    ["[08:15] ", "08:15 ", "2026-11-20 08:15:00\t", "[0", "=== ", "--- Day changed Xxx Nov 99 2026", ""]
)


@given(st.lists(st.tuples(stamps, st.sampled_from(["<ada> ", "* ", "-!- ", "\t", ""]), st.text())), st.text())
def test_no_text_crashes_the_reader(lines: list[tuple[str, str, str]], name: str) -> None:
    log = "\n".join("".join(parts) for parts in lines).encode("utf-8", "replace")
    read(log, f"#{name}/2026-11-20.log")

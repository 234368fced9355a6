"""RSS and Atom, read without a network. Forms: RFC 4287, rssboard.org/rss-specification, web.resource.org/rss/1.0."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from services.ingest.platforms.feed import read
from services.ingest.platforms.polled import PollSettings
from shared.contracts.member_events import Edited, Posted
from tests.polling.reading import RoundMade, answered, make_round

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = PollSettings(site="https://blog.example/feed.xml")


def iso(minutes_ago: float) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).isoformat()


def rfc(minutes_ago: float) -> str:
    return format_datetime(NOW - timedelta(minutes=minutes_ago))


def round_over(feed: str | bytes, headers: dict[str, str] | None = None, **more: Any) -> RoundMade:
    body = feed if isinstance(feed, bytes) else feed.encode()
    return make_round(read, lambda _path, _params: answered(body, headers=headers or {}), SETTINGS, now=NOW, **more)


def rss(*items: str) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Harbour</title>'
        f"<link>https://blog.example</link>{''.join(items)}</channel></rss>"
    )


def item(number: int = 1, ago: float = 5, more: str = "<dc:creator>Ada Lovelace</dc:creator>") -> str:
    return (
        f'<item><title>A day at sea</title><link>/{number}</link><guid isPermaLink="false">entry-{number}</guid>'
        f"<pubDate>{rfc(ago)}</pubDate><description>Short</description>"
        f"<content:encoded><![CDATA[<p>Long.</p><p>Longer.</p>]]></content:encoded>{more}</item>"
    )


def atom(*entries: str, author: str = "<author><name>Ada</name><email>ada@example.org</email></author>") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour</title>{author}{"".join(entries)}</feed>'


def entry(published: float = 5, updated: float = 5, content: str = '<content type="html">&lt;p&gt;Hi</content>') -> str:
    return (
        '<entry><id>urn:uuid:1</id><title>A day at sea</title><link rel="edit" href="/edit"/>'
        f'<link href="/1"/><published>{iso(published)}</published><updated>{iso(updated)}</updated>{content}</entry>'
    )


def test_an_item_of_rss_is_a_conversation_that_its_author_opens() -> None:
    made = round_over(rss(item()))
    posted = made.only(Posted)
    assert [fact.id for fact in made.facts] == ["post:entry-1:1"]
    assert (posted.conversation, posted.member.id, posted.audience) == ("entry-1", "Ada Lovelace", "public")
    assert posted.text == "A day at sea\n\nLong.\n\nLonger."
    assert posted.url == "https://blog.example/1"


def test_an_entry_of_atom_is_one_and_its_change_an_edit() -> None:
    made = round_over(atom(entry(90, 3)), marks=round_over(atom(entry(90, 90))).marks)
    edited = made.only(Edited)
    assert (edited.message, edited.member.name, edited.text) == ("urn:uuid:1", "Ada", "A day at sea\n\nHi")
    assert edited.url == "https://blog.example/1"
    assert made.kinds() == ["Edited"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<summary>1 &lt; 2</summary>", "1 < 2"),
        ('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Hi <b>you</b></div></content>', "Hi you"),
        ("", ""),
    ],
)
def test_atom_says_what_its_texts_are(content: str, text: str) -> None:
    assert round_over(atom(entry(content=content))).only(Posted).text.removeprefix("A day at sea").strip() == text


def test_rss_1_is_read() -> None:
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>H</title></channel>'
        f'<item rdf:about="https://blog.example/1"><title>One</title><dc:creator>Ada</dc:creator><dc:date>{iso(3)}'
        "</dc:date></item></rdf:RDF>"
    )
    assert round_over(rdf).only(Posted).message == "https://blog.example/1"


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("<author>ada@example.org (Ada)</author>", "Ada"),
        ("<author>ada@example.org(Ada L.)</author>", "Ada L."),
        ("<author>Ada Lovelace &lt;ada@example.org&gt;</author>", "Ada Lovelace"),
        ('<author>"Ada Lovelace" &lt;mailto:ada@example.org&gt;</author>', "Ada Lovelace"),
        ("<author>Ada [ada@example.org], ada@example.org</author>", "Ada"),
        ("<author>Ada (the sailor)</author>", "Ada (the sailor)"),
        ("<author>ada@example.org</author>", None),
        ("<author>&lt;ada@example.org&gt; - </author>", None),
        ("", None),
    ],
)
def test_addresses_name_nobody_and_stay_outside(author: str, name: str | None) -> None:
    made = round_over(rss(item(more=author)))
    assert [fact.data.member.name for fact in made.facts] == ([name] if name else [])
    assert made.odd == ([] if name else ["an entry names no author"])
    assert "ada@example.org" not in repr(made.facts)


def listed(*items: str, after: RoundMade | None = None, etag: str = "v1") -> RoundMade:
    """Read a feed of these items, after an earlier round over it."""
    return round_over(
        rss(*items),
        {"etag": f'"{etag}"'},
        marks=after.marks if after else {},
        until={"entries": timedelta()} if after else {},
    )


def test_what_is_known_is_not_told_again_and_a_feed_that_did_not_change_not_sent() -> None:
    made = listed(item(1, 5), item(2, 90))
    assert [fact.id for fact in made.facts] == ["post:entry-1:1", "post:entry-2:1"]
    assert listed(item(1, 5), item(2, 90), after=made).facts == []
    again = make_round(read, lambda _path, _params: 304, SETTINGS, now=NOW, marks=made.marks)
    assert again.asked[0].headers["if-none-match"] == '"v1"'
    assert (again.facts, again.odd, again.marks) == ([], [], made.marks)
    dated = round_over(rss(), {"last-modified": rfc(5)})
    again = make_round(read, lambda _path, _params: 304, SETTINGS, now=NOW, marks=dated.marks)
    assert again.asked[0].headers["if-modified-since"] == rfc(5)


def test_an_entry_that_is_dated_before_the_last_round_is_told_when_it_is_listed() -> None:
    """A draft, a date without a time, a cache that was behind."""
    made = listed(item(1, 5), item(2, 2_000))
    late = listed(item(1, 5), item(3, 600), item(2, 2_000), after=made)
    assert [fact.id for fact in late.facts] == ["post:entry-3:1"]
    draft = listed(item(4, 1_900), item(1, 5), item(2, 2_000), after=late)  # from before anything is taken
    assert [fact.id for fact in draft.facts] == ["post:entry-4:1"]


def test_what_was_deleted_brings_nothing_old_up_and_comes_back_as_what_it_was() -> None:
    made = listed(item(1, 5), item(2, 2_000))
    assert [fact.id for fact in made.facts] == ["post:entry-1:1"]
    moved_up = listed(item(2, 2_000), item(3, 3_000), after=made)
    assert moved_up.facts == []
    assert listed(item(1, 5), item(2, 2_000), after=moved_up).facts == []


@pytest.mark.parametrize(
    "html", ['<div class="codehilite">x</codehilite>', '<p>a<span class="emoji emoji-d800-00">b</span>']
)
def test_a_hostile_entry_keeps_no_other_from_being_read(html: str) -> None:
    hostile = item(2).replace("<p>Long.</p>", html)
    made = round_over(rss(item(1), hostile, item(3)))
    assert [fact.id for fact in made.facts] == [f"post:entry-{number}:1" for number in (1, 2, 3)]


def test_an_entry_without_date_or_id_is_told_and_the_rest_is_read() -> None:
    undated = "<item><guid>a</guid><dc:creator>Ada</dc:creator></item>"
    nameless = f"<item><pubDate>{rfc(1)}</pubDate><dc:creator>Ada</dc:creator></item>"
    made = round_over(rss(undated, nameless, item()))
    assert len(made.facts) == 1
    assert set(made.odd) == {"an entry has no date", "an entry has neither an id nor a link"}
    assert made.read == {"entries"}


def test_a_date_that_utc_cannot_name_breaks_nothing() -> None:
    last = "<item><guid>1</guid><dc:creator>Ada</dc:creator><dc:date>9999-12-31T23:59:59-23:00</dc:date></item>"
    assert [fact.id for fact in round_over(rss(last, item())).facts] == ["post:1:1", "post:entry-1:1"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "hostile",
    [
        BOMB + rss("<item><title>&b;</title></item>"),
        OUTSIDE + rss("<item><title>&a;</title></item>"),
        "<rss><channel>",
        "",
        b"\xff\xfe\x00<",
        '<?xml version="1.0" encoding="nonsense"?><rss/>',
        "<html><body>Sign in</body>",
    ],
)
def test_what_is_no_feed_is_told(hostile: str | bytes) -> None:
    made = round_over(hostile)
    assert made.facts == []
    assert made.odd == ["the feed is no well-formed XML without a DOCTYPE"]
    assert made.read == set()


@pytest.mark.parametrize("piece", ["<a>", "&amp;", "a.", "a@", "<!--x-->", "&lt;a href='"])
def test_the_time_to_read_goes_with_the_length(piece: str) -> None:
    closing = "</a>" * 20_000 if piece == "<a>" else ""
    hostile = rss(f"<item><author>{piece * 20_000}{closing}</author><title>{piece * 20_000}{closing}</title></item>")
    began = time.process_time()
    round_over(hostile)
    assert time.process_time() - began < 2


def test_the_time_to_read_goes_with_the_number_of_entries_too() -> None:
    hostile = rss("<x/>" * 100_000, *(item(number, more="") for number in range(1_000)))
    began = time.process_time()
    round_over(hostile)
    assert time.process_time() - began < 2


def test_a_feed_that_is_too_long_is_told_and_not_read() -> None:
    made = round_over(rss("<x/>" * 1_100_000))
    assert made.odd == ["the feed is longer than 4 MiB"]
    assert made.read == set()


def test_an_address_that_is_none_costs_the_link_alone() -> None:
    broken = item().replace("<link>/1</link>", "<link>http://[blog</link>")
    assert round_over(rss(broken)).only(Posted).url is None


def test_a_feed_that_moved_is_told() -> None:
    made = make_round(read, lambda _path, _params: 301, SETTINGS)
    assert made.odd == ["the feed's server answers 301: it has moved, give its new address"]

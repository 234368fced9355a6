from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.platforms.html_text import PlainText, plain_text, text_of_html

EMOJI = '<span aria-label="tada" class="emoji emoji-1f389" role="img" title="tada">:tada:</span>'
FLAG = '<span class="emoji emoji-1f1e9-1f1ea" role="img">:flag_germany:</span>'
KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>'
    '<annotation encoding="application/x-tex">x^2</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">x2</span></span>'
)


ROLES = ["katex", "user-mention", "emoji", "message_inline_image", "codehilite"]
TAGS = ["p", "div", "ul", "ol", "li", "blockquote", "pre", "code", "table", "tr", "td", "span", "annotation", "br"]
POINTS = ["1f389", "d83d-de00", "00", "0a", "110000"]
PIECES = [f"<{end}{tag}>" for end in ("", "/") for tag in TAGS + ROLES]
PIECES += [f"<{tag} class='{role} emoji-{point}'>" for tag in ("div", "span") for role in ROLES for point in POINTS]
PIECES += [
    "a",
    " ",
    "\n",
    EMOJI,
    KATEX,
    "@",
]
LARGEST = 4 * 1024 * 1024
"""Characters of the largest body that ingest reads."""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div><!--block-->Iusto sint</div><div>asperiores&nbsp;&amp; sed</div>", "Iusto sint\nasperiores\xa0& sed"),
        ("no <b>html</b> at all: 1 < 2", "no html at all: 1 < 2"),
        ("<style>p{}</style><p>a</p><SCRIPT>if (a</b>c) alert(1)</Script>", "a"),
        ("<h2>Title</h2>text<ul><li>one<li>two</ul>", "Title\n\ntext\n\n- one\n- two"),
        ("<P class='x'>one<BR/>two<br>three</P>", "one\ntwo\nthree"),
        ('<a title="1 > 0" href=/x>see</a> <a title="it\'s">it</a>', "see it"),
        ("<!-- a > b -->seen<!-- the rest", "seen"),
        ("<!DOCTYPE html><?php x?></>seen", "seen"),
        ("<pre>1 &lt; 2 &#38; &#x26; &#0000038; &unknown</pre>", "```\n1 < 2 & & & &unknown\n```"),
        ("a<custom-p>b</custom-p>c<b", "abc<b"),
        ("<p>Hello</p>", "Hello"),
        ("no markup", "no markup"),
        ("<p>a</p>\n<p>b &lt; c</p>", "a\n\nb < c"),
        ("<p>one<br>\ntwo</p>", "one\ntwo"),
        ("<p>call <code>f  x</code> now</p>", "call `f  x` now"),
        (
            '<div class="codehilite" data-code-language="C"><pre><span></span><code>int x;\n  y\n</code></pre></div>',
            "```C\nint x;\n  y\n```",
        ),
        ("<pre><code>a ``` b</code></pre>", "````\na ``` b\n````"),
        ("<blockquote>\n<p>was said</p>\n<p>twice</p>\n</blockquote>\n<p>so?</p>", "> was said\n>\n> twice\n\nso?"),
        ('<p>see <a href="https://example.org/x">the manual</a>.</p>', "see the manual."),
        (f"<p>done {EMOJI} {FLAG}</p>", "done 🎉 🇩🇪"),
        ('<p>hm <img alt=":shrug:" class="emoji" src="/x.png" title="shrug"></p>', "hm :shrug:"),
        ('<p>odd <span class="emoji emoji-ffffff">:odd:</span></p>', "odd :odd:"),
        (f"<p>is {KATEX} even?</p>", "is $$x^2$$ even?"),
        ("<ul>\n<li>first</li>\n<li>second<ul><li>deep</li></ul></li>\n</ul>", "- first\n- second\n  - deep"),
        ("<ol>\n<li>a</li>\n<li>b</li>\n</ol>", "1. a\n2. b"),
        ("<table><thead><tr><th>x</th><th>y</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
         "x | y\n1 | 2"),
        ('<p><a href="/f.png">f.png</a></p><div class="message_inline_image"><img src="/f.png"></div>',
         "f.png"),
        ("<p></p>", ""),
        ('<aside class="quote"><div class="title">ada:</div><blockquote><p>was said</p></blockquote></aside>so?',
         "ada:\n\n> was said\n\nso?"),
        ("<li>one<li>two<td>three", "one\ntwo\nthree"),
        ("<ul><li>a<p>b</ul><table><tr><td>1<td><b>2</b><tr><td>3</table>", "- a\n  b\n\n1 | 2\n3"),
        ("<pre>a<br>b <i>c</i><div>d</div></pre>", "```\na\nb cd\n```"),
        ("<p>a\0b</p>", "ab"),
        ('<div class="codehilite">x</codehilite>y</div>', "```\nxy\n```"),
        ('<span class="user-mention">@Ada</user-mention> writes</span>', "@Ada writes"),
        ('<span class="emoji emoji-d83d-de00">:a:</span><span class="emoji emoji-00">:b:</span>', ":a::b:"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_becomes_what_a_person_reads(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_mentions_are_those_whom_the_text_addresses() -> None:
    html = (
        '<p><span class="user-mention" data-user-id="1">@Ada Byron</span> and '
        '<span class="user-mention silent" data-user-id="2">Silent One</span>, '
        '<span class="user-mention" data-user-id="*">@everyone</span>, '
        '<span class="user-group-mention" data-user-group-id="3">@helpers</span>, '
        '<span class="user-mention" data-user-id="1">@Ada Byron</span>: look</p>'
    )
    assert plain_text(html) == PlainText(
        text="@Ada Byron and Silent One, @everyone, @helpers, @Ada Byron: look", mentions=("Ada Byron",)
    )


@pytest.mark.parametrize("tag", ["div", "blockquote", "ul", "ol", "li", "table", "td", "span", "b", "code", "pre"])
def test_no_depth_is_too_deep(tag: str) -> None:
    assert "core" in text_of_html(f"<{tag}>" * 3_000 + "core" + f"</{tag}>" * 3_000)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "shape",
    ["<a ", "<!--", "<!-- x > ", "<!", "<![CDATA[", "<?", "</", "</script", "<script ", "<script></scrip", "<div>",
     "<p><b>", "<a b='", '<a b="x>', "<a b='x\"", "<a 'b\"", "<a =", "<a b= ", "&", "&#", "&#9", "&#x9", "\f", "< ",
     "<ul><li>a", "<li>", "<table><tr><td>", "<pre>```", "<div class='codehilite'>a", "<img alt=a "],
)  # fmt: skip
def test_no_shape_makes_work_that_grows_faster_than_the_html(shape: str) -> None:
    """Work that grew with the square would take half an hour here: it shows on a machine of any speed."""
    text_of_html(shape * (LARGEST // len(shape)))
    text_of_html(shape[:2] + shape[2:] * (LARGEST // max(1, len(shape) - 2)))


def test_a_number_without_end_is_a_character() -> None:
    assert text_of_html("&#" + "9" * 100_000 + ";!") == "\ufffd!"


@given(
    st.text(alphabet="<>/&;#!-=\"' \n\fabdivp19sctryle\x00")
    | st.lists(st.sampled_from(PIECES)).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
def test_of_any_html_the_reader_makes_text_that_can_be_stored(html: str) -> None:
    read = plain_text(html)
    stored = "".join((read.text, *read.mentions))
    assert "\0" not in stored
    assert stored.encode().decode() == stored

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.platforms.html_text import text_of_html

LARGEST = 4 * 1024 * 1024
"""Characters of the largest body that ingest reads."""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div><!--block-->Iusto sint</div><div>asperiores&nbsp;&amp; sed</div>", "Iusto sint\nasperiores\xa0& sed"),
        ("no <b>html</b> at all: 1 < 2", "no html at all: 1 < 2"),
        ("<style>p{}</style><p>a</p><SCRIPT>if (a</b>c) alert(1)</Script>", "a"),
        ("<h2>Title</h2>text<ul><li>one<li>two</ul>", "Title\n\ntext\n\none\ntwo"),
        ("<P class='x'>one<BR/>two<br>three</P>", "one\ntwo\nthree"),
        ('<a title="1 > 0" href=/x>see</a> <a title="it\'s">it</a>', "see it"),
        ("<!-- a > b -->seen<!-- the rest", "seen"),
        ("<!DOCTYPE html><?php x?></>seen", "seen"),
        ("<pre>1 &lt; 2 &#38; &#x26; &#0000038; &unknown</pre>", "1 < 2 & & & &unknown"),
        ("a<custom-p>b</custom-p>c<b", "abc<b"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_person_reads(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "shape",
    ["<a ", "<!--", "<!-- x > ", "<!", "<![CDATA[", "<?", "</", "</script", "<script ", "<script></scrip", "<div>",
     "<p><b>", "<a b='", '<a b="x>', "<a b='x\"", "<a 'b\"", "<a =", "<a b= ", "&", "&#", "&#9", "&#x9", "\f", "< "],
)  # fmt: skip
def test_no_shape_makes_work_that_grows_faster_than_the_html(shape: str) -> None:
    """Work that grew with the square would take half an hour here: it shows on a machine of any speed."""
    text_of_html(shape * (LARGEST // len(shape)))
    text_of_html(shape[:2] + shape[2:] * (LARGEST // max(1, len(shape) - 2)))


def test_a_number_without_end_is_a_character() -> None:
    assert text_of_html("&#" + "9" * 100_000 + ";!") == "\ufffd!"


@given(st.text(alphabet="<>/&;#!-=\"' \n\fabdivp19sctryle\x00\ud83d") | st.text())
def test_no_html_crashes_the_reader(html: str) -> None:
    text_of_html(html)

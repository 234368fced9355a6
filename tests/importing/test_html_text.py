from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.html_text import PlainText, plain_text

EMOJI = '<span aria-label="tada" class="emoji emoji-1f389" role="img" title="tada">:tada:</span>'
FLAG = '<span class="emoji emoji-1f1e9-1f1ea" role="img">:flag_germany:</span>'
KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>'
    '<annotation encoding="application/x-tex">x^2</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">x2</span></span>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
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
        ("", ""),
    ],
)  # fmt: skip
def test_html_becomes_what_a_person_would_have_typed(html: str, text: str) -> None:
    assert plain_text(html).text == text


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


@pytest.mark.parametrize("tag", ["div", "blockquote", "ul", "span", "b"])
def test_no_depth_is_too_deep(tag: str) -> None:
    assert "core" in plain_text(f"<{tag}>" * 3_000 + "core" + f"</{tag}>" * 3_000).text


@given(st.text(alphabet="<>/&;=\"' \nabcdpulispanode-1f389\x00\ufffd@") | st.text())
def test_no_html_crashes_the_reader(html: str) -> None:
    plain_text(html.encode("utf-8", "replace").decode())

"""HTML as a person would have typed it: for texts of a few simple elements. Pure.

It comes from outside and is read in an event loop, so the time must go with the length, whatever stands in it. With
html.parser it goes with the square (it looks for the end of each comment and tag anew), and with lexbor, too (at each
``<div>`` it goes up all open elements).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_MOST_HTML: Final = 500_000
"""Characters that are read: an event holds a fifth of that as text."""
_MARKUP: Final = re.compile(
    r"""
      <!-- .*? (?: --> | \Z )
    | < (?P<unseen> script | style ) (?= [\s/>] ) .*? (?: </ (?P=unseen) (?= [\s/>] ) [^<>]*+ >? | \Z )
    | < (?P<end> / )? (?P<tag> [a-z] [^\s/<>]*+ ) (?: [^<>"']++ | "[^<"]*+" | '[^<']*+' | ["'] )*+ >
    | < [!?/] [^<>]*+ >
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BREAKS: Final = frozenset(("br", "li", "tr"))
_PARAGRAPH: Final = re.compile(r"blockquote|h[1-6]|ol|p|pre|table|ul")
_TOO_LONG_A_NUMBER: Final = re.compile(r"(&#\d{7})\d+")


def text_of_html(written: str) -> str:
    """Return the text of the HTML ``written``: paragraphs apart by an empty line, and no more space than that."""
    return "\n\n".join(
        "\n".join(line.strip() for line in paragraph.splitlines()).strip()
        for paragraph in "".join(_pieces(written[:_MOST_HTML])).split("\f")
        if paragraph.strip()
    )


def _pieces(written: str) -> Iterator[str]:
    """Yield texts and what parts them: a form feed for a paragraph, else a line's end."""
    read, last = 0, ""
    for mark in _MARKUP.finditer(written):
        if mark.start() > read:
            yield (last := _text(written[read : mark.start()]))
        read = mark.end()
        if parting := _parting((mark["tag"] or "").lower(), last, ends=mark["end"] is not None):
            yield (last := parting)
    yield _text(written[read:])


def _parting(tag: str, last: str, *, ends: bool) -> str:
    if tag in _BREAKS:
        return "" if ends else "\n"
    if _PARAGRAPH.fullmatch(tag):
        return "\f"
    return "\n" if tag == "div" and last != "\n" else ""  # one that ends where the next begins is one line's end


def _text(between: str) -> str:
    return html.unescape(_TOO_LONG_A_NUMBER.sub(r"\1", between)).replace("\f", " ")

"""HTML as a person would have typed it, with the standard library: for texts of a few simple elements. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset(("br", "li", "tr"))
_PARAGRAPH: Final = re.compile(r"blockquote|h[1-6]|ol|p|pre|table|ul")
_UNSEEN: Final = frozenset(("script", "style"))


def text_of_html(html: str) -> str:
    """Return the text of ``html``: paragraphs apart by an empty line, and no more space than that."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n\n".join(
        "\n".join(line.strip() for line in paragraph.splitlines()).strip()
        for paragraph in "".join(reader.pieces).split("\f")
        if paragraph.strip()
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.pieces.append("\n")
        else:
            self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data.replace("\f", " "))

    def _part(self, tag: str) -> None:
        if _PARAGRAPH.fullmatch(tag):
            self.pieces.append("\f")
        elif tag == "div" and self.pieces[-1:] != ["\n"]:  # one that ends where the next begins is one line's end
            self.pieces.append("\n")

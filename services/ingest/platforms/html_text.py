"""HTML to the text that a person would have typed: paragraphs, lists, quotes, code and TeX. Pure.

It comes from outside and is read in an event loop, so the time must go with the length, whatever stands in it. With
html.parser it goes with the square (it looks for the end of each comment and tag anew), and with lexbor, too (at each
``<div>`` it goes up all open elements).
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_MOST_HTML: Final = 200_000
"""Characters that are read: an event holds half of that as text."""
_DEEPEST: Final = 8
"""Elements in one another that the text shows as such; what is deeper is flat, as each is written around all in it."""
_MARKUP: Final = re.compile(
    r"""
      <!-- .*? (?: --> | \Z )
    | < (?P<unseen> script | style ) (?= [\s/>] ) .*? (?: </ (?P=unseen) (?= [\s/>] ) [^<>]*+ >? | \Z )
    | < (?P<end> / )? (?P<tag> [a-z] [^\s/<>]*+ ) (?P<told> (?: [^<>"']++ | "[^<"]*+" | '[^<']*+' | ["'] )*+ ) >
    | < [!?/] [^<>]*+ >
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"""(?<![^\s"'/])(class|alt|data-code-language|data-user-id)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""",
    re.IGNORECASE,
)
_TOO_LONG_A_NUMBER: Final = re.compile(r"(&#\d{7})\d+")
_SPACE: Final = re.compile(r"[ \t\r\n\f\v]+")
_LINE_END: Final = re.compile(r"(?<! ) *+\n[ \v]*+")
_SOFT_END: Final = re.compile(r"(?<! ) *+\v[ \v]*+")
_EMOJI: Final = re.compile(r"\bemoji-([0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*+)\b")
_TICKS: Final = re.compile(r"`{3,}")
_PARAGRAPHS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "hr"))
_BLOCKS: Final = frozenset(("blockquote", "ul", "ol", "li", "pre", "table", "tr", "td", "th"))
_IN_CODE: Final = frozenset(("pre", "code", "annotation", "div", "span"))
_VERBATIM: Final = frozenset(("pre", "code", "annotation"))
_FRAMED: Final = _BLOCKS | _IN_CODE
_CLEAR: Final = frozenset(("div", "span"))
"""Elements of which nothing is to be seen, unless a class gives them a role."""
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_PARTS_OF: Final = {
    "li": ("ul", "ol"),
    "tr": ("table",),
    "td": ("table", "tr"),
    "th": ("table", "tr"),
}
_ROLES: Final = {"span": ("katex", "user-mention", "emoji"), "div": ("message_inline_image", "codehilite")}
_TOLD_OF: Final = frozenset(("div", "span", "pre"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainText:
    """``mentions`` are the full names that the text addresses with ``@``, each once, in their order."""

    text: str
    mentions: tuple[str, ...] = ()


def text_of_html(written: str) -> str:
    """Return the text of the HTML ``written``, as ``plain_text`` does."""
    return plain_text(written).text


def plain_text(written: str) -> PlainText:
    """Return ``written`` as text: fences around code, ``> `` before quotes, TeX between ``$$``, links as their text."""
    return _Reading().read(written[:_MOST_HTML].replace("\0", ""))


class _Element:
    """An open element. What is in it goes to its ``owner``: itself, or the next around it that the text shows."""

    __slots__ = ("blocks", "items", "line", "owner", "role", "tag", "told")

    def __init__(
        self, tag: str, *, role: str = "", told: Mapping[str, str] = _NOTHING, owner: _Element | None = None
    ) -> None:
        self.tag = tag
        self.role = role
        self.told = told
        self.owner = owner or self
        self.blocks: list[str] = []
        self.line: list[str] = []
        self.items = 0

    def end_block(self) -> None:
        """Make a block of the line that was going on."""
        if self.line and (text := _tidy(self.line)):
            self.blocks.append(text)
        self.line.clear()


class _Reading:
    """The elements that are open, from the outermost on; only those of a kind that matters to the text."""

    def __init__(self) -> None:
        self._body = _Element("")
        self._open = [self._body]
        self._tags: Counter[str] = Counter()
        self._roles: Counter[str] = Counter()
        self._depth = 0
        self._verbatim = False
        self._tex = ""
        self._mentions: dict[str, None] = {}

    def read(self, written: str) -> PlainText:
        """Return the text of all that is ``written``."""
        at = 0
        for mark in _MARKUP.finditer(written):
            self._text(written[at : mark.start()])
            at = mark.end()
            if (tag := (mark["tag"] or "").lower()) and mark["end"]:
                self._end(tag)
            elif tag:
                self._begin(tag, mark["told"])
        self._text(written[at:])
        while len(self._open) > 1:
            self._close()
        self._body.end_block()
        return PlainText(text="\n\n".join(self._body.blocks), mentions=tuple(self._mentions))

    @property
    def _into(self) -> _Element:
        return self._open[-1].owner

    def _text(self, between: str) -> None:
        if between and not self._roles["message_inline_image"]:
            text = _unescaped(between)
            self._into.line.append(text if self._verbatim else _SPACE.sub(" ", text))

    def _begin(self, tag: str, told: str) -> None:
        if tag == "br":
            self._into.line.append("\n")
        elif tag == "img":
            self._text(_attributes(told).get("alt", ""))
        elif self._verbatim:
            if tag in _IN_CODE:
                self._open_element(_Element(tag, owner=self._into))
        elif tag in _PARAGRAPHS:
            self._into.end_block()
        elif tag in _FRAMED and self._is_at_home(tag):
            attributes = _attributes(told) if told and tag in _TOLD_OF else _NOTHING
            role = self._role(tag, attributes["class"].split()) if "class" in attributes else ""
            if tag in _BLOCKS or role == "codehilite":
                self._into.end_block()
            elif tag == "div":
                self._into.line.append("\v")
            if (tag in _CLEAR and not role) or self._depth >= _DEEPEST:
                self._open_element(_Element(tag, owner=self._into))
            else:
                self._depth += 1
                self._verbatim = tag in _VERBATIM or role == "codehilite"
                self._open_element(_Element(tag, role=role, told=attributes))

    def _role(self, tag: str, classes: Sequence[str]) -> str:
        return next((role for role in _ROLES.get(tag, ()) if role in classes and not self._roles[role]), "")

    def _is_at_home(self, tag: str) -> bool:
        """Close what ends where an item, a row or a cell begins; False for one outside of a list or a table."""
        if tag not in _PARTS_OF:
            return True
        around = _PARTS_OF[tag]
        if not any(self._tags[one] for one in around if one != "tr"):
            self._into.line.append("\v")
            return False
        self._close_to(around)
        self._open[-1].items += 1
        return True

    def _open_element(self, element: _Element) -> None:
        self._open.append(element)
        self._tags[element.tag] += 1
        self._roles[element.role] += 1

    def _end(self, tag: str) -> None:
        if self._tags[tag]:
            self._close_to((tag,))
            self._close()
        elif tag in _PARAGRAPHS and not self._verbatim:
            self._into.end_block()

    def _close_to(self, tags: tuple[str, ...]) -> None:
        """Close what is open within the innermost element of ``tags``, of which one is open."""
        while self._open[-1].tag not in tags:
            self._close()

    def _close(self) -> None:
        element = self._open.pop()
        self._tags[element.tag] -= 1
        self._roles[element.role] -= 1
        into = self._into
        if element.owner is not element:
            if element.tag == "div" and not self._verbatim:
                into.line.append("\v")
            elif element.tag in _BLOCKS and not self._verbatim:
                into.end_block()
            return
        self._depth -= 1
        self._verbatim = False
        said = "".join([*element.blocks, *element.line])
        if element.tag == "span":
            self._close_span(element, said)
        elif element.tag == "annotation":
            self._tex = said.strip()
        elif element.tag == "pre" or element.role == "codehilite":
            into.blocks.append(_fenced(said, element.told.get("data-code-language", "")))
        elif element.tag == "code":
            into.line.append(f"`{said}`")
        elif element.tag in _BLOCKS:
            element.end_block()
            into.end_block()
            _close_block(element, into)

    def _close_span(self, element: _Element, said: str) -> None:
        shown = said
        if element.role == "katex" and self._tex:
            shown, self._tex = f"$${self._tex}$$", ""
        elif element.role == "emoji":
            shown = _emoji(said, element.told["class"])
        elif element.role == "user-mention":
            name = said.strip()
            if name.startswith("@") and name[1:].strip() and element.told.get("data-user-id") != "*":
                self._mentions[name[1:].strip()] = None
        self._into.line.append(shown)


def _close_block(element: _Element, into: _Element) -> None:
    blocks = element.blocks
    if element.tag in {"td", "th"}:
        into.blocks.append(" ".join(blocks))
    elif element.tag == "tr":
        into.blocks.append(" | ".join(blocks))
    elif element.tag == "li":
        mark = f"{into.items}. " if into.tag == "ol" else "- "
        into.blocks.append(mark + "\n".join(blocks).replace("\n", "\n  "))
    elif element.tag == "blockquote" and blocks:
        into.blocks.append("\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n")))
    elif blocks:
        into.blocks.append("\n".join(blocks))


def _attributes(told: str) -> dict[str, str]:
    return {name.lower(): _unescaped(double or single or bare) for name, double, single, bare in _TOLD.findall(told)}


def _unescaped(written: str) -> str:
    return html.unescape(_TOO_LONG_A_NUMBER.sub(r"\1", written)) if "&" in written else written


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.strip(chr(10))}\n{fence}"


def _emoji(name: str, classes: str) -> str:
    found = _EMOJI.search(classes)
    points = [int(point, 16) for point in found[1].split("-")] if found is not None else []
    return "".join(map(chr, points)) if points and all(map(_is_character, points)) else name


def _is_character(point: int) -> bool:
    """Tell whether ``point`` can be stored as text: it is neither NUL, nor half of a pair, nor beyond Unicode."""
    return 0 < point < 0xD800 or 0xDFFF < point <= 0x10FFFF


def _tidy(pieces: Sequence[str]) -> str:
    """Return a line of text; a line of it ends where a ``<br>`` (a line end) or a ``<div>`` (a vertical tab) stands."""
    return _SOFT_END.sub("\n", _LINE_END.sub("\n", "".join(pieces))).strip()

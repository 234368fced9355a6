"""HTML as Zulip and Discourse make it, to the text that a person would have typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MAX_DEPTH: Final = 40
_BLOCKS: Final = frozenset(
    ("p", "div", "blockquote", "ul", "ol", "li", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
)
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_AROUND_BREAK: Final = re.compile(r" *\n *")
_EMOJI: Final = re.compile(r"\bemoji-([0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*)\b")
_MARKUP: Final = re.compile(r"[<&]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainText:
    """``mentions`` are the full names that the text addresses with ``@``, each once, in their order."""

    text: str
    mentions: tuple[str, ...] = ()


def plain_text(html: str) -> PlainText:
    """Return ``html`` as text: fences around code, ``> `` before quotes, TeX between ``$$``, links as their text."""
    if not _MARKUP.search(html):
        return PlainText(text=_SPACE.sub(" ", html).strip())
    body = LexborHTMLParser(html).body
    if body is None:
        return PlainText(text="")
    mentions: dict[str, None] = {}
    for node in body.css("span.user-mention"):
        name = node.text(deep=True)
        if name.startswith("@") and name[1:].strip() and node.attributes.get("data-user-id") != "*":
            mentions[name[1:].strip()] = None
    return PlainText(text="\n\n".join(_blocks(body, 0)), mentions=tuple(mentions))


def _blocks(node: LexborNode, depth: int) -> Iterator[str]:
    """Yield the text of each block in ``node``; what stands between blocks is a block of its own."""
    line: list[str] = []
    for child in node.iter(include_text=True):
        if child.tag not in _BLOCKS:
            line.append(_inline(child, depth + 1))
            continue
        if text := _tidy(line):
            yield text
        line = []
        yield from (block for block in _block(child, depth + 1) if block)
    if text := _tidy(line):
        yield text


def _block(node: LexborNode, depth: int) -> Iterator[str]:
    classes = (node.attributes.get("class") or "").split()
    if "message_inline_image" in classes or node.tag == "hr":
        return
    if depth > _MAX_DEPTH:
        yield _SPACE.sub(" ", node.text(deep=True)).strip()
    elif node.tag == "pre" or "codehilite" in classes:
        yield _fenced(node.text(deep=True), node.attributes.get("data-code-language") or "")
    elif node.tag == "blockquote":
        quoted = "\n\n".join(_blocks(node, depth))
        yield "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
    elif node.tag in ("ul", "ol"):
        yield "\n".join(_listed(node, depth))
    elif node.tag == "table":
        rows = ([_tidy([_inline(cell, depth)]) for cell in row.css("th, td")] for row in node.css("tr"))
        yield "\n".join(" | ".join(cells) for cells in rows)
    else:
        yield from _blocks(node, depth)


def _listed(node: LexborNode, depth: int) -> Iterator[str]:
    number = 0
    for child in node.iter():
        if child.tag == "li":
            number += 1
            mark = f"{number}. " if node.tag == "ol" else "- "
            yield mark + "\n".join(_blocks(child, depth)).replace("\n", "\n  ")
        else:
            yield from _block(child, depth + 1)


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.strip(chr(10))}\n{fence}"


def _inline(node: LexborNode, depth: int) -> str:
    if node.tag == "-text":
        return _SPACE.sub(" ", node.text_content or "")
    if node.tag == "br":
        return "\n"
    if node.tag == "code":
        return f"`{node.text(deep=True)}`"
    if node.tag == "img":
        return node.attributes.get("alt") or ""
    if depth > _MAX_DEPTH:
        return _SPACE.sub(" ", node.text(deep=True))
    if node.tag == "span":
        classes = node.attributes.get("class") or ""
        if "emoji" in classes:
            return _emoji(node, classes)
        if "katex" in classes and (tex := node.css_first("annotation")) is not None:
            return f"$${tex.text(deep=True).strip()}$$"
    return "".join(_inline(child, depth + 1) for child in node.iter(include_text=True))


def _emoji(node: LexborNode, classes: str) -> str:
    name = node.text(deep=True)
    points = _EMOJI.search(classes)
    if points is None:
        return name
    try:
        return "".join(chr(int(point, 16)) for point in points[1].split("-"))
    except ValueError:
        return name


def _tidy(pieces: list[str]) -> str:
    return _AROUND_BREAK.sub("\n", "".join(pieces)).strip()

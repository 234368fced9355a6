"""Slack's message formatting (mrkdwn) to the text that a person would have typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts.member_events import Member

_REFERENCE: Final = re.compile(r"<((?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>\n]+)>")
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_MAX_MENTIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainText:
    """``mentions`` are the ids of the members whom the text addresses, each once, in their order."""

    text: str
    mentions: tuple[str, ...] = ()


def plain_text(text: str, members: Mapping[str, Member]) -> PlainText:
    """Return ``text`` with what stands between < and > in words; ``members`` are those known, by their ids."""
    mentions: dict[str, None] = {}

    def in_words(match: re.Match[str]) -> str:
        what, _, label = match[1].partition("|")
        if what.startswith("@"):
            known = members.get(what[1:])
            mentions[what[1:301]] = None
            return "@" + ((known and known.name) or label or what[1:])
        if what.startswith("#"):
            return "#" + (label or what[1:])
        if what.startswith("!"):
            return label or "@" + what[1:].partition("^")[0]
        if not label or label == what:
            return what.removeprefix("mailto:")
        return label if what.startswith("mailto:") else f"{label} ({what})"

    said = _REFERENCE.sub(in_words, text)
    for entity, character in _ENTITIES:
        said = said.replace(entity, character)
    return PlainText(text=said, mentions=tuple(name for name in mentions if name)[:_MAX_MENTIONS])

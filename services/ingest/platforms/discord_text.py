"""Discord's references within a text, to what a person sees there. Pure.

Form: https://docs.discord.com/developers/reference#message-formatting. An export has them in words already.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_REFERENCE: Final = re.compile(r"<(?:(?P<sign>@!?|@&|#)(?P<id>[0-9]{1,19})|a?(?P<emoji>:\w{1,32}:)[0-9]{1,19})>")


def plain_text(text: str, name: Callable[[str], str | None]) -> str:
    """Return ``text`` with members, roles, channels and signs in words; ``name`` gives what is known by an id."""

    def in_words(match: re.Match[str]) -> str:
        if match["emoji"]:
            return match["emoji"]
        return match["sign"][0] + (name(match["id"]) or match["id"])

    return _REFERENCE.sub(in_words, text)

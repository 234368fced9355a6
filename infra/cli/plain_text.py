"""What others wrote, for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """Return the text with a mark in place of each character that could steer the terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)

"""Tags that the team gives a member, beside those that platforms tell."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MOST: Final = 100
"""So many tags the team gives one identity; what is given beyond that is told in the history alone."""


class TagGiven(Struct, frozen=True, kw_only=True, gc=False):
    """The member carries the tag."""

    tag: str


class TagTaken(Struct, frozen=True, kw_only=True, gc=False):
    """The member carries the tag no more."""

    tag: str


class NoteTag(Struct, frozen=True, kw_only=True, gc=False):
    """The team gives the member a tag, or takes it away."""

    tag: str
    given: bool


def note(command: NoteTag, carried: tuple[str, ...]) -> tuple[TagGiven | TagTaken, ...]:
    """Return what follows for a member who carries those tags of the team."""
    if command.given:
        return (TagGiven(tag=command.tag),) if command.tag not in carried and len(carried) < MOST else ()
    return (TagTaken(tag=command.tag),) if command.tag in carried else ()

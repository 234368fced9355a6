"""Names that are there once and mean something: communities, responders, segments and identities."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Final

from shared.policy.document import Document, Finding, Path

EVERYONE: Final = "everyone"
"""The implicit last segment, for members whom no other holds; no policy may define it."""


def communities(document: Document) -> Iterator[Finding]:
    """Each community is named once, and some community is cared for."""
    yield from _repeated(document, "communities")
    if not document.get("communities") and document.get("other_communities") != "accept":
        yield document.error(
            ("communities",),
            "no community is named, and others are refused",
            "Name at least one under 'communities', or write 'other_communities: accept'.",
        )


def responders(document: Document) -> Iterator[Finding]:
    """Each responder is named once and serves what exists, and there is at least one."""
    if document.get("responders") == []:
        yield document.error(
            ("responders",), "there is no responder", "Name at least one person who takes care of members."
        )
    yield from _same_names(document, "responders", "responder")
    segments = [segment.get("name") for _, segment in document.items("segments")] + [EVERYONE]
    closed = document.get("other_communities") != "accept"
    for path, _ in document.items("responders"):
        yield from _repeated(document, *path, "segments")
        yield from _repeated(document, *path, "communities")
        for place, name in document.items(*path, "segments"):
            yield from _unknown(document, place, name, segments, "segment")
        if closed:
            communities = [name for _, name in document.items("communities")]
            for place, name in document.items(*path, "communities"):
                yield from _unknown(document, place, name, communities, "community")


def emergency_contact(document: Document) -> Iterator[Finding]:
    """The emergency contact, where it is a responder, is one of the policy's."""
    path: Path = ("escalation", "emergency_contact", "responder")
    name = document.get(*path)
    if name is not None:
        names = [responder.get("name") for _, responder in document.items("responders")]
        yield from _unknown(document, path, name, names, "responder")


def retention(document: Document) -> Iterator[Finding]:
    """Each community has one number of its own at most, and is there."""
    path: Path = ("retention", "communities")
    seen: set[Any] = set()
    for place, each in document.items(*path):
        name = each.get("community")
        if name is None:
            continue
        if name in seen:
            yield document.error((*place, "community"), f"'{name}' is named twice here", "Leave one of the two out.")
        seen.add(name)
        if document.get("other_communities") != "accept":
            communities = [name for _, name in document.items("communities")]
            yield from _unknown(document, (*place, "community"), name, communities, "community")


def integrators(document: Document) -> Iterator[Finding]:
    """Each integrator is named once, and told of a community that there is."""
    yield from _same_names(document, "integrators", "integrator")
    if document.get("other_communities") != "accept":
        communities = [name for _, name in document.items("communities")]
        for path, integrator in document.items("integrators"):
            if (community := integrator.get("community")) is not None:
                yield from _unknown(document, (*path, "community"), community, communities, "community")


def segments(document: Document) -> Iterator[Finding]:
    """Each segment is named once, is not the reserved one, and can be reached."""
    yield from _same_names(document, "segments", "segment")
    everybody: str | None = None
    for path, segment in document.items("segments"):
        name = segment.get("name")
        if name == EVERYONE:
            yield document.error(
                (*path, "name"),
                "the name 'everyone' is reserved for members whom no segment holds",
                "Choose another name, or remove the segment: 'everyone' is there by itself.",
            )
        if everybody is not None:
            yield document.warning(
                path,
                f"no member comes this far: the segment '{everybody}' above has no conditions and takes everybody",
                "Move the segment without conditions to the end.",
            )
        low, high = segment.get("member_for_at_least_days"), segment.get("member_for_less_than_days")
        if low is not None and high is not None and high <= low:
            yield document.warning(
                (*path, "member_for_less_than_days"),
                f"nobody is a member for at least {low:g} and less than {high:g} days",
                "Write a larger number here than in member_for_at_least_days.",
            )
        if name is not None and set(segment) <= {"name", "weight"}:
            everybody = everybody or name


def by_segment(document: Document) -> Iterator[Finding]:
    """A rule names a segment once at most, and only those that there are."""
    segments = [segment.get("name") for _, segment in document.items("segments")] + [EVERYONE]
    for rule in document.get("rules") or {}:
        seen: set[str] = set()
        for path, own in document.items("rules", rule, "by_segment"):
            name = own.get("segment")
            if name is None:
                continue
            yield from _unknown(document, (*path, "segment"), name, segments, "segment")
            if name in seen:
                yield document.error(
                    (*path, "segment"), f"'{name}' is named twice in this rule", "Join the two into one."
                )
            seen.add(name)


def identities(document: Document) -> Iterator[Finding]:
    """No identity belongs to two responders."""
    owners: dict[tuple[Any, Any], str] = {}
    for path, responder in document.items("responders"):
        for place, identity in document.items(*path, "identities"):
            key = (identity.get("platform"), identity.get("id"))
            if None in key:
                continue
            if key in owners:
                yield document.error(
                    place, f"this identity already belongs to {owners[key]}", "Give each identity to one responder."
                )
            owners.setdefault(key, f"'{responder.get('name', 'another responder')}'")


def _repeated(document: Document, *path: str | int) -> Iterator[Finding]:
    seen = set()
    for place, name in document.items(*path):
        if name in seen:
            yield document.error(place, f"'{name}' is named twice", "Keep one of the two.")
        seen.add(name)


def _same_names(document: Document, field: str, noun: str) -> Iterator[Finding]:
    places: dict[str, str] = {}
    for path, item in document.items(field):
        name = item.get("name")
        if name is None:
            continue
        if name in places:
            yield document.error(
                (*path, "name"),
                f"there is already a {noun} '{name}' {places[name]}",
                "Give each its own name.",
            )
        places.setdefault(name, document.where((*path, "name")))


def _unknown(document: Document, path: Path, name: str, known: list[Any], noun: str) -> Iterator[Finding]:
    if name in known:
        return
    names = [each for each in known if each is not None]
    near = difflib.get_close_matches(name, names, n=1)
    fix = f"Did you mean '{near[0]}'?" if near else f"The policy names: {', '.join(names) or 'none'}."
    yield document.error(path, f"the policy has no {noun} '{name}'", fix)

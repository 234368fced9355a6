"""What rows become for a viewer: resources that hold nothing which the viewer may not see. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

from services.projections import resources
from services.projections.history import links
from services.projections.history import queries as history
from services.projections.queue import queries as queue
from services.projections.viewer import Viewer
from shared.contracts.names import event_key
from shared.contracts.warmline_facts import PLATFORM

_SAID: Final = 160
_WORDS: Final = frozenset(("title", "where"))
"""What tells of an event beside its text in words that people wrote."""
_TEAM_ONLY: Final = "private"
"""Who reads what the team wrote of members: whoever reads private channels."""


def escalation(row: queue.TouchRow) -> resources.EscalationItem | None:
    """Return since when and why a touch waits for anybody to claim it, None when it does not."""
    if row.escalated_at is None or row.escalation_cause is None:
        return None
    return resources.EscalationItem(at=row.escalated_at, cause=row.escalation_cause)


def evidence_keys(row: queue.TouchRow) -> list[str]:
    """Return the keys of the events that a touch rests on."""
    return [event_key(row.community, each["source"], each["event"]) for each in row.evidence]


def beginning_of(
    key: str, events: Mapping[str, history.ToldEvent], by_hand: Mapping[str, history.ToldByHand], viewer: Viewer
) -> str | None:
    """Return how the text under ``key`` begins; None where there is none or the viewer may not read it."""
    told = events.get(key) or by_hand.get(key)
    audience = told.audience if isinstance(told, history.ToldEvent) else _TEAM_ONLY
    if told is None or not told.text or not viewer.may_read(audience, told.community):
        return None
    return textwrap.shorten(told.text, _SAID, placeholder=" …") or None


def person(known: history.KnownMember | None, key: str, platform: str, member_id: str) -> resources.Person:
    """Return a member as people call them, by what is known of them."""
    if platform == PLATFORM:  # a touch about no single member
        return resources.Person(key=key, name="The community", handle=None, platform=platform)
    if known is None:
        return resources.Person(key=key, name=member_id, handle=None, platform=platform)
    name = known.name or known.handle or known.member_id
    return resources.Person(key=key, name=name, handle=known.handle, platform=platform)


def identified(known: history.KnownMember | None, key: str, platform: str, member_id: str) -> resources.Identified:
    """Return one identity of a member, by what is known of it."""
    called = person(known, key, platform, member_id)
    return resources.Identified(
        key=key,
        name=called.name,
        handle=called.handle,
        platform=platform,
        platform_id=member_id,
        known=known is not None,
    )


def responder_named(
    communities: Mapping[str, history.KnownCommunity], community: str, responder: str
) -> resources.ResponderName:
    """Return a responder as people call them."""
    known = communities.get(community)
    display = next((each.display_name for each in known.responders if each.name == responder), None) if known else None
    return resources.ResponderName(name=responder, display_name=display or responder)


def emergency_contact(
    communities: Mapping[str, history.KnownCommunity], community: str
) -> resources.ResponderName | None:
    """Return the responder who is told when nobody acts, None where that is nobody of them."""
    known = communities.get(community)
    contact = next((each for each in known.responders if each.emergency), None) if known else None
    return resources.ResponderName(name=contact.name, display_name=contact.display_name) if contact else None


def longest(told: Iterable[history.NoContact]) -> history.NoContact | None:
    """Return what holds longest of what was told of the identities of one person; None where nothing was."""
    return max(told, key=lambda one: (one.until is None, one.until or one.time), default=None)


def no_contact_item(
    row: history.NoContact | None, communities: Mapping[str, history.KnownCommunity], community: str
) -> resources.NoContactItem | None:
    """Return that a member is not to be contacted; None while they may be."""
    if row is None:
        return None
    told = responder_named(communities, community, row.responder)
    return resources.NoContactItem(member=row.member_key, until=row.until, time=row.time, responder=told)


def by_hand_item(
    row: history.ToldByHand, communities: Mapping[str, history.KnownCommunity], viewer: Viewer
) -> resources.ByHandItem:
    """Return what the team told; its text for the team alone."""
    return resources.ByHandItem(
        key=row.key,
        kind=row.kind,
        time=row.time,
        responder=responder_named(communities, row.community, row.responder),
        text=row.text if viewer.may_read(_TEAM_ONLY, row.community) else None,
        detail=row.detail,
    )


def link_items(
    found: Iterable[links.KnownLink],
    people: Mapping[str, history.KnownMember],
    communities: Mapping[str, history.KnownCommunity],
    member: history.KnownMember,
    viewer: Viewer,
) -> list[resources.LinkItem]:
    """Return the links of a person, each once: from ``member`` where it is theirs, else from one who did something."""
    both = list(found)
    names = {one.other_key: (one.other_platform, one.other_id) for one in both}

    def place(one: links.KnownLink) -> tuple[bool, bool, str]:
        return one.member_key != member.key, one.member_key not in people, one.member_key

    once = {frozenset((one.member_key, one.other_key)): one for one in sorted(both, key=place, reverse=True)}
    return [
        resources.LinkItem(
            key=one.key,
            member=identified(people.get(one.member_key), one.member_key, *names[one.member_key]),
            other=identified(people.get(one.other_key), one.other_key, *names[one.other_key]),
            time=one.time,
            responder=responder_named(communities, member.community, one.responder) if one.responder else None,
            rule=one.rule,
            why=one.why if viewer.may_read(_TEAM_ONLY, member.community) else None,
        )
        for one in both
        if one in once.values()
    ]


def history_item(
    row: history.ToldEvent, people: Mapping[str, history.KnownMember], viewer: Viewer
) -> resources.HistoryItem:
    """Return a member event as the viewer may see it."""
    may_read = viewer.may_read(row.audience, row.community)
    return resources.HistoryItem(
        key=row.key,
        kind=row.kind,
        time=row.time,
        community=row.community,
        platform=row.platform,
        member=person(people.get(row.member_key), row.member_key, row.platform, row.member_key),
        conversation=row.conversation,
        message=row.message,
        reply_to=row.reply_to,
        channel=row.channel if may_read else None,
        audience=row.audience,
        text=row.text if may_read else None,
        withheld=not may_read and row.text is not None,
        url=row.url if may_read else None,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        extra=row.extra if may_read else {name: row.extra[name] for name in row.extra if name not in _WORDS},
    )
